"""The peers keep the text they see first, and are scored as memproc is."""

from __future__ import annotations

import pytest

from benchmarks.corpus import Kind, Label
from benchmarks.labelled import Labelled
from benchmarks.quality import measure, measure_peers
from benchmarks.quality_page import table

NAMES = ("tutorial recipe", "rensa")

# 1 repeats 0 in another case and spacing, 2 is a trap of 0, 3 is another memory.
KETTLE = (
    "Every morning before work she fills the old copper kettle in the kitchen by the window, waits for it to whistle, "
    "and pours {} cups of strong black tea for her neighbours on the ground floor of the house"
)
MEMORIES = Labelled(
    "memories",
    [
        KETTLE.format("two"),
        KETTLE.format("two").upper().replace(" ", "  "),
        KETTLE.format("six"),
        "His flight to Lisbon leaves at noon",
    ],
    [0, 0, 2, 3],
    [Label(Kind.NEW, None, 0), Label(Kind.EXACT, 0, 0), Label(Kind.TRAP, 0, 2), Label(Kind.NEW, None, 3)],
)


@pytest.fixture
def peers():
    """Give the peers by their names."""
    for package in ("datasketch", "rensa"):
        pytest.importorskip(package, reason=f"{package} is not installed: pip install --group quality")
    from benchmarks.first_seen import PEERS  # noqa: PLC0415 - it needs both

    return PEERS


def test_the_peers_are_these(peers):
    """Nobody takes part without being tested."""
    assert tuple(peers) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_repeat_gets_the_text_that_was_seen_first(peers, name):
    """Whatever the case and the spacing; a text that shares no words with the others is kept."""
    repeated, shouted, _, other = MEMORIES.texts
    assert peers[name]([repeated, other, shouted, other, repeated]) == [0, 1, 0, 1, 0]


@pytest.mark.parametrize("name", NAMES)
def test_the_first_in_order_is_kept(peers, name):
    """Also where it is the one in capitals."""
    assert peers[name](MEMORIES.texts[1::-1]) == [0, 0]
    assert peers[name]([]) == []


@pytest.mark.usefixtures("peers")
def test_a_peer_that_merges_a_trap_is_seen_to():
    """Both take two cups for six: one of three merged pairs is right, and no cluster of the two is."""
    for line in measure_peers(MEMORIES):
        assert line.merges == line.flagged
        assert (line.merges.precision, line.merges.recall) == (pytest.approx(1 / 3), 1.0), line.method
        assert (line.clusters.precision, line.clusters.recall) == (1 / 2, pytest.approx(1 / 3)), line.method
        assert (line.traps, line.reviews) == ((1, 1), None), line.method


def test_memproc_is_scored_on_the_traps_too():
    """It merges the repeat and not the trap."""
    line = measure(MEMORIES)
    assert (line.merges.precision, line.merges.recall, line.traps) == (1.0, 1.0, (0, 1))


@pytest.mark.usefixtures("peers")
def test_the_table_marks_what_there_is_not():
    """A peer has no reviews and no confidence, and some data has no traps."""
    with_traps, without = measure_peers(MEMORIES)[0], measure_peers(MEMORIES._replace(labels=()))[1]
    head, rule, *rows = table([with_traps, without]).splitlines()
    assert {line.count(" | ") for line in (head, *rows)} == {14}
    assert rule.count("|") == head.count("|")
    assert rows[0].endswith("| - | - | 1/1 |")
    assert rows[1].startswith("| memories | rensa | 4 |")
    assert rows[1].endswith("| - | - | - |")
