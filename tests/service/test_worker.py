"""Workers: a killed one loses nothing, one that is told to end gives its job back, and what fails stops nobody."""

from __future__ import annotations

import os
import signal

import pytest
from loguru import logger

import memproc
from memproc.report.events import BatchLanded, JobStarted
from memproc.service.stopping import Stop
from memproc.service.worker import Worker
from tests.service.queues import jsonl, states, worked
from tests.waiting import ended, forked


def killed_at(place, kind, times=1):
    """Work in another process, which is killed when so many events of a kind were told."""

    def work():
        left = [times]

        def count(event):
            left[0] -= isinstance(event, kind)
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        with memproc.open(place) as store:
            Worker(store, on_event=count).work(until_empty=True)

    assert not ended(forked(work))


def test_a_worker_that_waits_for_the_machine_says_so_once(fresh, tmp_path):
    """And begins no job meanwhile."""
    told = []
    logger.enable("memproc")
    sink = logger.add(told.append, level="WARNING", format="{message}")
    try:
        with fresh() as store:
            job = store.submit(jsonl(tmp_path, "a", 1)).number
            store.set_queue_rules(max_memory_share=0.000_001)
            worker = Worker(store)
            assert [worker.run_next(), worker.run_next()] == [None, None]
            assert states(store) == {job: "waiting"}
    finally:
        logger.remove(sink)
        logger.disable("memproc")
    assert [one.split(":")[0] for one in told] == ["no job begins"]


def test_another_worker_goes_on_with_the_job_of_a_killed_one(fresh, tmp_path):
    """At once, behind its last batch, under the same number; each record is there once."""
    with fresh() as store:
        job = store.submit(jsonl(tmp_path, "a", 10), settings={"batch_size": 2}).number
        killed_at(store.place, BatchLanded, times=2)
        assert states(store) == {job: "running"}
        assert worked(store) == [job]
        (told,) = store.jobs()
        assert (told.number, told.status, told.read, told.stored, told.runs) == (job, "done", 10, 10, 2)
        history = store.queued(job)
        assert [one.outcome for one in history.attempts] == ["lost", "done"]
        assert "its worker was lost" in [step.why for step in history.changes]
        assert store.recount().is_whole
        assert store.doctor() == ()


@pytest.mark.costly
def test_a_job_that_loses_its_workers_again_and_again_has_failed(fresh_file, tmp_path):
    """What cannot be read within the memory there is must not take down one worker after the other; unless it gets on meanwhile."""
    with fresh_file() as store:
        store.set_queue_rules(most_losses=3)
        job = store.submit(jsonl(tmp_path, "a", 10), settings={"batch_size": 2}).number
        for _ in range(3):  # a batch lands each time
            killed_at(store.place, BatchLanded)
        killed_at(store.place, JobStarted)
        assert states(store) == {job: "running"}
        killed_at(store.place, JobStarted)
        assert worked(store) == []
        assert states(store) == {job: "failed"}
        assert "look at its memory" in store.queue()[0].error
        store.retry_job(job)
        assert worked(store) == [job]
        assert [one.read for one in store.jobs()] == [10]
        assert store.doctor() == ()


@pytest.mark.costly
def test_a_worker_that_is_told_to_end_gives_its_job_back(fresh, tmp_path):
    """Behind the batch that it writes; the next one goes on there."""
    with fresh() as store:
        job = store.submit(jsonl(tmp_path, "a", 6), settings={"batch_size": 2}).number
        stop = Stop()
        Worker(store, stop=stop, on_event=lambda event: stop.want() if isinstance(event, BatchLanded) else None).work()
        assert states(store) == {job: "waiting"}
        assert [one.outcome for one in store.queued(job).attempts] == ["given back"]
        assert worked(store) == [job]
        (told,) = store.jobs()
        assert (told.status, told.read, told.stored) == ("done", 6, 6)


@pytest.mark.costly
@pytest.mark.parametrize(("verb", "state"), [("pause_job", "paused"), ("hold_job", "held"), ("cancel_job", "cancelled")])
def test_a_job_that_runs_does_what_it_is_asked_after_its_batch(fresh_file, tmp_path, verb, state):
    """Paused, in the hands of a person, or ended; what has landed stays."""
    with fresh_file() as store:
        job = store.submit(jsonl(tmp_path, "a", 6), settings={"batch_size": 2}).number

        def ask(event):
            if isinstance(event, BatchLanded) and event.records == 2 and len(store) == 2:
                getattr(store, verb)(job)

        Worker(store, on_event=ask).run_next()
        assert states(store) == {job: state}
        assert store.jobs()[0].status in (state, "held")
        assert 2 <= len(store) < 6
        assert store.doctor() == ()


def test_a_failure_of_a_job_is_no_failure_of_its_worker(fresh_file, tmp_path):
    """The next one runs, and the report says why the first did not."""
    with fresh_file() as store:
        broken = store.submit(tmp_path / "none.jsonl", priority="high").number
        changed = jsonl(tmp_path, "b", 6)
        good = store.submit(changed, settings={"batch_size": 2}).number
        worked(store)
        assert states(store) == {broken: "failed", good: "done"}


@pytest.mark.costly
def test_a_source_that_was_changed_in_the_middle_is_refused(fresh_file, tmp_path):
    """As by `--resume`: what was read of it would be another thing."""
    with fresh_file() as store:
        source = jsonl(tmp_path, "a", 6)
        job = store.submit(source, settings={"batch_size": 2}).number
        stop = Stop()
        Worker(store, stop=stop, on_event=lambda event: stop.want() if isinstance(event, BatchLanded) else None).work()
        jsonl(tmp_path, "a", 7)
        worked(store)
        assert states(store) == {job: "failed"}
        assert "has changed" in store.queue()[0].error
