"""Where memproc itself breaks, the record that it breaks on is quarantined alone, with the traceback, and the job goes on.

What breaks here is broken on purpose: a stage raises on every record that says "poison".
"""

from __future__ import annotations

import pytest

import memproc
from memproc.dedup import preparing
from memproc.formats import generic
from memproc.intake import intake
from memproc.store.changes import landing
from memproc.store.changes.replay import ReplayPlan
from memproc.store.reviews.reviewing import Reviewer
from tests.command_line import run_memproc

RECORDS = [{"content": f"She has been to town number {n}"} for n in range(40)]
POISON = [{"content": "She drank the poison"}, {"content": "He drank poison too", "id": "p"}]
MIXED = [*RECORDS[:7], POISON[0], *RECORDS[7:30], POISON[1], *RECORDS[30:]]


def says_poison(value):
    """Tell whether anything in some arguments says so."""
    return "poison" in repr(value)


def breaking(function, error):
    """Return a function that raises an error on what says "poison"."""

    def broken(*arguments, **named):
        if says_poison(arguments):
            raise error
        return function(*arguments, **named)

    return broken


def break_decoding(patch, error):
    """Break what looks at an item first, where it may be as most are and where it is not."""
    patch.setattr(generic, "is_as_it_is", breaking(generic.is_as_it_is, error))
    patch.setattr(intake, "item_of", breaking(intake.item_of, error))


STAGES = {
    "decoding": break_decoding,
    "keys": lambda patch, error: patch.setattr(intake, "prepare_all", breaking(intake.prepare_all, error)),
    "gist": lambda patch, error: patch.setattr(preparing, "skim", breaking(preparing.skim, error)),
    "plain form": lambda patch, error: patch.setattr(intake, "plain", breaking(intake.plain, error)),
    "band hashes": lambda patch, error: patch.setattr(intake, "with_band_hashes", breaking(intake.with_band_hashes, error)),
    "deciding": lambda patch, error: patch.setattr(landing, "decide", breaking(landing.decide, error)),
    "looking": lambda patch, error: patch.setattr(landing, "looking_planned", breaking(landing.looking_planned, error)),
}
ERRORS = [KeyError("tea"), RecursionError("too deep"), MemoryError(), AssertionError(), ZeroDivisionError("by zero")]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.sampled(4)
def test_a_record_that_memproc_breaks_on_is_quarantined_alone(tmp_path, monkeypatch, stage, error):
    """With all that is needed to report it; replayed when memproc is mended, it is taken."""
    with memproc.open(tmp_path / "m.db") as store:
        with monkeypatch.context() as patch:
            STAGES[stage](patch, error)
            report = memproc.ingest(MIXED, store)
        assert (report.status, report.read, report.stored, report.quarantined) == ("done", 42, 40, 2)
        assert report.errors == {"internal": 2}
        assert any("memproc itself broke on 2 records" in note for note in report.notes)
        assert store.recount().is_whole
        for bad in store.quarantine():
            assert (bad.category, bad.faults[0].code) == ("internal", "internal_error")
            assert f"raised {type(error).__name__}" in bad.faults[0].message
            assert "report it" in bad.faults[0].hint
            assert "test_internal.py" in bad.faults[0].traceback
            assert len(bad.faults[0].traceback) <= 8_000
            assert b"poison" in bad.raw
        again = store.replay()
        assert (again.stored, again.quarantined, store.count()) == (2, 0, 42)
        assert store.recount().is_whole


@pytest.mark.parametrize("stage", STAGES)
def test_adding_it_does_not_raise(tmp_path, monkeypatch, stage):
    """The answer says what a report says."""
    if stage == "band hashes":
        pytest.skip("the band hashes of one record are computed as it lands")
    with memproc.open(tmp_path / "m.db") as store:
        STAGES[stage](monkeypatch, RecursionError("too deep"))
        added = store.add(POISON[0])
        assert (added.outcome, added.faults[0].code) == ("quarantined", "internal_error")
        assert store.add(RECORDS[0]).outcome == "stored"


@pytest.mark.costly
@pytest.mark.parametrize("error", ERRORS[:2], ids=lambda error: type(error).__name__)
def test_what_it_breaks_on_as_it_compares_is_stored(tmp_path, monkeypatch, error):
    """The others are compared, and a person is told."""
    monkeypatch.setattr(Reviewer, "find", breaking(Reviewer.find, error))
    alike = [{"content": f"He likes {music}"} for music in ("jazz and blues", "blues and jazz")]
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest([*MIXED, *alike], store)
        assert (report.status, report.stored, report.quarantined) == ("done", 44, 0)
        assert any("memproc itself broke on comparing 2 records" in note for note in report.notes)
        assert any("jazz" in review.one.content for review in store.reviews())
        assert store.add({"content": "The poison is in the cup"}).outcome == "stored"
        assert store.recount().is_whole
        assert store.doctor() == ()


@pytest.mark.parametrize("stage", ["keys", "deciding"])
def test_replaying_it_leaves_it_where_it_is(tmp_path, monkeypatch, stage):
    """With the new fault, and does not stop the others."""
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest([{**record, "importance": 7} for record in MIXED], store)
        STAGES[stage](monkeypatch, KeyError("tea"))
        report = store.replay(transform=lambda value: {**value, "importance": 0.7})
        assert (report.status, report.stored, report.quarantined) == ("done", 40, 2)
        assert {bad.category for bad in store.quarantine()} == {"internal"}
        assert store.recount().is_whole


def test_replaying_goes_on_where_what_mends_breaks(tmp_path, monkeypatch):
    """As where the context of a record cannot be read."""
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest([{**record, "importance": 7} for record in MIXED], store)
        monkeypatch.setattr(ReplayPlan, "_intake", breaking(ReplayPlan._intake, KeyError("tea")))
        report = store.replay(transform=lambda value: {**value, "importance": 0.7})
        assert (report.stored, report.quarantined) == (40, 2)


@pytest.mark.parametrize("stage", ["keys", "deciding"])
def test_nothing_of_the_record_is_told_where_nothing_is_to_be_told(tmp_path, monkeypatch, stage):
    """The lines of code are kept all the same."""
    STAGES[stage](monkeypatch, KeyError("the poison of Ann"))
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(redact=True)) as store:
        memproc.ingest(MIXED, store, settings=memproc.Settings(redact=True))
        for bad in store.quarantine():
            assert "Ann" not in str(bad.faults)
            assert "KeyError" in bad.faults[0].traceback


@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(3)], ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("stage", ["keys", "deciding", "looking"])
def test_what_ends_the_program_is_no_fault_of_a_record(tmp_path, monkeypatch, stage, error):
    """It goes through."""
    STAGES[stage](monkeypatch, error)
    with memproc.open(tmp_path / "m.db") as store, pytest.raises(type(error)):
        memproc.ingest(MIXED, store)


@pytest.mark.costly
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_workers_break_as_the_process_itself_does(tmp_path, engine):
    """A record that no worker can be given is prepared here."""
    found = memproc.ingest([*RECORDS, Raising(content="x")], tmp_path / "m.db", engine=engine)
    assert (found.status, found.stored, found.quarantined) == ("done", 40, 1)


class Raising(dict):
    """A mapping that raises whatever is asked of it."""

    def _raise(self, *_):
        raise RuntimeError("I lie")

    __contains__ = __getitem__ = __iter__ = __len__ = get = items = keys = values = copy = __repr__ = __reduce_ex__ = _raise


def test_the_command_line_tells_it(tmp_path, monkeypatch):
    """And shows the traceback of each."""
    (tmp_path / "a.jsonl").write_text('{"content": "She drank the poison"}\n{"content": "She likes tea"}\n')
    STAGES["keys"](monkeypatch, KeyError("tea"))
    code, out, _ = run_memproc("ingest", "a.jsonl", "--into", "m.db", folder=tmp_path)
    assert code == 0
    assert "memproc itself broke on 1 record" in out
    code, out, _ = run_memproc("quarantine", "m.db", "--show", "1", folder=tmp_path)
    assert "test_internal.py" in out
