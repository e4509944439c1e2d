"""What an application hears of an ingestion, in which order, and that its callback cannot touch data."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event as engine_events
from sqlalchemy.exc import OperationalError

import memproc
from tests.events import only

BATCH = 10
SETTINGS = memproc.Settings(batch_size=BATCH)


def records(count, bad=()):
    """Return so many records, some of them bad."""
    return [{"content": "", "importance": 0.5} if number in bad else {"content": f"Has {number} hens"} for number in range(count)]


def written(path, count, bad=()):
    """Write records as lines and return the path."""
    path.write_text("".join(json.dumps(one) + "\n" for one in records(count, bad)))
    return path


def heard(store, what, **options):
    """Ingest and return (what was heard, the report)."""
    events = []
    options.setdefault("settings", SETTINGS)
    return events, memproc.ingest(what, store, on_event=events.append, **options)


def shape(events):
    """Return the names of events, in order."""
    return [type(event).__name__ for event in events]


@pytest.mark.parametrize("engine", ["sequential", "threads"])
def test_events_come_in_the_same_order_with_every_engine(fresh_file, tmp_path, engine):
    """From the job to its sources, batches, and what of these was quarantined; the report is the last."""
    paths = [written(tmp_path / "a.jsonl", 25, bad=(3, 4)), written(tmp_path / "b.jsonl", 5)]
    with fresh_file() as store:
        events, report = heard(store, paths, engine=engine)
    batch = "BatchLanded"
    first = ["SourceBegun", batch, "RecordsQuarantined", batch, batch, "SourceEnded"]
    assert shape(events) == ["JobStarted", *first, "SourceBegun", batch, "SourceEnded", "JobEnded"]
    started, begun, landed, rejected, *_ = events
    assert (started.sources, begun.number, begun.name, begun.bytes_total) == (2, 0, "a.jsonl", paths[0].stat().st_size)
    assert (landed.records, landed.stored, landed.quarantined, landed.progress.read) == (10, 8, 2, 10)
    assert (rejected.records, rejected.code, rejected.path, rejected.position) == (2, "string_too_short", "content", 3)
    assert "''" in rejected.message
    assert (events[6].records, events[6].failure) == (25, None)
    assert (events[-1].report, events[-1].error) == (report, None)
    assert sum(one.stored for one in events if isinstance(one, memproc.BatchLanded)) == report.stored


def test_a_batch_is_told_when_it_is_committed(fresh_file):
    """Another connection sees it."""
    seen = []
    with fresh_file() as store, memproc.open(store.place) as other:
        look = only(memproc.BatchLanded, lambda event: seen.append((event.progress.stored, other.count())))
        memproc.ingest(records(25), store, settings=SETTINGS, on_event=look)
    assert seen == [(10, 10), (20, 20), (25, 25)]


def test_what_a_callback_raises_touches_no_data(fresh_file):
    """It is called no more, and the report says so; all the rest is as without it."""
    calls = []

    def fail(event):
        calls.append(event)
        raise ValueError("secret words")

    with fresh_file() as store:
        report = memproc.ingest(records(25), store, settings=SETTINGS, on_event=fail)
        assert (report.status, report.stored, store.count(), store.recount().is_whole) == ("done", 25, 25, True)
    assert len(calls) == 1
    (note,) = [note for note in report.notes if "on_event" in note]
    assert "raised ValueError" in note
    assert "secret words" not in note


@pytest.mark.parametrize("kind", [memproc.JobStarted, memproc.BatchLanded, memproc.SourceEnded, memproc.JobEnded])
def test_an_interrupt_in_a_callback_stops_as_ctrl_c_does(fresh_file, tmp_path, kind):
    """At any event; what was committed stays, and resume goes on."""
    path = written(tmp_path / "a.jsonl", 25)

    def stop(event):
        if isinstance(event, kind):
            raise KeyboardInterrupt

    with fresh_file() as store:
        with pytest.raises(memproc.Interrupted) as raised:
            memproc.ingest(path, store, settings=SETTINGS, on_event=stop)
        assert raised.value.report.read == store.count()
        assert memproc.ingest(path, store, settings=SETTINGS, resume=True).read == 25
        assert store.recount().is_whole


def test_the_end_is_told_however_it_comes(fresh_file, tmp_path):
    """Of a source that breaks off, of an iterator that raises, of a job that has nothing to do, of one that is refused."""

    def broken():
        yield from records(15)
        raise OSError("gone")

    path = written(tmp_path / "a.jsonl", 5, bad=(2,))
    events = []
    with fresh_file() as store:
        with pytest.raises(OSError, match="gone"):
            memproc.ingest(broken(), store, settings=SETTINGS, on_event=events.append)
        assert (events[-1].error, events[-1].report.status, events[-1].report.read) == ("OSError", "failed", 15)
        heard(store, path)
        assert shape(heard(store, path, resume=True)[0]) == ["Noted", "JobEnded"]
        refused, _ = heard(store, path, settings=memproc.Settings(validate="before"))
        assert (shape(refused), refused[-1].report.status) == (["Noted", "JobEnded"], "refused")
        cut = tmp_path / "cut.json"
        cut.write_text('[{"content": "Has a dog"}, {"content": "Has')
        events, _ = heard(store, cut)
    (ended,) = [event for event in events if isinstance(event, memproc.SourceEnded)]
    assert ended.failure
    assert (events[-1].report.status, events[-1].error) == ("failed", None)


def test_what_passes_is_told_when_it_is_tried_again(fresh_file):
    """With how long that waits."""
    with fresh_file() as store:
        failures = [1]

        def lock(*_):
            if failures:
                failures.pop()
                raise OperationalError("BEGIN", {}, Exception("database is locked"))

        engine = store._opened.database.engine
        engine_events.listen(engine, "before_cursor_execute", lock)
        events, report = heard(store, records(5))
        assert report.stored == 5
    assert failures == []
    (retrying,) = [event for event in events if isinstance(event, memproc.Retrying)]
    assert (retrying.attempts, retrying.wait_seconds >= 0, "locked" in retrying.what) == (1, True, True)


def test_a_size_that_changes_is_told(fresh_file):
    """And what it was before."""
    with fresh_file() as store:
        events, _ = heard(store, records(2_500), settings=memproc.Settings())
    changed = [event for event in events if isinstance(event, memproc.BatchSizeChanged)]
    assert changed
    assert all(event.before != event.now and not event.refused for event in changed)
    assert [event.now for event in changed][:-1] == [event.before for event in changed][1:]


def test_a_callback_that_uses_the_store_does_not_hear_itself(fresh_file):
    """An ingestion within it tells its own callback alone."""
    inner, outer = [], []

    def hear(event):
        outer.append(event)
        if isinstance(event, memproc.BatchLanded):
            memproc.ingest([{"content": "Has a cat"}], store, settings=SETTINGS, on_event=inner.append)
            memproc.ingest([{"content": "Has a cow"}], store)

    with fresh_file() as store:
        memproc.ingest(records(5), store, settings=SETTINGS, on_event=hear)
        assert store.count() == 7
    assert shape(outer) == ["JobStarted", "SourceBegun", "BatchLanded", "SourceEnded", "JobEnded"]
    assert shape(inner) == shape(outer)


def test_redaction_tells_nothing_of_what_records_hold(fresh_file):
    """Neither message nor name."""
    bad = {"content": "Has a dog", "importance": "of Rosalind"}
    with fresh_file() as store:
        events, _ = heard(store, [bad], settings=memproc.Settings(redact=True))
    (rejected,) = [event for event in events if isinstance(event, memproc.RecordsQuarantined)]
    assert rejected.path == "importance"
    assert "Rosalind" not in repr(events)


def test_a_replay_tells_what_it_does(tmp_path):
    """As an ingestion: it begins, its batches land, those that still fail are told, and the report is the last."""
    bad = [{"content": "", "importance": 0.5}, *({"content": f"Has {number} hens", "importance": 2} for number in range(25))]
    events = []

    def mend(one):
        return None if "7" in one["content"] else {**one, "importance": 1}

    with memproc.open(tmp_path / "m.db", settings=SETTINGS) as store:
        memproc.ingest(bad, store)
        report = store.replay(transform=mend, on_event=events.append)
    batch = "BatchLanded"
    assert shape(events) == ["JobStarted", "SourceBegun", batch, "RecordsQuarantined", batch, batch, "SourceEnded", "JobEnded"]
    assert (events[0].job, events[0].sources, events[0].can_resume) == (report.job, 1, False)
    landed = [event for event in events if isinstance(event, memproc.BatchLanded)]
    assert [(one.records, one.stored, one.quarantined) for one in landed] == [(10, 9, 1), (10, 10, 0), (4, 4, 0)]
    assert [one.progress.read for one in landed] == [10, 20, 24]
    assert landed[-1].progress.share == 1.0, "what was left where it is counts too"
    assert (events[-1].report, events[-1].error, report.read, report.stored) == (report, None, 24, 23)


def test_a_replay_is_interrupted_behind_a_batch(tmp_path):
    """What landed is counted in the report, and another replay goes on with the rest."""
    with memproc.open(tmp_path / "m.db", settings=SETTINGS) as store:
        memproc.ingest([{"content": f"Has {number} hens", "importance": 2} for number in range(25)], store)

        def interrupt(event):
            if isinstance(event, memproc.BatchLanded):
                raise KeyboardInterrupt

        mend = lambda one: {**one, "importance": 1}  # noqa: E731 - it is used twice
        with pytest.raises(memproc.Interrupted, match="another one goes on") as interrupted:
            store.replay(transform=mend, on_event=interrupt)
        assert (interrupted.value.report.status, interrupted.value.report.stored) == ("interrupted", 10)
        assert store.jobs()[-1].status == "interrupted"
        assert store.replay(transform=mend).stored == 15


def test_a_rebuild_tells_how_far_it_is(fresh):
    """Each step from nothing to all of it; one that raises is called no more, and touches nothing."""
    events = []
    with fresh() as store:
        memproc.ingest([*records(30), {"content": "Has a cat"}, {"content": "has a cat"}], store)
        store.rebuild(on_event=events.append)
        store.rebuild(settings=memproc.Settings(recall="high"), on_event=events.append)
        assert store.rebuild(on_event=lambda _: 1 / 0) == (0, 0)
    assert {type(event) for event in events} == {memproc.Rebuilding}
    assert list(dict.fromkeys(event.step for event in events)) == ["keys", "memories", "reviews"]
    assert [(event.done, event.share) for event in events if event.step == "keys"] == [(0, 0.0), (32, 1.0)] * 2
    assert all(event.done in (0, event.total) and event.seconds >= 0 for event in events)
