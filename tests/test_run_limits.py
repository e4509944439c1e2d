"""The limits of one ingestion, with real stores: memory, time, and what the report tells of both."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from functools import partial
from itertools import pairwise
from time import process_time

import pytest

import memproc
from memproc.batch_size import BatchSize
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.ingestion import run, stopping
from memproc.ingestion.too_large import KEPT_OF_TOO_LARGE
from memproc.report.report import BATCHES_KEPT
from memproc.store.changes.landing import Landing
from tests.command_line import run_memproc
from tests.events import batches

MANY = 40_000
MAX_MEMORY = 300_000_000
SYLLABLES = [first + second for first in "bdfgklmnprstvz" for second in "aeiou"]
WORDS = [first + second for first in SYLLABLES for second in SYLLABLES]


def written(path, count):
    """Write facts of about 170 characters."""
    chance = random.Random(1)
    with path.open("w") as file:
        for number in range(count):
            content = " ".join(chance.choices(WORDS, k=35))
            file.write(json.dumps({"content": f"{content} {number}"}) + "\n")
    return path


def facts(count):
    """Return records."""
    return [{"content": f"She keeps {number} hens and feeds them on Monday"} for number in range(count)]


def exported(store, path):
    """Return a full export."""
    store.export(path, full=True)
    return path.read_bytes()


@pytest.mark.slow
def test_an_ingestion_stays_under_its_memory_limit(tmp_path):
    """Forty thousand records under 300 MB, all that is imported counted in; the peak is the kernel's own."""
    path = written(tmp_path / "many.jsonl", MANY)
    code = (
        "import sys, memproc\n"
        f"report = memproc.ingest(sys.argv[1], 'm.db', settings=memproc.Settings(max_memory={MAX_MEMORY}))\n"
        "told = sum('max_memory' in note for note in report.notes)\n"
        "print(report.stored + report.duplicate + report.merged, report.peak_rss_mb, told)"
    )
    # A process counts the memory of the one that starts it towards its peak, and this one has grown: a small one stands between.
    between = (
        "import os, subprocess, sys\n"
        "process = subprocess.Popen([sys.executable, *sys.argv[1:]])\n"
        "_, status, usage = os.wait4(process.pid, 0)\n"
        "print(status, usage.ru_maxrss * 1024)"
    )
    done = subprocess.run(
        [sys.executable, "-c", between, "-c", code, str(path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    told, measured = done.stdout.splitlines()
    taken, peak_mb, notes = told.split()
    status, peak_bytes = map(int, measured.split())
    assert (status, int(taken), int(notes)) == (0, MANY, 0)
    assert peak_bytes < MAX_MEMORY
    assert float(peak_mb) == pytest.approx(peak_bytes / 2**20, rel=0.02)


def test_a_limit_that_cannot_be_kept_is_told(fresh_file):
    """Smaller batches save nothing of what is loaded; the ingestion goes on."""
    with fresh_file() as store:
        report = memproc.ingest(facts(10), store, settings=memproc.Settings(max_memory=1))
        assert (report.status, report.read) == ("done", 10)
        assert any("max_memory was exceeded" in note for note in report.notes)
        unlimited = memproc.ingest(facts(10), store)
        assert unlimited.notes == []


def test_the_bytes_of_a_batch_go_with_the_memory_allowed(tmp_path):
    """Also where the size was asked for: records of 20,000 characters, 64 KiB at most and one record more."""
    long = [{"content": f"{number} " + "she keeps hens near the river " * 660} for number in range(40)]
    settings = memproc.Settings(max_memory=1_000_000, batch_size=1_000, dedup="exact")
    report = memproc.ingest(long, tmp_path / "m.db", settings=settings)
    assert [batch.records for batch in report.batch_log] == [4] * 10


def test_an_item_of_many_records_is_cut_by_its_bytes(tmp_path):
    """A conversation comes whole, and is more than a batch holds."""
    turn = {"role": "user", "create_time": 1.7e9, "content": {"content_type": "text"}}
    nodes, parent = {}, None
    for number in range(60):
        parts = [f"{number} " + "she keeps hens near the river " * 660]
        message = turn | {"id": f"m{number}", "author": {"role": "user"}, "content": {"content_type": "text", "parts": parts}}
        nodes[f"n{number}"] = {"id": f"n{number}", "parent": parent, "children": [], "message": message}
        if parent is not None:
            nodes[parent]["children"] = [f"n{number}"]
        parent = f"n{number}"
    talk = {"title": "Hens", "create_time": 1.7e9, "conversation_id": "c1", "mapping": nodes, "current_node": parent}
    (tmp_path / "conversations.json").write_text(json.dumps([talk]))
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(dedup="exact")) as store:
        settings = memproc.Settings(max_memory=1_000_000)
        report = memproc.ingest(tmp_path / "conversations.json", store, settings=settings)
        assert (report.format, report.stored) == ("chatgpt", 60)
        assert max(batch.records for batch in report.batch_log) == 4
        assert store.recount().is_whole


@pytest.mark.costly
def test_time_that_is_over_stops_a_job_and_it_goes_on(fresh, tmp_path):
    """Each run lands at least a batch, and the last leaves the same export as a run without a limit."""
    path = written(tmp_path / "some.jsonl", 60)
    with fresh() as whole, fresh() as store:
        expected = memproc.ingest(path, whole)
        short = memproc.Settings(max_seconds=1e-9, batch_size=25)
        statuses, reads = [], [0]
        while "done" not in statuses:
            report = memproc.ingest(path, store, settings=short, resume=True)
            statuses.append(report.status)
            reads.append(report.read)
            if report.status == "stopped":
                (note,) = report.notes
                assert "max_seconds=1e-09" in note
                assert "resume" in note
        assert all(before < after or after == 60 for before, after in pairwise(reads))
        assert statuses[0] == "stopped"
        assert (report.read, report.stored) == (expected.read, expected.stored)
        assert exported(store, tmp_path / "one") == exported(whole, tmp_path / "other")
        assert store.recount().is_whole


def test_time_enough_changes_nothing(fresh):
    """An hour for ten records."""
    with fresh() as store:
        report = memproc.ingest(facts(10), store, settings=memproc.Settings(max_seconds=3_600))
        assert (report.status, report.notes) == ("done", [])


def test_what_is_gathered_lands_when_the_time_is_over(fresh, monkeypatch):
    """A source that is slow does not keep a job beyond its time until a batch is full."""
    clock = iter(range(10**6))
    for module in (run, stopping):
        monkeypatch.setattr(module, "perf_counter", lambda: float(next(clock)))
    with fresh() as store:
        report = memproc.ingest(iter(facts(1_000)), store, settings=memproc.Settings(max_seconds=20.0, batch_size=1_000))
        assert report.status == "stopped"
        assert 10 < report.read < 30
        assert store.recount().is_whole


@pytest.mark.slow
def test_the_first_size_does_not_matter(tmp_path, monkeypatch):
    """From 1 and from 100,000 the same memories; from 1 the size doubles until it pays no more, and the bytes bound both."""
    path = written(tmp_path / "some.jsonl", 6_000)
    exports, sizes = [], []
    for first in (1, 100_000):
        monkeypatch.setattr("memproc.batch_size.FIRST_BATCH", first)
        with memproc.open(tmp_path / f"{first}.db", settings=memproc.Settings(dedup="exact")) as store:
            report = memproc.ingest(path, store)
            exports.append(exported(store, tmp_path / "out"))
            sizes.append([batch.records for batch in report.batch_log])
    assert exports[0] == exports[1]
    assert sizes[0][:8] == [1, 2, 4, 8, 16, 32, 64, 128]
    assert len(sizes[0]) < 20
    assert sizes[1] == [6_000]


@pytest.mark.costly
def test_a_refused_batch_is_smaller_from_then_on(fresh, monkeypatch):
    """Below what was refused, though batches are quick."""
    land, seen = Landing.land, []

    def refuse(self, tx, arrived, there, origin):
        seen.append(len(arrived.records))
        if len(arrived.records) > 40:
            raise DatabaseError(Failure(Kind.CAPACITY, "too much at once"), "packet")
        return land(self, tx, arrived, there, origin)

    monkeypatch.setattr(Landing, "land", refuse)
    monkeypatch.setattr(run, "BatchSize", StartsAtFifty)
    with fresh() as store:
        report = memproc.ingest(facts(400), store)
        assert (report.status, report.stored) == ("done", 400)
        refused = [size for size in seen if size > 40]
        assert refused == sorted(refused, reverse=True)
        assert len(refused) == len(set(refused)) <= 4
        assert sum(batch.records for batch in report.batch_log) == 400
        assert store.recount().is_whole


class StartsAtFifty(BatchSize):
    """The same size, from 50 on."""

    @classmethod
    def starting(cls, asked, idle):
        """Return it."""
        return BatchSize(50, asked, idle=idle, share=idle)


def test_the_report_tells_of_batches_and_of_what_was_taken(fresh):
    """Time, size and memory of each batch, and seconds of cores, memory and bytes of the run."""
    with fresh() as store:
        report = memproc.ingest(facts(25), store, settings=memproc.Settings(batch_size=10, max_memory=2**30))
        assert [batch.records for batch in report.batch_log] == [10, 10, 5]
        assert 0 < sum(batch.seconds for batch in report.batch_log) <= report.seconds
        used, since_the_process_began = report.resources, process_time()
        assert all(20 < batch.rss_mb <= used["peak_rss_mb"] for batch in report.batch_log)
        assert 0 < used["cpu_seconds"] <= since_the_process_began
        assert used["max_memory_mb"] == 1_024.0
        assert report.as_dict()["batch_log"][0].keys() == {"records", "seconds", "rss_mb"}


@pytest.mark.slow
def interrupt(_progress):
    """Do what a person does."""
    raise KeyboardInterrupt


@pytest.mark.parametrize("how", ["a file", "an iterator", "a dry run"])
def test_an_interrupted_run_tells_of_what_it_did(fresh_file, tmp_path, how):
    """As one that ended; and of going on only where that can be."""
    path = tmp_path / "hens.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in facts(25)))
    what = iter(facts(25)) if how == "an iterator" else path
    settings = memproc.Settings(batch_size=10, max_memory=1)
    with fresh_file() as store, pytest.raises(memproc.Interrupted) as raised:
        memproc.ingest(what, store, settings=settings, on_event=batches(interrupt), dry_run=how == "a dry run")
    assert ("resume" in str(raised.value)) == (how == "a file")
    report = raised.value.report
    assert (report.status, [batch.records for batch in report.batch_log]) == ("interrupted", [report.read])
    assert [note for note in report.notes if "max_memory was exceeded" in note] == report.notes != []
    assert report.resources["max_memory_mb"] == 0.0


def test_a_run_that_cannot_be_resumed_does_not_say_so(fresh, tmp_path):
    """Where its time is over."""
    path = tmp_path / "hens.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in facts(25)))
    settings = memproc.Settings(max_seconds=1e-9)
    with fresh() as store:
        rehearsed = memproc.ingest(path, store, settings=settings, dry_run=True)
        of_iterator = memproc.ingest(iter(facts(25)), store, settings=settings)
        of_file = memproc.ingest(path, store, settings=settings)
    assert ["resume" in " ".join(one.notes) for one in (rehearsed, of_iterator, of_file)] == [False, False, True]


@pytest.mark.costly
def test_of_many_batches_a_thousand_are_told(tmp_path):
    """Evenly thinned."""
    settings = memproc.Settings(batch_size=1, dedup="off")
    report = memproc.ingest(facts(BATCHES_KEPT + 5), tmp_path / "m.db", settings=settings)
    assert report.batches == BATCHES_KEPT + 5
    assert len(report.batch_log) == (BATCHES_KEPT + 5) // 2 + 1


def test_limits_are_options(tmp_path):
    """With units, and refused with advice where they make no sense."""
    run = partial(run_memproc, "ingest", "some.jsonl", "--into", "m.db", "--json", folder=tmp_path)
    written(tmp_path / "some.jsonl", 30)
    code, told, _ = run("--max-seconds", "1e-9", "--batch-size", "10", "--max-workers", "1")
    assert (code, json.loads(told)["status"]) == (1, "stopped")
    code, told, _ = run("--max-memory", "1.5GB", "--resume")
    assert (code, json.loads(told)["read"], json.loads(told)["resources"]["max_memory_mb"]) == (0, 30, 1_430.5)
    for option, value in (("--max-memory", "lots"), ("--max-memory", "0MB"), ("--max-seconds", "0"), ("--max-workers", "0")):
        code, told, error = run(option, value)
        assert (code, told) == (2, "")
        assert "give" in error


def test_a_rejected_record_that_is_too_large_by_itself_is_quarantined_cut(tmp_path, monkeypatch):
    """It is counted, and its beginning is kept."""
    land = Landing.land

    def refusing(self, connection, arrived, *rest):
        if any(len(found.raw) > KEPT_OF_TOO_LARGE for _, found in arrived.records.rejected):
            raise DatabaseError(Failure(Kind.CAPACITY, "too much at once"), "packet")
        return land(self, connection, arrived, *rest)

    monkeypatch.setattr(Landing, "land", refusing)
    large = {"content": "Has a horse", "importance": 7, "note": "x" * 100_000}
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest([{"content": "Has a dog"}, large, {"content": "Has a cat"}], store)
        assert (report.read, report.stored, report.quarantined) == (3, 2, 1)
        (bad,) = store.quarantine()
        assert (bad.category, bad.faults[0].code) == ("resource", "too_large")
        assert len(bad.raw) == KEPT_OF_TOO_LARGE
        assert store.recount().is_whole
