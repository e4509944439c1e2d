"""Each number that a call takes is whole and in its range, or refused by name and value before any work."""

from __future__ import annotations

import numpy as np
import pytest

import memproc
from memproc.arguments import LARGEST_NUMBER, limit_of, whole_number
from tests.command_line import run_memproc

WRONG = (0, -1, -(10**30), 10**30, LARGEST_NUMBER + 1, 1.5, 1.0, float("nan"), True, False, "1", b"1", [1])
CALLS = {
    "find(limit)": lambda store, number: store.find(limit=number),
    "quarantine(limit)": lambda store, number: store.quarantine(limit=number),
    "quarantine(job)": lambda store, number: store.quarantine(job=number),
    "quarantined": lambda store, number: store.quarantined(number),
    "patterns(limit)": lambda store, number: store.patterns(limit=number),
    "patterns(job)": lambda store, number: store.patterns(job=number),
    "export_quarantine(job)": lambda store, number: store.export_quarantine("out.jsonl", job=number),
    "discard": lambda store, number: store.discard(number),
    "discard several": lambda store, number: store.discard([1, number]),
    "replay": lambda store, number: store.replay(number),
    "replay several": lambda store, number: store.replay([1, number]),
    "replay(job)": lambda store, number: store.replay(job=number),
    "resolve": lambda store, number: store.resolve(number, "merge"),
    "unmerge_job": lambda store, number: store.unmerge_job(number),
    "decisions(review)": lambda store, number: store.decisions(review=number),
    "decisions(job)": lambda store, number: store.decisions(job=number),
    "recount": lambda store, number: store.recount(number),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give a store with a record in quarantine."""
    with memproc.open(tmp_path_factory.mktemp("numbers") / "m.db") as store:
        memproc.ingest([{"content": "Prefers tea"}, {"content": "x", "importance": 7}], store)
        yield store


@pytest.mark.parametrize("number", WRONG, ids=repr)
@pytest.mark.parametrize("call", CALLS)
def test_a_number_that_is_none_is_refused(store, call, number, tmp_path, monkeypatch):
    """By every method, whatever it is; nothing is done."""
    monkeypatch.chdir(tmp_path)
    if number == [1] and call in ("discard", "replay"):
        pytest.skip("it takes several")
    before = store.stats()
    with pytest.raises(memproc.UsageError, match=r"=.*: give a whole number from 1 on"):
        CALLS[call](store, number)
    assert store.stats() == before
    assert list(tmp_path.iterdir()) == []


def test_none_of_several_is_refused_with_its_name(store):
    """A text is no list of numbers."""
    for numbers in ("12", b"12", {"a": 1}, [None], [[1]]):
        with pytest.raises(memproc.UsageError, match="numbers="):
            store.discard(numbers)


def test_a_number_of_any_kind_is_taken():
    """As NumPy and others have them."""
    assert whole_number("limit", np.int64(3)) == 3
    assert limit_of(None) is None
    assert whole_number("offset", 0, least=0) == 0


def test_a_limit_is_the_most_that_is_given(store):
    """None: all."""
    assert len(store.find(limit=1)) == len(store.find(limit=None)) == len(store.find(limit=np.int64(1))) == 1
    assert len(store.quarantine(limit=1)) == len(store.patterns(limit=1)) == 1


OF_INGEST = [
    *(["--batch-size", one] for one in ("0", "-5", "1.5", "ten", "", "1000001", "nan")),
    *(["--max-errors", one] for one in ("-1", "-5%", "nan%", "inf%", "101%", "%", "ten", "1.5", "")),
    *(["--max-seconds", one] for one in ("0", "-1", "nan", "inf", "ten")),
    *(["--max-workers", one] for one in ("0", "-1", "1.5")),
    *(["--max-memory", one] for one in ("0", "-1", "ten", "300XB", "")),
    *(["--max-record", one] for one in ("0", "-1", "ten")),
    *(["--max-fields", one] for one in ("0", "-1", "1.5")),
    *(["--max-depth", one] for one in ("0", "-1", "101")),
    *(["--merge-at", one] for one in ("-0.1", "1.1", "nan", "ten")),
    *(["--review-at", one] for one in ("-0.1", "1.1", "nan", "ten")),
]
OF_OTHERS = [
    *(["review", "m.db", "--limit", one] for one in ("0", "-1", "1.5", "ten")),
    *(["quarantine", "m.db", "--limit", one] for one in ("0", "-1", "1.5")),
    *(["quarantine", "m.db", "--patterns", "--limit", one] for one in ("0", "-1")),
    *(["quarantine", "m.db", "--show", one] for one in ("0", "-1", "99999999999999999999")),
    *(["quarantine", "m.db", "--job", one] for one in ("0", "-1", "99999999999999999999")),
    ["quarantine", "m.db", "0"],
    ["quarantine", "m.db", "--discard", "0"],
    *(["recall", "m.db", "--limit", one] for one in ("0", "-1")),
    ["retry", "m.db", "0"],
    *(["retry", "m.db", "--job", one] for one in ("0", "-1", "99999999999999999999")),
    *(["retry", "m.db", "--max-fields", one] for one in ("0", "-1")),
    *(["unmerge", "m.db", "--job", one] for one in ("0", "-1", "99999999999999999999")),
    ["review", "m.db", "--undo", "0"],
    *(["rebuild", "m.db", "--merge-at", one] for one in ("-1", "2", "nan")),
    *(["jobs", "m.db", option, one] for option in ("--pause", "--resume", "--cancel") for one in ("0", "-1")),
]


@pytest.mark.parametrize("options", OF_INGEST, ids=" ".join)
def test_an_option_of_ingest_out_of_its_range_is_wrong_use(options, tmp_path):
    """Exit code 2, by name; nothing is made."""
    (tmp_path / "a.jsonl").write_text('{"content": "Prefers tea"}\n')
    code, out, told = run_memproc("ingest", "a.jsonl", "--into", "m.db", *options, folder=tmp_path)
    assert (code, out) == (2, "")
    assert options[0].removeprefix("--").replace("-", "_") in told.replace("-", "_")
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize("command", OF_OTHERS, ids=" ".join)
def test_an_option_out_of_its_range_is_wrong_use(command, store, tmp_path):
    """Exit code 2, with what is right."""
    given = [str(store._opened.database.file) if one == "m.db" else one for one in command]
    code, out, told = run_memproc(*given, folder=tmp_path)
    assert (code, out) == (2, ""), told
    assert command[-2] in told or command[-1] in told
