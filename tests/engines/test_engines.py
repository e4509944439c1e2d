"""Every engine gives the store that one process gives, and goes on where a worker does not."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from itertools import count
from multiprocessing import get_context

import orjson
import pytest

import memproc
from benchmarks.corpus import write_corpus
from memproc.ingestion.batches import CHUNK_ITEMS
from memproc.ingestion.engines.loop import IN_FLIGHT_A_WORKER
from memproc.ingestion.engines.pools import ENGINES, pool_of
from tests.conftest import ROOT
from tests.engines.deadly import Deadly
from tests.events import batches
from tests.waiting import LIMIT_SECONDS


def engines(*names, quick=("threads",), rare=()):
    """Return names of engines as parameters; those that a default run leaves to CI are marked, and those that CI leaves out."""
    marks = dict.fromkeys(names, pytest.mark.engine) | dict.fromkeys(quick, ()) | dict.fromkeys(rare, LONG)
    return [pytest.param(name, marks=marks[name]) for name in names]


LONG = (pytest.mark.slow, pytest.mark.long)
PARALLEL = engines(*ENGINES[1:], quick=("threads", "processes"))
OTHER_PROCESSES = ENGINES[2:]
NEEDED = {"dask": "distributed", "ray": "ray"}
# What Dask and Ray leave open as they end is theirs.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::FutureWarning"),
]


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """Give the path of 3,000 labelled records."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    write_corpus(records=3_000, seed=11, path=path)
    return path


@pytest.fixture(scope="module")
def clusters():
    """Give a function that begins a cluster of a kind once, and returns what is handed over for it."""
    begun = {}

    def begin(name):
        if name in NEEDED:
            pytest.importorskip(NEEDED[name])
            begun[name] = begun.get(name) or pool_of(name, 2)
        if name == "dask":
            return begun[name].executor._client
        return name

    yield begin
    for pool in begun.values():
        pool.close()


@pytest.fixture(params=PARALLEL)
def name(request):
    """Give the name of each engine but the sequential one."""
    return request.param


@pytest.fixture
def engine(name, clusters):
    """Give each engine but the sequential one, where its package is there. Clusters are begun once for all tests."""
    return clusters(name)


def exported(folder, what, **given):
    """Take records into a new store, and return the report and the export without what tells of arrival."""
    settings = memproc.Settings(batch_size=500, max_workers=2)
    with memproc.open(folder / f"{next(_numbers)}.db", settings=settings) as store:
        report = memproc.ingest(what, store, settings=settings, **given)
        path = folder / "export.jsonl"
        store.export(path)
        assert store.recount().is_whole
    memories = [orjson.loads(line) for line in path.read_bytes().splitlines()]
    for memory in memories:
        for seen in memory["observations"]:
            del seen["position"], seen["outcome"], seen["confidence"]
    return report, memories


_numbers = count()


@pytest.mark.slow
def test_every_engine_gives_the_same_store(corpus, tmp_path, name, engine):
    """And tells which processes did the work; on engines with processes that is not this one."""
    report, memories = exported(tmp_path, corpus, engine=engine)
    plain, expected = exported(tmp_path, corpus)
    assert memories == expected
    assert report.read == plain.read == sum(worker["records"] for worker in report.workers)
    assert (report.review, report.candidates, report.verified) == (plain.review, plain.candidates, plain.verified)
    assert plain.workers == [{"pid": os.getpid(), "records": 3_000}]
    assert (os.getpid() in {worker["pid"] for worker in report.workers}) == (name not in OTHER_PROCESSES)


@pytest.mark.parametrize("name", engines("threads", "processes", "dask", "ray", rare=("threads", "dask")))
@pytest.mark.slow
def test_every_engine_takes_conversations_apart_alike(locomo, tmp_path, engine):
    """One item gives hundreds of records, and a batch ends in the middle of one."""
    assert exported(tmp_path, locomo, engine=engine)[1] == exported(tmp_path, locomo)[1]


@pytest.mark.parametrize("name", engines("processes", "forkserver", "dask", "ray", rare=("forkserver",)))
def test_a_killed_worker_costs_nothing(corpus, tmp_path, name, engine):
    """What it was at work on is prepared by another."""
    killed = []

    def kill_one(_progress):
        if not killed:
            killed.append(_a_worker(name))
            os.kill(killed[0], signal.SIGKILL)

    report, memories = exported(tmp_path, corpus, engine=engine, on_event=batches(kill_one))
    assert killed
    assert report.status == "done"
    assert memories == exported(tmp_path, corpus)[1]


def _a_worker(name):
    import psutil  # noqa: PLC0415

    marks = {"dask": "spawn_main", "ray": "ray::"}.get(name, "multiprocessing")
    children = psutil.Process().children(recursive=True)
    commands = {child.pid: " ".join(child.cmdline()) for child in children if child.status() != psutil.STATUS_ZOMBIE}
    return [pid for pid, command in commands.items() if marks in command and "resource_tracker" not in command][-1]


@pytest.mark.parametrize("name", engines("processes", "dask", "ray"))
def test_what_ends_its_workers_is_quarantined_by_itself(tmp_path, engine):
    """Its neighbours are not lost with it."""
    records = [{"content": f"She has been to town number {number}"} for number in range(40)]
    records[17] = {"content": "She drank the poison"}
    path = tmp_path / "records.jsonl"
    path.write_bytes(b"\n".join(map(orjson.dumps, records)))
    settings = memproc.Settings(max_workers=1)
    with memproc.open(tmp_path / "m.db", schema=Deadly) as store:
        report = memproc.ingest(path, store, schema=Deadly, engine=engine, settings=settings)
        assert (report.read, report.stored, report.quarantined) == (40, 39, 1)
        (lost,) = store.quarantine()
        assert lost.faults[0].code == "worker_died"
        assert orjson.loads(lost.raw) == records[17]


@pytest.mark.costly
def test_what_cannot_travel_is_prepared_here(tmp_path):
    """A value that no other process can be given is quarantined, as it is without workers."""
    records = [{"content": "She likes tea"}, {"content": "She likes milk", "metadata": {"lock": threading.Lock()}}]
    report, _ = exported(tmp_path, records, engine="processes")
    assert (report.stored, report.quarantined) == (1, 1)
    assert report.workers == [{"pid": os.getpid(), "records": 2}]


@pytest.mark.slow
def test_an_executor_may_be_handed_over(corpus, tmp_path):
    """It stays open, for its owner may need it."""
    with ThreadPoolExecutor(2) as executor:
        assert exported(tmp_path, corpus, engine=executor)[1] == exported(tmp_path, corpus)[1]
        assert executor.submit(os.getpid).result(LIMIT_SECONDS) == os.getpid()


@pytest.mark.engine
def test_an_executor_that_breaks_stops_the_job(corpus, tmp_path):
    """Memproc cannot begin it anew; what has landed stays, and resume goes on."""
    ended = []

    def end_it(_progress):
        if not ended:  # between two tasks: where it is killed while it sends, the executor waits for the rest for ever
            ended.append(executor.submit(os._exit, 9))

    settings = memproc.Settings(batch_size=100)
    with ProcessPoolExecutor(1, get_context("spawn")) as executor, memproc.open(tmp_path / "m.db", settings=settings) as store:
        with pytest.raises(memproc.EngineError, match="give a fresh one"):
            memproc.ingest(corpus, store, engine=executor, on_event=batches(end_it), settings=settings)
        assert 0 < store.jobs()[0].read < 3_000
        report = memproc.ingest(corpus, store, resume=True, settings=settings)
        assert (report.status, report.read) == ("done", 3_000)


@pytest.mark.engine
def test_workers_that_cannot_begin_are_told(tmp_path):
    """A program without the guard would begin itself anew in each worker."""
    program = tmp_path / "program.py"
    program.write_text("import memproc\nmemproc.ingest([{'content': 'She likes tea'}], 'm.db', engine='processes')\n")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False, env=environment
    )
    assert done.returncode == 1
    assert "EngineError: the workers end before they begin" in done.stderr


@pytest.mark.parametrize("name", engines("dask", "ray"))
def test_a_cluster_is_begun_and_ended(tmp_path, name):
    """By its name alone."""
    pytest.importorskip(NEEDED[name])
    program = f"""if __name__ == "__main__":
    import memproc
    report = memproc.ingest([{{"content": "She likes tea"}}], "m.db", engine={name!r}, settings=memproc.Settings(max_workers=1))
    print(report.stored, len(report.workers))
"""
    (tmp_path / "program.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "program.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
        env=environment,
    )
    assert done.stdout.splitlines()[-1:] == ["1 1"], done.stderr


@pytest.mark.parametrize("wrong", ["fast", 3, None])
def test_an_unknown_engine_is_refused_before_any_work(tmp_path, wrong):
    """With the names of those there are."""
    with pytest.raises(memproc.UsageError, match="sequential, threads, processes"):
        memproc.ingest([{"content": "She likes tea"}], tmp_path / "m.db", engine=wrong)
    assert not (tmp_path / "m.db").exists()


@pytest.mark.slow
def test_few_chunks_are_under_way(tmp_path):
    """However quick the source, memory stays bounded."""
    drawn = 0

    def records():
        nonlocal drawn
        for drawn in range(1, 8 * CHUNK_ITEMS):
            yield {"content": f"She has been to town number {drawn}"}

    ahead = []
    settings = memproc.Settings(batch_size=CHUNK_ITEMS, max_workers=2)
    memproc.ingest(
        records(),
        tmp_path / "m.db",
        engine="threads",
        settings=settings,
        on_event=batches(lambda seen: ahead.append(drawn - seen.read)),
    )
    assert 0 < max(ahead) <= (2 * IN_FLIGHT_A_WORKER + 1) * CHUNK_ITEMS


@pytest.mark.parametrize("name", ["sequential", "threads"])
def test_what_was_read_before_a_source_failed_lands(tmp_path, name):
    """Then the failure is raised as it is."""

    def records():
        for number in range(25):
            yield {"content": f"She has been to town number {number}"}
        raise ConnectionError("the source is gone")

    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(ConnectionError, match="the source is gone"):
            memproc.ingest(records(), store, engine=name, settings=memproc.Settings(batch_size=10))
        assert (store.count(), store.jobs()[0].status) == (25, "failed")


@pytest.mark.slow
def test_a_job_on_workers_can_be_cancelled(corpus, tmp_path):
    """After the batch at hand; nothing more of what was under way lands."""
    settings = memproc.Settings(batch_size=200)
    with memproc.open(tmp_path / "m.db", settings=settings) as store:
        report = memproc.ingest(
            corpus, store, engine="processes", settings=settings, on_event=batches(lambda _: store.jobs()[0].cancel())
        )
        assert report.status == "cancelled"
        assert report.read < 1_000
        assert store.recount().is_whole


def test_what_memproc_begins_it_ends():
    """And no pool is made where none is needed."""
    assert pool_of("sequential", 2) is None
    pool = pool_of("threads", 2)
    pool.close()
    with pytest.raises(RuntimeError, match="shutdown"):
        pool.executor.submit(os.getpid)
