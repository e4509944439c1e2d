"""Schedules: what comes again and again, in the zone of who asked for it, and what is missed."""

from __future__ import annotations

import pytest

from memproc.errors import NotFoundError, UsageError
from memproc.service.worker import Worker
from memproc.store.queue.cron import next_after
from memproc.store.sql import database
from memproc.store.sql import tx as transaction
from memproc.times import from_micros, parse_time, to_micros, to_text
from tests.service.queues import jsonl, states, worked

NOON = "2026-03-28T12:00:00.000000Z"

# The expression, the zone, and what comes after that noon: in Berlin the clocks go on by an hour on the next day.
COMING = {
    "each night": ("0 3 * * *", "UTC", ["2026-03-29T03:00", "2026-03-30T03:00"]),
    "in another zone": ("30 3 * * *", "Europe/Berlin", ["2026-03-29T01:30", "2026-03-30T01:30"]),
    "a time that there is not": ("30 2 * * *", "Europe/Berlin", ["2026-03-29T01:00", "2026-03-30T00:30"]),
    "on weekdays": ("0 3 * * MON-FRI", "UTC", ["2026-03-30T03:00", "2026-03-31T03:00"]),
}


@pytest.mark.parametrize(("cron", "zone", "expected"), COMING.values(), ids=COMING)
def test_when_it_comes(cron, zone, expected):
    """By the clock of its zone."""
    moment, found = to_micros(NOON), []
    for _ in expected:
        moment = next_after(cron, zone, moment)
        found.append(from_micros(moment)[:16])
    assert found == expected


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"every": "now and then"}, "every"),
        ({"every": "0 3 31 2 *"}, "every"),
        ({"every": "0 3 * * *", "time_zone": "Nowhere/Town"}, "time_zone"),
        ({"every": "0 3 * * *", "time_zone": "Europe"}, "time_zone"),
        ({"every": "0 3 * * *", "missed": "twice"}, "missed"),
        ({"every": "0 3 * * *", "held": True}, "every"),
    ],
    ids=str,
)
def test_what_never_comes_is_refused(fresh_file, given, told):
    """And nothing waits."""
    with fresh_file() as store:
        with pytest.raises(UsageError, match=told):
            store.submit("a.json", **given)
        assert store.queue() == []
        assert store.schedules() == []


@pytest.fixture
def at(monkeypatch):
    """Give a function that sets the clock of the store to a moment of the day after tomorrow's."""

    def set_to(moment):
        for module in (transaction, database):
            monkeypatch.setattr(module, "time_now", lambda: to_text(parse_time(moment)))

    return set_to


@pytest.mark.costly
def test_a_scheduled_job_runs_and_the_next_one_waits(fresh, tmp_path, at):
    """One at a time; what was missed meanwhile is made up for once."""
    with fresh() as store:
        at("2990-01-01T12:00Z")
        first = store.submit(jsonl(tmp_path, "a"), every="0 3 * * *", name="nightly")
        assert (first.waits_for, first.not_before[:16]) == ("time", "2990-01-02T03:00")
        assert worked(store) == []
        at("2990-01-05T03:00:01Z")
        assert worked(store) == [first.number]
        (schedule,) = store.schedules()
        assert (schedule.name, schedule.next_job, schedule.next_at[:16]) == ("nightly", first.number + 1, "2990-01-06T03:00")
        at("2990-01-06T03:00:01Z")
        assert worked(store) == [schedule.next_job]
        assert [job.duplicate for job in store.jobs()] == [0, 5, 0]
        assert store.doctor() == ()


@pytest.mark.costly
def test_what_was_missed_is_skipped_where_that_is_asked(fresh_file, tmp_path, at):
    """And what comes next is as it was."""
    with fresh_file() as store:
        at("2990-01-01T12:00Z")
        job = store.submit(jsonl(tmp_path, "a"), every="0 3 * * *", missed="skip").number
        at("2990-01-05T09:00Z")
        assert worked(store) == []
        assert states(store) == {job: "skipped", job + 1: "waiting"}
        assert store.queue()[1].not_before[:16] == "2990-01-06T03:00"
        at("2990-01-06T03:00:30Z")
        assert worked(store) == [job + 1]


@pytest.mark.costly
@pytest.mark.parametrize(("missed", "expected"), [("once", "waiting"), ("skip", "skipped")])
def test_two_of_one_schedule_never_run_at_once(fresh_file, tmp_path, at, missed, expected):
    """The second waits, or is skipped."""
    with fresh_file() as store:
        at("2990-01-01T12:00Z")
        first = store.submit(jsonl(tmp_path, "a"), every="* * * * *", missed=missed).number
        seen = []

        def during(_event):
            if not seen:
                seen.append(None)
                at("2990-01-01T12:02:01Z")
                assert Worker(store).run_next() is None
                seen.append(states(store)[first + 1])

        at("2990-01-01T12:01:01Z")
        assert Worker(store, on_event=during).run_next().job == first
        assert seen[1] == expected


def test_a_schedule_is_paused_skipped_once_and_ended(fresh_file, tmp_path, at):
    """By its job that waits: cancelling that leaves out one time alone."""
    with fresh_file() as store:
        at("2990-01-01T12:00Z")
        job = store.submit(jsonl(tmp_path, "a"), every="0 3 * * *").number
        store.pause_job(job)
        at("2990-01-03T12:00Z")
        assert worked(store) == []
        assert store.schedules()[0].next_job == job
        store.resume_job(job)
        assert states(store)[job] == states(store)[job + 1] == "waiting"
        store.cancel_job(job + 1)
        assert store.schedules()[0].next_at[:16] == "2990-01-05T03:00"
        ended = store.end_schedule(1, by="ann")
        assert (ended.next_job, ended.ended_at[:10]) == (None, "2990-01-03")
        assert states(store)[job + 2] == "cancelled"
        assert worked(store) == [job]
        assert store.schedules() == [ended]
        with pytest.raises(UsageError, match="has ended"):
            store.end_schedule(1)
        with pytest.raises(NotFoundError):
            store.end_schedule(9)
