"""The benchmark corpus is what its labels say, and the score counts what its docstring says."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from pathlib import Path

import orjson
import pytest

from benchmarks import labelled
from benchmarks.__main__ import main
from benchmarks.contractions import contracted, one_switched
from benchmarks.corpus import Entry, Kind, Label, MissingDataError, Texts, make_corpus, read_labels, write_corpus
from benchmarks.repeats import normal_form
from benchmarks.scoring import score
from benchmarks.traps import is_clear

RECORDS = 4_000


@pytest.fixture(scope="module")
def corpus() -> tuple[Entry, ...]:
    """Make one corpus for all tests."""
    return make_corpus(records=RECORDS, seed=1)


def of_kind(corpus: tuple[Entry, ...], kind: Kind) -> list[tuple[str, str]]:
    """Give the text of each record of a kind, and the text it derives from."""
    return [
        (entry.content, corpus[entry.label.original].content)
        for entry in corpus
        if entry.label.kind is kind and entry.label.original is not None
    ]


def changed_stretches(one: str, other: str) -> int:
    """Count the stretches of words in which two texts differ, apart from case and end punctuation."""
    sides = [re.split(r"\s+", text.casefold().rstrip(".!…")) for text in (one, other)]
    opcodes = difflib.SequenceMatcher(None, sides[0], sides[1], autojunk=False).get_opcodes()
    return sum(tag != "equal" for tag, *_ in opcodes)


def test_same_seed_gives_same_corpus() -> None:
    """Records and seed settle everything."""
    assert make_corpus(records=300, seed=7) == make_corpus(records=300, seed=7)


def test_other_seed_gives_other_corpus() -> None:
    """The seed has an effect."""
    assert make_corpus(records=300, seed=7) != make_corpus(records=300, seed=8)


def test_first_texts_stay_as_they_are() -> None:
    """The corpus is the same in every process: its first record is pinned."""
    first = make_corpus(records=50, seed=1)[0].content
    assert first.startswith("I taught the gecko to carry a denim jacket, which took 97 weeks")


@pytest.mark.parametrize("records", [1, 2, 3, 10])
def test_small_corpus_has_as_many_records_as_asked(records: int) -> None:
    """No size is too small, and the first record is new."""
    entries = make_corpus(records=records, seed=1)
    assert len(entries) == records
    assert entries[0].label == Label(Kind.NEW, None, 0)


@pytest.mark.costly
def test_shares(corpus: tuple[Entry, ...]) -> None:
    """The kinds have the shares of the docstring."""
    counts = Counter(entry.label.kind for entry in corpus)
    assert counts == {Kind.EXACT: 1_000, Kind.NEAR: 960, Kind.TRAP: 145, Kind.NEW: 1_895}


def test_lengths(corpus: tuple[Entry, ...]) -> None:
    """New texts have 60 to 450 characters, about 225 on average."""
    lengths = [len(entry.content) for entry in corpus if entry.label.kind is Kind.NEW]
    assert min(lengths) >= 60
    assert max(lengths) <= 450
    assert 210 <= sum(lengths) / len(lengths) <= 240


def test_every_original_comes_before(corpus: tuple[Entry, ...]) -> None:
    """A record derives from an earlier one, and a repeat shares its entity."""
    for index, entry in enumerate(corpus):
        label = entry.label
        if label.original is None:
            assert (label.kind, label.entity) == (Kind.NEW, index)
            continue
        assert label.original < index
        is_repeat = label.kind in {Kind.EXACT, Kind.NEAR}
        assert label.entity == (corpus[label.original].label.entity if is_repeat else index)


def test_different_entities_never_share_a_text(corpus: tuple[Entry, ...]) -> None:
    """Neither two new texts nor a trap and its original are the same after normalisation."""
    owners = {(normal_form(entry.content), entry.label.entity) for entry in corpus}
    texts = {text for text, _ in owners}
    assert len(texts) == len(owners)


def test_exact_repeats_are_equal_after_normalisation(corpus: tuple[Entry, ...]) -> None:
    """An exact repeat differs in case, width and spacing only, and does differ."""
    for content, original in of_kind(corpus, Kind.EXACT):
        assert content != original
        assert normal_form(content) == normal_form(original)


def test_near_repeats_change_little(corpus: tuple[Entry, ...]) -> None:
    """A near repeat differs after normalisation, in at most three places."""
    for content, original in of_kind(corpus, Kind.NEAR):
        assert normal_form(content) != normal_form(original)
        assert changed_stretches(content, original) <= 3


def test_near_repeats_keep_numbers(corpus: tuple[Entry, ...]) -> None:
    """No near repeat changes a number."""
    for content, original in of_kind(corpus, Kind.NEAR):
        assert re.findall(r"\d+", content) == re.findall(r"\d+", original)


def test_traps_are_one_change(corpus: tuple[Entry, ...]) -> None:
    """A trap differs from its original in exactly one stretch of words."""
    for content, original in of_kind(corpus, Kind.TRAP):
        assert changed_stretches(content, original) == 1


def test_traps_derive_from_new_records(corpus: tuple[Entry, ...]) -> None:
    """A trap changes a new record."""
    originals = [entry.label.original for entry in corpus if entry.label.kind is Kind.TRAP]
    assert {corpus[index].label.kind for index in originals if index is not None} == {Kind.NEW}


def test_written_files_hold_the_corpus(tmp_path: Path) -> None:
    """Records and labels come back from their files."""
    path = tmp_path / "corpus.jsonl"
    labels = write_corpus(records=100, seed=3, path=path)
    entries = make_corpus(records=100, seed=3)
    records = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    assert records == [{"content": entry.content, "metadata": {"n": n}} for n, entry in enumerate(entries)]
    assert list(read_labels(labels)) == [entry.label for entry in entries]


def test_what_is_missing_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Which data, and where it was looked for."""
    monkeypatch.setattr(labelled, "DATA", tmp_path)
    with pytest.raises(MissingDataError, match="MEMPROC_DATA"):
        make_corpus(records=10, seed=1, texts=Texts.TALK)
    assert main(["corpus", "--kind", "talk", "--to", str(tmp_path / "corpus.jsonl")]) == 1
    assert str(tmp_path / "locomo10.json") in capsys.readouterr().err


def test_contractions_keep_capitals() -> None:
    """A contraction begins like the words it stands for."""
    assert contracted("It is fine, it is what I am") == "It's fine, it's what I'm"
    assert one_switched("Isn't it") == ("Is not it",)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("Jonas", "Jonsa", False),
        ("Jonas", "Jonaas", False),
        ("Jonas", "Jnas", False),
        ("Jonas", "Jomas", False),
        ("Jonas", "Elena", True),
    ],
)
def test_typo_is_no_other_name(old: str, new: str, *, expected: bool) -> None:
    """A name one typo away is not taken for another name."""
    assert is_clear(old, new) is expected


# 0 and 3 are the same, so are 1 and 4; 2 is a trap of 0; 5 repeats the trap.
LABELS = (
    Label(Kind.NEW, None, 0),
    Label(Kind.NEW, None, 1),
    Label(Kind.TRAP, 0, 2),
    Label(Kind.EXACT, 0, 0),
    Label(Kind.NEAR, 1, 1),
    Label(Kind.EXACT, 2, 2),
)


@pytest.mark.parametrize(
    ("kept", "precision", "recall", "traps_merged"),
    [
        pytest.param([0, 1, 2, 0, 1, 2], 1.0, 1.0, 0, id="all right"),
        pytest.param([0, 1, 0, 0, 1, 0], 2 / 4, 1.0, 1, id="trap and its repeat merged"),
        pytest.param([0, 1, 2, 0, 0, 2], 2 / 3, 2 / 3, 0, id="one wrong merge"),
        pytest.param([0, 1, 2, 2, 1, 5], 1 / 2, 1 / 3, 1, id="repeat merged into the trap"),
        pytest.param([0, 1, 2, 3, 4, 5], 1.0, 0.0, 0, id="nothing merged"),
        pytest.param([None, 1, None, None, 1, None], 1.0, 1 / 3, 0, id="four in no memory"),
    ],
)
def test_score(kept: list[int | None], precision: float, recall: float, traps_merged: int) -> None:
    """Precision, recall and merged traps follow their definitions."""
    result = score(LABELS, kept)
    assert result.precision == pytest.approx(precision)
    assert result.recall == pytest.approx(recall)
    assert (result.traps_merged, result.traps, result.repeated) == (traps_merged, 1, 3)


def test_score_needs_a_key_for_each_record() -> None:
    """Too few keys are wrong use."""
    with pytest.raises(ValueError, match="zip"):
        score(LABELS, [0, 1])
