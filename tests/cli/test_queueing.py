"""The commands on the queue: what they print, and their exit codes."""

from __future__ import annotations

import pytest

import memproc
from memproc.service.worker import Worker
from tests.command_line import run_memproc
from tests.service.queues import jsonl


@pytest.fixture
def path(tmp_path):
    """Give the path of a store."""
    path = tmp_path / "memories.db"
    memproc.open(path).close()
    return path


def test_a_file_that_is_not_there_is_submitted_and_told(path, tmp_path):
    """As it may be there for the worker; one that is there is not told of."""
    code, _, told = run_memproc("jobs", "submit", "gone.jsonl", "--into", path, folder=tmp_path)
    assert (code, told.split(" is not there now: ")[0]) == (0, str(tmp_path / "gone.jsonl"))
    assert run_memproc("jobs", "submit", jsonl(tmp_path, "a", 1), "--into", path)[2] == ""


def test_a_job_of_a_later_time_waits_until_then(path, tmp_path):
    """Its time is told."""
    told = run_memproc("jobs", "submit", jsonl(tmp_path, "a", 1), "--into", path, "--at", "2999-01-01")[1]
    assert told.startswith("1  waiting until 2999-01-01T00:00:00.000000Z  normal, submitted 20")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("--set", "batchsize=3"), "--set: 'batchsize' is no setting: choose among dedup, "),
        (("--set", "batch_size=-3"), "--set batch_size=-3: "),
        (("--priority", "urgent"), "Invalid value for '--priority': 'urgent' is not one of 'high', 'normal', 'low'"),
        (("--at", "tomorrow"), "at='tomorrow': not a date: 'tomorrow': give one as in 2026-05-01T18:30:00Z"),
    ],
)
def test_what_a_job_cannot_be_given_is_wrong_use(path, tmp_path, given, told):
    """It is told with what would be right."""
    code, _, message = run_memproc("jobs", "submit", jsonl(tmp_path, "a", 1), "--into", path, *given)
    assert code == 2
    assert told in message


def test_a_worker_makes_no_store(tmp_path):
    """Where the path is wrong it would wait for ever."""
    code, _, told = run_memproc("work", "memoreis.db", "--until-empty", folder=tmp_path)
    assert (code, told) == (
        2,
        "memproc: there is no store at memoreis.db: no such file; `memproc ingest FILE --into DB` makes one\n",
    )
    assert not [*tmp_path.iterdir()]


def test_the_figures_of_a_queue_are_lines(path, tmp_path):
    """With what each namespace used, and who is at work."""
    with memproc.open(path) as store:
        store.submit(jsonl(tmp_path, "a", 1), namespace="ann", deadline="2999-01-01")
        Worker(store).work(until_empty=True)
    told = run_memproc("jobs", "queue", path, "--stats")[1].splitlines()
    assert (told[0], told[1][:8], told[2]) == ("jobs: 1 done", "waited: ", "deadlines: 1, of which 100.0% were met")
    assert told[3].startswith("namespace ann: 1 attempt, ")
    assert told[4:] == ["no worker is at work: memproc work DB is one"]
