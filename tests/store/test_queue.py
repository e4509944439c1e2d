"""The queue: what waits, what is next, and what becomes of a job, on each database."""

from __future__ import annotations

import sqlite3
from contextlib import closing

import pytest

import memproc
from memproc.errors import NotFoundError, UsageError
from memproc.service.worker import Worker
from memproc.store.queue.choosing import MICROS, Head, Load, choose
from memproc.store.queue.rules import QueueRules
from memproc.store.queue.work import sources_of
from tests.databases import all_text
from tests.service.queues import jsonl, states, worked

AGE = int(QueueRules().ageing_seconds) * MICROS
ANN, BEN, CAL = 1, 2, 3  # hashes of namespaces, and of submitters

# What is ready, what runs, the rules, and which is next at ten times the age.
NEXT = {
    "nothing": ([], Load(), {}, None),
    "the oldest of one priority": ([Head(2, 1, ANN, ANN, 9), Head(1, 1, ANN, ANN, 9)], Load(), {}, 1),
    "the higher priority": ([Head(1, 1, ANN, ANN, 10 * AGE), Head(2, 0, ANN, ANN, 10 * AGE)], Load(), {}, 2),
    "who has waited for two ages is as high": ([Head(1, 2, ANN, ANN, 8 * AGE), Head(2, 0, ANN, ANN, 10 * AGE)], Load(), {}, 1),
    "one age is not enough": ([Head(1, 2, ANN, ANN, 9 * AGE), Head(2, 0, ANN, ANN, 10 * AGE)], Load(), {}, 2),
    "the newest": ([Head(1, 1, ANN, ANN, 10 * AGE), Head(2, 1, ANN, ANN, 10 * AGE)], Load(), {"order": "lifo"}, 2),
    "but none that has waited for long": ([Head(1, 0, ANN, ANN, 0), Head(2, 0, ANN, ANN, 10 * AGE)], Load(), {"order": "lifo"}, 1),
    "whose namespace runs least": ([Head(1, 1, ANN, ANN, 9), Head(2, 1, BEN, ANN, 9)], Load(1, {ANN: 1}), {}, 2),
    "whose namespace has used least": ([Head(1, 1, ANN, ANN, 9), Head(2, 1, BEN, ANN, 9)], Load(used={ANN: 5.0, BEN: 4.0}), {}, 2),
    "by its weight": (
        [Head(1, 1, ANN, ANN, 9), Head(2, 1, BEN, ANN, 9)],
        Load(used={ANN: 5.0, BEN: 4.0}, weights={ANN: 2.0}),
        {},
        1,
    ),
    "whose submitter runs least": ([Head(1, 1, ANN, BEN, 9), Head(2, 1, ANN, CAL, 9)], Load(1, {ANN: 1}, {BEN: 1}), {}, 2),
    "none where the store is full": ([Head(1, 0, ANN, ANN, 0)], Load(2), {"at_once": 2}, None),
    "none of a full namespace": (
        [Head(1, 0, ANN, ANN, 0), Head(2, 2, BEN, ANN, 9)],
        Load(1, {ANN: 1}),
        {"at_once_per_namespace": 1},
        2,
    ),
    "none of a full submitter": (
        [Head(1, 0, ANN, ANN, 0), Head(2, 2, ANN, BEN, 9)],
        Load(1, {}, {ANN: 1}),
        {"at_once_per_submitter": 1},
        2,
    ),
}


@pytest.mark.parametrize(("heads", "load", "rules", "expected"), NEXT.values(), ids=NEXT)
def test_which_job_is_next(heads, load, rules, expected):
    """A function of what is ready, what runs, and the rules."""
    assert choose(heads, load, QueueRules(**rules), 10 * AGE) == expected


WRONG_RULES = [
    {"order": "random"},
    {"at_once": 0},
    {"ageing_seconds": 0},
    {"weights": {"ann": -1}},
    {"memory": {"ann": 1.5}},
    {"x": 1},
]


@pytest.mark.parametrize("given", WRONG_RULES, ids=str)
def test_rules_that_cannot_be_are_refused(fresh_file, given):
    """With the name of the rule, and nothing changes."""
    with fresh_file() as store:
        with pytest.raises(UsageError, match=next(iter(given))):
            store.set_queue_rules(**given)
        assert store.queue_rules() == QueueRules()


WRONG = {
    "nothing": ([], {}),
    "standard input": ("-", {}),
    "what is open": ([{"content": "x"}], {}),
    "a password": ("postgresql://ann:tiger@db/app", {}),
    "a format": ("a.json", {"format": "nosuch"}),
    "a setting": ("a.json", {"settings": {"batch_size": 0}}),
    "a setting of the store": ("a.json", {"settings": {"table_prefix": "x_"}}),
    "an option": ("a.json", {"options": {"resume": True}}),
    "a limit": ("a.json", {"options": {"limit": 0}}),
    "an engine": ("a.json", {"options": {"engine": "abacus"}}),
    "a priority": ("a.json", {"priority": "urgent"}),
    "what follows a failure": ("a.json", {"if_failed": "cry"}),
    "a time": ("a.json", {"at": "some day"}),
    "retries": ("a.json", {"retries": -1}),
}


@pytest.mark.parametrize(("sources", "given"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_is_refused_when_it_is_submitted(fresh_file, sources, given):
    """And no job waits."""
    with fresh_file() as store:
        with pytest.raises(UsageError) as raised:
            store.submit(sources, **given)
        assert "tiger" not in str(raised.value)
        with pytest.raises(NotFoundError):
            store.submit("a.json", after=7)
        assert store.queue() == store.jobs() == []


def test_jobs_run_by_priority_and_after_what_they_need(fresh, tmp_path):
    """Each under its own number, and the store adds up and has no finding."""
    with fresh() as store:
        low = store.submit(jsonl(tmp_path, "low"), priority="low", namespace="ann")
        high = store.submit(jsonl(tmp_path, "high"), priority="high")
        then = store.submit(jsonl(tmp_path, "then"), priority="high", after=low.number, settings={"batch_size": 2})
        assert (low.waits_for, then.waits_for, then.needs) == ("a worker", "jobs", (low.number,))
        assert {job.status for job in store.jobs()} == {"waiting"}
        assert store.doctor() == ()
        assert worked(store) == [high.number, low.number, then.number]
        assert states(store) == {low.number: "done", high.number: "done", then.number: "done"}
        assert [job.read for job in store.jobs()] == [5, 5, 5]
        assert len(store.find(namespace="ann")) == 5
        history = store.queued(then.number)
        assert [one.outcome for one in history.attempts] == ["done"]
        assert [step.became for step in history.changes] == ["waiting", "waiting", "running", "done"]
        assert store.recount().is_whole
        assert store.doctor() == ()


@pytest.mark.costly
@pytest.mark.parametrize(("if_failed", "expected"), [("wait", "waiting"), ("skip", "skipped"), ("run", "done")])
def test_what_needs_a_failed_job(fresh_file, tmp_path, if_failed, expected):
    """It waits until that is retried, is skipped with all that needs it, or runs all the same."""
    with fresh_file() as store:
        failing = store.submit(tmp_path / "later.jsonl")
        then = store.submit(jsonl(tmp_path, "then"), after=failing.number, if_failed=if_failed)
        last = store.submit(jsonl(tmp_path, "last"), after=then.number, if_failed="skip")
        worked(store)
        ended = {"wait": "waiting", "skip": "skipped", "run": "done"}[if_failed]
        assert states(store) == {failing.number: "failed", then.number: expected, last.number: ended}
        assert "does not exist" in store.queue("failed")[0].error
        jsonl(tmp_path, "later")
        store.retry_job(failing.number, by="ann")
        worked(store)
        assert states(store)[failing.number] == "done"
        assert states(store)[then.number] == {"wait": "done"}.get(if_failed, expected)


@pytest.mark.costly
def test_a_failed_attempt_is_tried_again_after_a_while(fresh_file, tmp_path):
    """As often as it may, and each attempt is told."""
    with fresh_file() as store:
        store.set_queue_rules(retry_seconds=0.01)
        job = store.submit(tmp_path / "missing.jsonl", retries=2)
        worked(store)
        history = store.queued(job.number)
        assert (history.job.state, history.job.failures) == ("failed", 3)
        assert [one.outcome for one in history.attempts] == ["failed"] * 3


def test_what_people_ask_of_a_job(fresh, tmp_path):
    """It pauses, is held, released, goes on and is cancelled; each change is a row with a name and a reason."""
    with fresh() as store:
        job = store.submit(jsonl(tmp_path, "a"), submitter="ann").number
        other = store.submit(jsonl(tmp_path, "b"), held=True).number
        assert store.pause_job(job).state == "paused"
        assert store.jobs()[0].status == "paused"
        assert worked(store) == []
        assert store.resume_job(job).state == "waiting"
        assert store.hold_job(job, by="ben", why="whose is it?").state == "held"
        with pytest.raises(UsageError, match="only a paused job"):
            store.resume_job(job)
        assert store.release_job(job, by="ben").state == "waiting"
        assert worked(store) == [job]
        assert store.cancel_job(other).state == "cancelled"
        with pytest.raises(UsageError, match="done"):
            store.cancel_job(job)
        with pytest.raises(NotFoundError):
            store.cancel_job(99)
        changes = store.queued(job).changes
        assert [(step.became, step.made_by) for step in changes[2:5]] == [("waiting", ""), ("held", "ben"), ("waiting", "ben")]
        assert changes[3].why == "whose is it?"
        assert store.doctor() == ()


@pytest.mark.costly
def test_a_job_is_retried_with_other_settings_as_another(fresh_file, tmp_path):
    """What waits for the first one waits for that then."""
    with fresh_file() as store:
        bad = tmp_path / "bad.jsonl"
        bad.write_text('{"content": "Prefers tea"}\n{"content": ""}\n')
        first = store.submit(bad, settings={"max_errors": 0})
        then = store.submit(jsonl(tmp_path, "then"), after=first.number)
        worked(store)
        assert states(store) == {first.number: "failed", then.number: "waiting"}
        again = store.retry_job(first.number, settings={"max_errors": 5})
        assert (again.retry_of, again.work["settings"]) == (first.number, {"max_errors": 5})
        worked(store)
        assert states(store) == {first.number: "cancelled", then.number: "done", again.number: "done"}


@pytest.mark.costly
def test_limits_pass_over_what_is_full(fresh_file, tmp_path):
    """A job that runs counts for its source, its namespace and its submitter; others go on."""
    with fresh_file() as store:
        store.set_queue_rules(at_once_per_source=1)
        store.submit(jsonl(tmp_path, "a"), source="crm", priority="high")
        second = store.submit(jsonl(tmp_path, "b"), source="crm", priority="high").number
        third = store.submit(jsonl(tmp_path, "c"), source="app", priority="low").number
        ran = []

        def during(_event):
            if not ran:
                ran.append(Worker(store).run_next().job)

        Worker(store, on_event=during).run_next()
        assert ran == [third]
        assert worked(store) == [second]


@pytest.mark.costly
def test_figures_of_the_queue(fresh_file, tmp_path):
    """What waits and for how long, which deadlines were met, who used what."""
    with fresh_file() as store:
        store.submit(jsonl(tmp_path, "a"), namespace="ann", deadline="2999-01-01")
        store.submit(jsonl(tmp_path, "b"), namespace="ben", deadline="2001-01-01")
        store.submit(jsonl(tmp_path, "c"), held=True)
        worked(store)
        told = store.queue_stats()
        assert (told.states, told.deadlines, told.deadlines_met) == ({"done": 2, "held": 1}, 2, 0.5)
        assert 0 <= told.mean_wait_seconds <= told.longest_wait_seconds
        assert [use.namespace for use in told.tenants] == ["ann", "ben"]
        assert all(use.attempts == 1 and use.peak_bytes > 0 for use in told.tenants)
        assert told.workers == ()


def test_a_job_of_the_queue_can_be_asked_as_any_other(fresh_file, tmp_path):
    """By `store.jobs()`, too."""
    with fresh_file() as store:
        store.submit(jsonl(tmp_path, "a"))
        (job,) = store.jobs()
        job.pause()
        assert [one.state for one in store.queue()] == ["paused"]
        job.resume()
        job.cancel()
        assert [one.status for one in store.jobs()] == [one.state for one in store.queue()] == ["cancelled"]
        assert memproc.ingest(jsonl(tmp_path, "a"), store).stored == 5


def test_what_is_in_no_file_is_kept_without_what_is_secret(fresh_file, tmp_path, monkeypatch):
    """A table of a database is read by the worker, and the next time what is new in it; keys are named, and never kept."""
    monkeypatch.setenv("NOTES_TOKEN", "lion")
    application = tmp_path / "app.db"
    with closing(sqlite3.connect(application)) as connection, connection:
        connection.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, content TEXT)")
        connection.execute("INSERT INTO notes VALUES (1, 'Prefers tea'), (2, 'Prefers milk')")
    table = memproc.SqlTable(application, "notes", cursor="id")
    with fresh_file() as store:
        first = store.submit(table, source="app").number
        assert worked(store) == [first]
        with closing(sqlite3.connect(application)) as connection, connection:
            connection.execute("INSERT INTO notes VALUES (3, 'Prefers jam')")
        assert worked(store) == []
        second = store.submit(table, source="app").number
        assert worked(store) == [second]
        assert [job.stored for job in store.jobs()] == [2, 1]
        refused = [
            memproc.SqlTable("postgresql://ann:tiger@db/app", "notes"),
            memproc.RestPages("https://api.example.org/v1?api_key=tiger"),
        ]
        for source in refused:
            with pytest.raises(UsageError, match="ENV:NAME") as raised:
                store.submit(source)
            assert "tiger" not in str(raised.value)
        store.submit(memproc.RestPages("https://api.example.org/v1", headers={"X-Key": "ENV:NOTES_TOKEN"}), held=True)
        assert "lion" not in all_text(store)
        (kept,) = sources_of(store.queue("held")[0].work)
        assert (kept.url, kept.headers, kept.hosts) == ("https://api.example.org/v1", {"X-Key": "ENV:NOTES_TOKEN"}, ())


@pytest.mark.parametrize("order", ["fifo", "lifo"])
def test_no_job_starves_however_many_of_high_priority_come(order):
    """Three workers have a little more to do than they can, all of it high but for one job."""
    rules = QueueRules(order=order, ageing_seconds=60)
    free, ready, waits, low = [0, 0, 0], {}, {}, 101
    for second in range(3_000):
        if second % 3 == 0 or second == low:
            ready[second] = Head(second, 2 if second == low else 0, ANN, ANN, second * MICROS)
        for worker in range(3):
            ends = [one(ready[number] for number in ready) for one in (min, max)] if ready else []
            heads = {*ends, *(ready[number] for number in ready if number == low)}
            if free[worker] <= second and (number := choose(heads, Load(), rules, second * MICROS)) is not None:
                waits[number] = second - ready.pop(number).ready_at // MICROS
                free[worker] = second + 10
    assert low in waits
    assert waits[low] < 20 * sum(waits.values()) / len(waits)
