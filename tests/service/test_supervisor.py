"""Several workers: as many as the queue is long, each a process of its own, and none outlives who began it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest

from memproc.errors import EngineError
from memproc.service import supervisor
from memproc.service.pressure import under_pressure
from memproc.service.stopping import Stop
from memproc.service.supervisor import Bounds, Supervisor, wanted_workers
from memproc.store.queue.claiming import QueueLength
from memproc.store.queue.rules import QueueRules
from tests.service.queues import jsonl, states
from tests.waiting import LIMIT_SECONDS, until

WANTED = [
    (QueueLength(0, 0), Bounds(1, 4), 1),
    (QueueLength(2, 1), Bounds(1, 4), 3),
    (QueueLength(9, 4), Bounds(1, 4), 4),
    (QueueLength(0, 0), Bounds(2, 2), 2),
]


@pytest.mark.parametrize(("length", "bounds", "expected"), WANTED, ids=str)
def test_how_many_workers_a_queue_wants(length, bounds, expected):
    """One for each job that runs or is ready, between the bounds."""
    assert wanted_workers(length, bounds) == expected


def test_a_worker_begins_nothing_while_the_machine_has_too_much_to_do():
    """By the memory that is used, and the load of a core."""
    assert under_pressure(QueueRules(max_memory_share=None)) is None
    assert "memory" in under_pressure(QueueRules(max_memory_share=1e-9))
    assert under_pressure(QueueRules(max_memory_share=None, max_load=1e9)) is None
    assert "load" in (under_pressure(QueueRules(max_memory_share=None, max_load=1e-9)) or "load")


@pytest.mark.slow
def test_a_killed_worker_is_replaced_and_all_jobs_run(fresh_file, tmp_path):
    """Though one is killed each time that one is seen, twice."""
    with fresh_file() as store:
        jobs = [store.submit(jsonl(tmp_path, str(at), 400), settings={"batch_size": 20}).number for at in range(3)]
        ran, killed = [], []

        class Killing(Stop):
            def wait(self, seconds):
                at_work = [worker.pid for worker in store.queue_stats().workers if worker.state == "running"]
                if at_work and len(killed) < 2:
                    with suppress(ProcessLookupError):
                        os.kill(at_work[0], signal.SIGKILL)
                        killed.append(at_work[0])
                return super().wait(seconds)

        Supervisor(store, store.place, Bounds(1, 2), on_run=ran.append).work(Killing(), until_empty=True)
        assert states(store) == dict.fromkeys(jobs, "done")
        assert [job.read for job in store.jobs()] == [400] * 3
        assert killed
        assert {one.job for one in ran} <= {*jobs}
        assert store.queue_stats().workers == ()


@pytest.mark.slow
def test_workers_that_cannot_begin_end_it(fresh_file, monkeypatch):
    """Instead of being begun for ever."""
    with fresh_file() as store:
        monkeypatch.setattr(supervisor, "WORKER", ("-c", "raise SystemExit(3)"))
        with pytest.raises(EngineError, match="as soon as they begin"):
            Supervisor(store, store.place, Bounds(1, 1), on_run=list).work(Stop())


@pytest.mark.slow
def test_the_command_works_a_queue_off_and_leaves_nobody_behind(fresh_file, tmp_path):
    """Its workers end when it is killed, too."""
    with fresh_file() as store:
        store.submit(jsonl(tmp_path, "a"))
        command = [sys.executable, "-m", "memproc", "work", store.place, "--json"]
        done = subprocess.run(
            [*command, "--concurrency", "1-2", "--until-empty"], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS
        )
        assert json.loads(done.stdout) == {"ran": 1, "failed": 0}
        with subprocess.Popen([*command, "--concurrency", "2"]) as process:
            until(lambda: len(psutil.Process(process.pid).children()) == 2)
            children = psutil.Process(process.pid).children()
            until(lambda: len(store.queue_stats().workers) == 2)
            process.send_signal(signal.SIGKILL)
        gone, alive = psutil.wait_procs(children, timeout=LIMIT_SECONDS)
        assert (len(gone), alive) == (2, [])
