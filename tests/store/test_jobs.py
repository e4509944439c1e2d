"""Jobs: they go on where they were cut off, have one owner, and do what they are asked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace

import psutil
import pytest
from sqlalchemy import select

import memproc
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.ingestion import checkpoint as resuming
from memproc.ingestion.checkpoint import Checkpoint, Place, Start
from memproc.store.jobs.owners import Owner
from memproc.store.sql import tables
from tests.conftest import ROOT
from tests.events import CutOffError, batches
from tests.waiting import LIMIT_SECONDS

FIXTURES = ROOT / "fixtures"
CHAT = FIXTURES / "chatgpt.json"


def exported(store):
    """Return the export without what tells of arrival."""
    lines = []
    for memory in store:
        trace = store.trace(memory.id)
        lines.append((memory, sorted(seen.observation for seen in trace.observations)))
    return lines


def cut_off_after(batches):
    """Give a callback that raises after so many batches."""
    left = [batches]

    def on_progress(_progress):
        left[0] -= 1
        if left[0] == 0:
            raise CutOffError

    return on_progress


def ingest(store, what, *, batch_size=3, **options):
    """Ingest in small batches."""
    settings = options.pop("settings", memproc.Settings())
    return memproc.ingest(what, store, settings=replace(settings, batch_size=batch_size), **options)


@pytest.fixture
def nobody_waits(monkeypatch):
    """Let nobody wait for the owner of a job."""

    def refuse(_seconds):
        raise AssertionError("it waits for the owner of the job")

    monkeypatch.setattr(resuming, "sleep", refuse)


def told(report):
    """Return what a report tells of the whole job."""
    ways = ("job", "seconds", "records_per_second", "peak_rss_mb", "workers", "batches", "candidates", "verified")
    ways += ("batch_log", "resources")
    return {name: value for name, value in report.as_dict().items() if name not in ways}


def written(tmp_path, count, name="many.jsonl", start=0):
    """Write a file of facts, some of them bad."""
    lines = [
        {"content": f"She keeps {number} hens and feeds them on Monday", "importance": 7 if number % 9 == 4 else 0.5}
        for number in range(start, start + count)
    ]
    path = tmp_path / name
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def set_job(store, **values):
    """Change the row of the only job, as time or another machine would."""
    with store._opened.database.write() as tx:
        tx.update_rows(tables.jobs, [{"number": 1, **values}])


@pytest.mark.costly
@pytest.mark.parametrize("source", ["chatgpt.json", "claude.json", "locomo.json", "memories.jsonl", "memories.csv"])
@pytest.mark.sampled(4)
def test_a_job_goes_on_where_it_was_cut_off(fresh, source):
    """After any batch, also within a conversation: the same store and the same report as without."""
    path = FIXTURES / source
    with fresh() as whole:
        expected = told(ingest(whole, path))
        count = whole.jobs()[0].read // 3 + 1
        for cut in range(1, count):
            with fresh() as store:
                with pytest.raises(CutOffError):
                    ingest(store, path, on_event=batches(cut_off_after(cut)))
                assert store.jobs()[0].status == "failed"
                before = store.recount().read
                report = ingest(store, path, resume=True)
                assert before == 3 * cut or report.read == before
                assert told(report) == expected
                assert exported(store) == exported(whole)
                (job,) = store.jobs()
                assert (job.status, job.runs, job.read) == ("done", 2, report.read)
                assert store.recount().is_whole


@pytest.mark.costly
def test_several_files_are_one_job(fresh, tmp_path):
    """Cut off in the second file, it goes on there, and the first is not read again."""
    paths = [written(tmp_path, 7), written(tmp_path, 8, "more.jsonl", 100), CHAT]
    with fresh() as whole, fresh() as store:
        expected = told(ingest(whole, paths, format=None))
        with pytest.raises(CutOffError):
            ingest(store, paths, on_event=batches(cut_off_after(4)))
        assert told(ingest(store, paths, resume=True)) == expected
        assert exported(store) == exported(whole)
        assert store.recount().is_whole


@pytest.mark.costly
def test_decisions_of_a_full_export_survive_a_cut(fresh, tmp_path):
    """They stand behind the observations, and land with the last batch."""
    with fresh() as first:
        memproc.ingest(FIXTURES / "memories.jsonl", first)
        merged = next(memory for memory in first if len(first.trace(memory.id).observations) > 1)
        first.unmerge(first.trace(merged.id).observations[0].observation)
        first.export(tmp_path / "full.jsonl", full=True)
        with fresh() as store:
            with pytest.raises(CutOffError):
                ingest(store, tmp_path / "full.jsonl", trust_decisions=True, on_event=batches(cut_off_after(5)))
            report = ingest(store, tmp_path / "full.jsonl", trust_decisions=True, resume=True)
            assert (report.job, report.format, report.left_out) == (1, "memproc-full", {})
            assert exported(store) == exported(first)
            assert store.decisions() == first.decisions()


def test_what_is_done_is_not_done_again(fresh, tmp_path):
    """And tells what it did; where there is no job one is begun; a cancelled one is begun anew."""
    path = written(tmp_path, 10)
    with fresh() as store:
        first = ingest(store, path, resume=True)
        again = ingest(store, path, resume=True)
        assert (again.job, again.read, again.status) == (first.job, 10, "done")
        assert "nothing to do" in again.notes[0]
        assert len(store.jobs()) == 1
        path.write_text(path.read_text() + '{"content": "She sold the hens"}\n')  # done, and then more was written
        assert ingest(store, path, resume=True).read == 11
        with pytest.raises(CutOffError):
            ingest(store, CHAT, on_event=batches(cut_off_after(1)))
        store.jobs()[-1].cancel()
        assert store.jobs()[-1].status == "cancelled"
        assert ingest(store, CHAT, resume=True).job == store.jobs()[-1].number == 4


def test_a_source_that_changed_is_refused(fresh, tmp_path):
    """What has landed would not be what stands there now."""
    path = written(tmp_path, 10)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        before = path.read_text()
        path.write_text(before.replace("hens", "ducks"))
        with pytest.raises(memproc.UsageError, match="has changed since job 1 began"):
            ingest(store, path, resume=True)
        path.write_text(before)
        assert ingest(store, path, resume=True).read == 10


def test_an_iterable_is_read_again(fresh):
    """It has no place to go on from; what was known is duplicate."""
    records = [{"content": f"She keeps {number} hens at home"} for number in range(7)]
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, records, on_event=batches(cut_off_after(1)))
        report = ingest(store, records, resume=True)
        assert (report.read, report.duplicate, report.stored) == (7, 3, 4)


@pytest.mark.costly
def test_other_settings_of_a_run_are_no_other_job(fresh, tmp_path):
    """A job that stopped at a tolerance goes on with a wider one; what was quarantined before counts."""
    path = written(tmp_path, 40)
    with fresh() as store:
        report = ingest(store, path, settings=memproc.Settings(max_errors=1))
        assert (report.status, report.quarantined) == ("stopped", 2)
        for _ in range(3):
            again = ingest(store, path, resume=True, settings=memproc.Settings(max_errors=1))
            assert (again.status, again.read, again.quarantined) == ("stopped", report.read, 2)
            assert "2 of 15 records were quarantined, more than max_errors=1" in again.notes[-1]
        report = ingest(store, path, resume=True, batch_size=7, settings=memproc.Settings(max_errors=3))
        assert (report.status, report.quarantined) == ("stopped", 4)
        report = ingest(store, path, resume=True)
        assert (report.status, report.read, report.quarantined) == ("done", 40, 4)
        assert ingest(store, path, resume=True, namespace="other").job == 2


@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("cancel", "cancelled")])
def test_a_job_does_what_it_is_asked(fresh, tmp_path, verb, status):
    """After the batch at hand, whoever asks."""
    path = written(tmp_path, 10)
    with fresh() as store, memproc.open(store.place) as other:

        def ask(progress):
            if progress.read == 3:
                (job,) = other.jobs()
                assert job.is_alive
                getattr(job, verb)()
                assert other.jobs()[0].request == verb

        report = ingest(store, path, on_event=batches(ask))
        assert (report.status, report.read) == (status, 6)
        assert store.jobs()[0].status == status
        assert ingest(store, path, resume=True).status == "done"
        assert len(store.jobs()) == (1 if verb == "pause" else 2)
        assert store.recount().is_whole


def test_a_job_whose_process_was_killed_is_cancelled_at_once(fresh, tmp_path):
    """And one that was to be cancelled when its process died is cancelled by who would go on with it."""
    path = written(tmp_path, 12)
    with fresh() as store:
        dead = Owner.of_this_process()._replace(started=1.0)
        killed = {"status": "running", "owner": dead.to_json(), "lease_until": int((time.time() + 60) * 1e6), "finished_at": None}
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        set_job(store, **killed)
        store.jobs()[0].cancel()
        assert [(job.status, job.request) for job in store.jobs()] == [("cancelled", None)]
        set_job(store, **killed, request="cancel")
        assert ingest(store, path, resume=True).job == 2
        assert [(job.status, job.request) for job in store.jobs()] == [("cancelled", None), ("done", None)]


def test_what_cannot_be_asked_of_a_job_is_said(fresh, tmp_path):
    """Of one that is finished, and of one that no process runs; nothing stays asked."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        for verb in ("pause", "resume"):
            with pytest.raises(memproc.UsageError, match=r"no process runs job 1 \(failed\): `memproc ingest --resume`"):
                getattr(store.jobs()[0], verb)()
        ingest(store, path, resume=True, on_event=batches(lambda progress: progress.read == 9 and store.jobs()[0].pause()))
        assert [(job.status, job.request) for job in store.jobs()] == [("paused", None)]
        ingest(store, path, resume=True)
        for verb, what in (("pause", "pause"), ("resume", "go on with"), ("cancel", "cancel")):
            with pytest.raises(memproc.UsageError, match=f"job 1 is done: there is nothing to {what}"):
                getattr(store.jobs()[0], verb)()
        assert [(job.status, job.request) for job in store.jobs()] == [("done", None)]


@pytest.mark.usefixtures("nobody_waits")
def test_a_job_that_could_not_write_how_it_ended_goes_on(fresh, tmp_path):
    """In the same process at once, though its row says that it runs; in another one after a long silence."""
    path = written(tmp_path, 12)
    with fresh() as store:
        write = store._opened.database.write

        def fail(progress):
            if progress.read == 6:
                store._opened.database.write = broken

        def broken():
            raise DatabaseError(Failure(Kind.CRITICAL, "the disk is full"), "full")

        with pytest.raises(DatabaseError, match="the disk is full"):
            ingest(store, path, on_event=batches(fail))
        store._opened.database.write = write
        (job,) = store.jobs()
        assert (job.status, job.is_alive, job.finished_at) == ("running", False, None)
        report = ingest(store, path, resume=True)
        assert (report.status, report.job, report.read) == ("done", 1, 12)


def test_an_owner_that_lives_and_has_long_been_silent_is_not_waited_for(fresh, tmp_path):
    """It may have been unable to write that it ended; if it goes on all the same, it is fenced off."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        parent = psutil.Process(os.getppid())
        owner = Owner.of_this_process()._replace(pid=parent.pid, started=parent.create_time(), run="its own")
        set_job(store, status="running", owner=owner.to_json(), lease_until=int((time.time() - 590) * 1e6))
        assert store.jobs()[0].is_alive
        assert store._writer.take_job(*store_job_keys(store))[1] is None
        set_job(store, lease_until=int((time.time() - 610) * 1e6))
        assert ingest(store, path, resume=True).read == 12


def store_job_keys(store):
    """Return the identity and the fingerprint of the only job."""
    with store._opened.transactions.reading() as tx:
        return tuple(tx.execute(select(tables.jobs.c.identity, tables.jobs.c.fingerprint)).one())


def test_what_was_asked_can_be_taken_back(fresh, tmp_path):
    """As long as the process has not seen it."""
    with fresh() as store, memproc.open(store.place) as other:

        def ask(_progress):
            other.jobs()[0].pause()
            other.jobs()[0].resume()

        assert ingest(store, written(tmp_path, 10), on_event=batches(ask)).status == "done"


def test_a_late_writer_is_fenced_off(fresh, tmp_path):
    """Who lost a job to another process writes nothing more, and is told why."""
    path = written(tmp_path, 12)
    with fresh() as store, memproc.open(store.place) as other:

        def lose(progress):
            if progress.read == 3:
                set_job(other, owner='["another machine", 1, 0.0]', lease_until=0)
                assert ingest(other, path, resume=True).status == "done"

        with pytest.raises(memproc.StoreError, match="taken over by another process"):
            ingest(store, path, on_event=batches(lose))
        (job,) = store.jobs()
        assert (job.status, job.runs, job.read) == ("done", 2, 12)
        assert store.recount().is_whole


@pytest.mark.slow
def test_a_job_of_another_machine_is_waited_for_until_its_lease_ends(fresh, tmp_path):
    """And one of this machine as long as its process lives."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        until = time.time() + 1
        set_job(store, status="running", owner='["another machine", 1, 0.0]', lease_until=int(until * 1e6))
        assert ingest(store, path, resume=True).read == 12
        assert time.time() >= until


@pytest.mark.costly
def test_a_job_whose_process_lives_is_waited_for(fresh, tmp_path):
    """Whoever comes second finds it done, and does nothing."""
    path = written(tmp_path, 12)
    with fresh() as store, memproc.open(store.place) as other:
        reports = []
        thread = threading.Thread(target=lambda: reports.append(ingest(other, path, resume=True)))

        def begin_another(progress):
            if progress.read == 3:
                thread.start()
                time.sleep(0.2)

        ingest(store, path, on_event=batches(begin_another))
        thread.join(LIMIT_SECONDS)
        assert (reports[0].job, reports[0].read, len(store.jobs())) == (1, 12, 1)


@pytest.mark.usefixtures("nobody_waits")
def test_a_job_of_a_dead_process_is_taken_over_at_once(fresh, tmp_path):
    """A process of that number may live; it is not the one that began the job."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        owner = Owner.of_this_process()._replace(started=1.0)
        set_job(store, status="running", owner=owner.to_json(), lease_until=int((time.time() + 60) * 1e6))
        assert store.jobs()[0].is_alive is False
        assert ingest(store, path, resume=True).status == "done"


@pytest.mark.costly
def test_a_connection_lost_behind_a_commit_lands_nothing_twice(fresh, tmp_path):
    """The batch is in; its writer, who was not told, finds it there."""
    path = written(tmp_path, 12)
    with fresh() as store, fresh() as undisturbed:
        write, commits = store._opened.database.write, [0]

        class Lost:
            def __init__(self):
                self.inner = write()

            def __enter__(self):
                return self.inner.__enter__()

            def __exit__(self, *error):
                self.inner.__exit__(*error)
                commits[0] += 1
                if commits[0] % 3 == 0:
                    raise DatabaseError(Failure(Kind.TRANSIENT, "the connection was lost"), "")

        store._opened.database.write = Lost
        report = ingest(store, path)
        store._opened.database.write = write
        assert told(report) == told(ingest(undisturbed, path))
        assert store.recount().is_whole
        assert exported(store) == exported(undisturbed)


def test_a_batch_too_large_for_the_database_is_halved(fresh, tmp_path, monkeypatch):
    """Down to the record that is too large by itself, which is quarantined."""
    path = written(tmp_path, 12)
    with fresh() as store:
        land = memproc.store.changes.landing.Landing.land

        def refuse(self, tx, arrived, there, origin):
            texts = arrived.records.accepted.text
            if len(texts) > 2 or any(" 5 hens" in text for text in texts):
                raise DatabaseError(Failure(Kind.CAPACITY, "too much at once"), "packet")
            return land(self, tx, arrived, there, origin)

        monkeypatch.setattr(memproc.store.changes.landing.Landing, "land", refuse)
        report = ingest(store, path, batch_size=100)
        assert (report.read, report.stored, report.quarantined) == (12, 10, 2)
        assert report.errors["resource"] == 1
        assert store.recount().is_whole


def test_what_is_asked_between_the_halves_of_a_batch_is_heard(fresh, tmp_path, monkeypatch):
    """Also where no batch comes after it."""
    path = written(tmp_path, 12)
    with fresh() as store:
        land = memproc.store.changes.landing.Landing.land

        def refuse(self, tx, arrived, there, origin):
            if len(arrived.records) > 6:
                raise DatabaseError(Failure(Kind.CAPACITY, "too much at once"), "packet")
            return land(self, tx, arrived, there, origin)

        def ask(progress):
            if progress.read == 6:
                store.jobs()[0].pause()

        monkeypatch.setattr(memproc.store.changes.landing.Landing, "land", refuse)
        report = ingest(store, path, batch_size=100, on_event=batches(ask))
        assert (report.status, report.read) == ("paused", 12)


def test_a_dry_run_reads_all_and_takes_no_job_over(fresh, tmp_path):
    """It holds the lock all the while: to wait for the owner of a job would be to wait for ever."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        assert ingest(store, path, dry_run=True, resume=True).read == 12
        assert [(job.status, job.runs, job.read) for job in store.jobs()] == [("failed", 1, 3)]


def test_a_dry_run_leaves_no_job(fresh, tmp_path):
    """And resumes none."""
    path = written(tmp_path, 12)
    with fresh() as store:
        ingest(store, path, dry_run=True)
        assert store.jobs() == []
        store.add({"content": "She likes tea"})
        with store.rehearsal():
            store.add({"content": "She likes milk"})
        store.add({"content": "She likes bread"})
        assert store.count() == 2
        assert store.recount().is_whole


def test_a_place_moves_with_items_and_records():
    """A batch may end within an item, and an item may hold nothing; what an item left out counts when it is passed."""
    place = Place(Checkpoint(Start(0, 2, 1), {"events": 1}))
    assert place.take([], []) == 0
    assert place.take([4, 0], [(0, {"questions": 2}), (1, {"events": 5})]) == 1
    assert place.take([2], []) == 0
    assert place.after(2)[:2] == ((0, 2, 3, None), {"events": 1})
    assert place.after(3)[:2] == ((0, 4, 0, None), {"events": 6, "questions": 2})
    place.land(place.after(2))
    place.land(place.after(2))
    assert place.after(0)[:2] == ((0, 4, 1, None), {"events": 6, "questions": 2})
    place.land(place.after(1))
    place.end()
    assert place.unended(3) == [1, 2]
    place.begin(1)
    assert place.after(0) == ((1, 0, 0, None), {"events": 6, "questions": 2}, (), 2)
    assert Checkpoint.from_json(place.after(0).to_json()) == place.after(0)


def test_a_place_keeps_the_sources_in_mind_that_were_left_before_their_end():
    """Who resumes begins with them, each where it was left, with the mark that was told of its last committed item."""
    place = Place(Checkpoint())
    place.begin(0, lambda items: f"behind {items}")
    place.take([2, 1], [])
    place.land(place.after(2))
    place.begin(1)
    place.take([5], [])
    place.land(place.after(3))
    left = Checkpoint.from_json(place.after(0).to_json())
    assert left == ((1, 0, 3, None), {}, ((0, 1, 0, "behind 1"),), 2)
    resumed = Place(left)
    assert resumed.unended(3) == [0, 1, 2]
    resumed.begin(0)
    assert resumed.start == (0, 1, 0, "behind 1")
    resumed.end()
    resumed.begin(1)
    assert resumed.start == (1, 0, 3, None)
    assert resumed.take([5], []) == 3
    assert resumed.unended(3) == [1, 2]


KILLED = """
import os, signal, sys, memproc
store = memproc.open(sys.argv[1])
if sys.argv[2] == "add":
    store.add({"content": "She likes tea"})
    store.add({"content": "She has a dog"})
    os.kill(os.getpid(), signal.SIGKILL)
die = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
if sys.argv[2] == "iterable":
    records = [{"content": f"kestrel {n} saw {n + 1}"} for n in range(9)]
    memproc.ingest(records, store, on_event=lambda event: isinstance(event, memproc.BatchLanded) and die())
if sys.argv[2] == "replay":
    memproc.ingest([{"content": "She likes tea", "importance": 7}], store)
    store.replay(transform=die)
"""


@pytest.mark.costly
@pytest.mark.parametrize("what", ["add", "iterable", "replay"])
@pytest.mark.sampled(3)
def test_what_a_killed_application_left_is_closed_by_the_next_opening(fresh, what):
    """Its records are in, nobody can go on with it, and nothing is wrong with the store."""
    with fresh() as store:
        url = store.url
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run([sys.executable, "-c", KILLED, url, what], env=environment, timeout=LIMIT_SECONDS, check=False)
        assert done.returncode == -signal.SIGKILL
        assert store.jobs()[-1].status == "running"
        with memproc.open(url) as opened:
            job = opened.jobs()[-1]
            assert (job.status, job.is_alive) == ("interrupted", None)
            assert job.finished_at is not None
            assert opened.doctor() == ()
            assert opened.recount().is_whole
            assert opened.add({"content": "She sails"}).outcome == "stored"


@pytest.mark.costly
def test_what_a_living_process_adds_to_is_closed_by_nobody(fresh):
    """Neither by another opening of the same process nor by one of another."""
    with fresh() as store:
        store.add({"content": "She likes tea"})
        code = "import sys, memproc; memproc.open(sys.argv[1]).close()"
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        with memproc.open(store.place):
            assert store.jobs()[0].status == "running"
        subprocess.run([sys.executable, "-c", code, store.url], env=environment, timeout=LIMIT_SECONDS, check=True)
        assert store.jobs()[0].status == "running"


@pytest.mark.parametrize(("silent_seconds", "status"), [(60, "running"), (700, "interrupted")])
def test_a_job_of_another_machine_is_closed_after_a_long_silence(fresh, silent_seconds, status):
    """Its process cannot be asked, and who adds single records may rest between them."""
    with fresh() as store:
        store.add({"content": "She likes tea"})
        elsewhere = Owner("elsewhere", 1, 1.0, "run")
        set_job(store, owner=elsewhere.to_json(), lease_until=int((time.time() - silent_seconds) * 1e6))
        with memproc.open(store.place) as opened:
            assert opened.jobs()[0].status == status


def test_a_job_on_files_waits_for_who_goes_on_with_it(fresh, tmp_path):
    """It is not closed: resume finds it, and the check-up tells of it."""
    path = written(tmp_path, 12)
    with fresh() as store:
        with pytest.raises(CutOffError):
            ingest(store, path, on_event=batches(cut_off_after(1)))
        dead = Owner.of_this_process()._replace(started=1.0)
        set_job(store, status="running", owner=dead.to_json(), lease_until=2**60, finished_at=None)
        with memproc.open(store.place) as opened:
            assert opened.jobs()[0].status == "running"
            assert [finding.code for finding in opened.doctor()] == ["jobs"]
            assert ingest(opened, path, resume=True).status == "done"


@pytest.mark.costly
def test_an_opening_does_not_wait_for_a_writer_to_close_what_was_left(fresh):
    """The next one does it."""
    with fresh() as store:
        store.add({"content": "She likes tea"})
        dead = Owner.of_this_process()._replace(started=1.0)
        set_job(store, owner=dead.to_json())
        with store._opened.database.write():
            memproc.open(store.place).close()
        assert store.jobs()[0].status == "running"
        memproc.open(store.place).close()
        assert store.jobs()[0].status == "interrupted"
