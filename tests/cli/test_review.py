"""The command that puts pairs before a person: in a terminal, as JSON, by a file; and takes back what was decided."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys

import pytest

import memproc
from memproc.cli.app import printable
from tests.command_line import as_json
from tests.test_embedding import needs_the_extra
from tests.waiting import LIMIT_SECONDS, bounded

RENT = [
    {"content": f"Pays {amount} euros of rent each month to the landlord", "created_at": f"2025-0{month}-01"}
    for month, amount in ((1, 640), (3, 680))
]


@pytest.fixture
def with_review(memproc_in, tmp_path):
    """Give `memproc_in` with a store in which one pair waits."""
    (tmp_path / "rent.jsonl").write_text("\n".join(map(json.dumps, RENT)))
    memproc_in("ingest", "rent.jsonl", "--into", "m.db")
    return memproc_in


def test_reviews_are_listed_and_decided_by_a_file(with_review, tmp_path):
    """For other front ends: JSON out, JSON lines in. What cannot be read is wrong use, and decides nothing."""
    (waiting,) = as_json(with_review("review", "m.db", "--json"))["reviews"]
    assert (waiting["kind"], waiting["reason"]) == ("changed", "680 instead of 640")
    assert [waiting[side]["content"] for side in ("one", "other")] == [record["content"] for record in RENT]
    assert "680 instead of 640" in with_review("review", "m.db")[1]
    for wrong in ('{"review": 1, "verdict": "perhaps"}', '{"verdict": "merge"}', "[]"):
        (tmp_path / "wrong.jsonl").write_text(wrong)
        assert with_review("review", "m.db", "--decide", "wrong.jsonl")[0] == 2
    (tmp_path / "half.jsonl").write_text(json.dumps({"review": waiting["number"], "verdict": "merge"}) + '\n{"review": 1}')
    assert with_review("review", "m.db", "--decide", "half.jsonl")[0] == 2
    assert len(as_json(with_review("review", "m.db", "--json"))["reviews"]) == 1
    (tmp_path / "orders.jsonl").write_text(json.dumps({"review": waiting["number"], "verdict": "merge"}))
    decided = as_json(with_review("review", "m.db", "--decide", "orders.jsonl", "--json"))
    assert [decision["verdict"] for decision in decided["decisions"]] == ["merge"]
    assert with_review("review", "m.db")[1] == "nothing waits\n"
    assert as_json(with_review("stats", "m.db", "--json"))["memories"] == 1


@pytest.mark.costly
@pytest.mark.parametrize(
    ("keys", "told", "memories"),
    [
        (b"xm", b"1 decided, 0 wait", 1),
        (b"d", b"1 decided, 0 wait", 2),
        (b"l", b"1 decided, 0 wait", 1),
        (b"s", b"0 decided, 1 wait", 2),
        (b"q", b"0 decided, 1 wait", 2),
        (b"?m", b"undo the last key", 1),
    ],
)
@pytest.mark.sampled(5)
def test_reviews_are_decided_by_keys_in_a_terminal(with_review, tmp_path, keys, told, memories):
    """Both texts side by side, one key each; other keys do nothing."""
    shown = in_terminal(tmp_path, keys)
    assert told in shown
    assert b"640" in shown
    assert as_json(with_review("stats", "m.db", "--json"))["memories"] == memories


def in_terminal(folder, keys):
    """Run `memproc review m.db` in a terminal, type the keys and return what it showed, without colours."""
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "memproc", "review", "m.db"]
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    opened = {"stdin": follower, "stdout": follower, "stderr": follower}
    with bounded(subprocess.Popen(command, cwd=folder, env=environment, **opened)) as process:
        os.close(follower)
        shown, waiting = b"", list(keys)
        while (chunk := _read_some(leader)) is not None:
            shown += chunk
            if not chunk and b"uit" in shown:  # it waits for a key; one that is typed too early is lost
                os.write(leader, bytes(waiting[:1]))
                waiting = waiting[1:] or waiting
        assert process.wait(LIMIT_SECONDS) == 0, shown
    return re.sub(rb"\x1b\[[0-9;]*m", b"", shown)


def _read_some(leader):
    """Return what is to be read, nothing after half a second of silence, None at the end."""
    if not select.select([leader], [], [], 0.5)[0]:
        return b""
    try:
        return os.read(leader, 4096) or None
    except OSError:  # the other end is closed
        return None


@pytest.mark.slow
def test_data_is_no_markup_and_does_not_steer_the_terminal(tmp_path):
    """Subject, source, the words in the reason: shown as they are. An escape in a text is shown as a mark."""
    subject, source = "[/b] Ann", "[link=x]notes[/link]"
    with memproc.open(tmp_path / "m.db") as store:
        for day, amount in ((1, "640[/i]"), (2, "680[/]")):
            content = f"Pays {amount} euros of rent each month to the landlord \x1b[2J"
            store.add({"content": content, "subject": subject, "created_at": f"2025-01-0{day}"}, source=source)
        assert store.reviews()
    shown = in_terminal(tmp_path, b"m")
    for told in (b"[/b] Ann", b"[link=x]notes", b"640[/i]", b"1 decided, 0 wait", "\ufffd[2J".encode()):
        assert told in shown
    assert b"\x1b[2J" not in shown


def test_what_steers_a_terminal_is_marked():
    """Of all control characters, tabs and line ends alone are left."""
    assert printable("a\tb\n\x1b[31m\r\x9b\x7f😀") == "a\tb\n\ufffd[31m\ufffd\ufffd\ufffd😀"


@pytest.mark.parametrize("verdict", ["merge", "distinct", "supersedes"])
def test_a_decision_is_taken_back(with_review, verdict, tmp_path):
    """By the number of its review, which --decided tells, or by the id of a memory: the pair waits again."""
    (waiting,) = as_json(with_review("review", "m.db", "--json"))["reviews"]
    number = waiting["number"]
    (tmp_path / "orders.jsonl").write_text(json.dumps({"review": number, "verdict": verdict}))
    for named in (number, waiting["one"]["id"]):
        assert with_review("review", "m.db", "--decide", "orders.jsonl")[1] == "1 decided\n"
        (known,) = as_json(with_review("review", "m.db", "--decided", "--json"))["decided"]
        assert (known["number"], known["verdict"], known["reason"]) == (number, verdict, "680 instead of 640")
        assert with_review("review", "m.db", "--decided")[1].startswith(f"{number}  {verdict}  changed")
        assert with_review("review", "m.db", "--undo", named)[1] == "1 pair withdrawn; 2 memories\n"
        assert [one["number"] for one in as_json(with_review("review", "m.db", "--json"))["reviews"]] == [number]
    assert with_review("review", "m.db", "--undo", number)[1] == "nothing to do: no decision on it is in force\n"
    assert with_review("review", "m.db", "--undo", 99)[0] == 1
    assert with_review("review", "m.db", "--undo", 1, "--decided")[0] == 2


def test_a_file_of_orders_that_stopped_can_be_run_again(memproc_in, tmp_path):
    """A bad line is named; what stood before it is decided. Run again, that is counted and not done twice."""
    with memproc.open(tmp_path / "m.db") as store:
        for at, thing in enumerate(("rent", "gas", "water")):
            for record in RENT:
                store.add({**record, "content": record["content"].replace("rent", thing), "subject": str(at)})
        numbers = [review.number for review in store.reviews()]
    assert len(numbers) == 3
    lines = [json.dumps({"review": number, "verdict": "distinct"}) for number in (numbers[0], 99, *numbers[1:])]
    (tmp_path / "orders.jsonl").write_text("\n".join(lines))
    code, _, told = memproc_in("review", "m.db", "--decide", "orders.jsonl")
    assert code == 1
    assert "orders.jsonl, line 2: no open review 99" in told
    del lines[1]
    (tmp_path / "orders.jsonl").write_text("\n".join(lines))
    done = as_json(memproc_in("review", "m.db", "--decide", "orders.jsonl", "--json"))
    assert (len(done["decisions"]), done["already"]) == (2, 1)
    assert memproc_in("review", "m.db", "--decide", "orders.jsonl")[1] == "0 decided, 3 were already\n"
    (tmp_path / "other.jsonl").write_text(json.dumps({"review": numbers[0], "verdict": "merge"}))
    code, _, told = memproc_in("review", "m.db", "--decide", "other.jsonl")
    assert code == 1
    assert "it is decided, distinct" in told


SAID_TWICE = ["Grateful to Maria for helping with the garden", "Thankful to Maria for her help with the garden"]


@pytest.mark.slow
@needs_the_extra
def test_pairs_are_proposed_by_meaning(memproc_in, tmp_path):
    """With how many; then they wait like others, without a confidence."""
    (tmp_path / "maria.jsonl").write_text("\n".join(json.dumps({"content": content}) for content in SAID_TWICE))
    memproc_in("ingest", "maria.jsonl", "--into", "m.db", "--review-at", 1)
    assert memproc_in("review", "m.db", "--propose", "--at-least", 1)[1] == "0 proposed of 2 new facts\n"
    found = as_json(memproc_in("review", "m.db", "--propose", "--at-least", 0.7, "--limit", 5, "--json"))
    assert found == {"facts": 2, "proposed": 1, "known": 0, "left": 0}
    assert memproc_in("review", "m.db", "--propose")[1] == "0 proposed of 0 new facts\n"
    (waiting,) = as_json(memproc_in("review", "m.db", "--json"))["reviews"]
    assert (waiting["kind"], waiting["confidence"]) == ("meaning", None)
    assert memproc_in("review", "m.db")[1].startswith("1  meaning  alike in meaning (cosine 0.")
    shown = in_terminal(tmp_path, b"d")
    assert b"1 decided, 0 wait" in shown
    assert b"(review 1)" in b" ".join(shown.split())
    assert memproc_in("review", "m.db", "--decided")[1].startswith("1  distinct  meaning  alike in meaning")


@pytest.mark.parametrize(
    "wrong",
    [["--at-least", "0.9"], ["--propose", "--decided"], *(["--propose", "--at-least", one] for one in ("-0.1", "1.1", "nan", "x"))],
    ids=" ".join,
)
def test_wrong_use_of_propose_is_told(with_review, wrong):
    """Exit code 2."""
    code, out, told = with_review("review", "m.db", *wrong)
    assert (code, out) == (2, "")
    assert "propose" in told or "at_least" in told or "at-least" in told
