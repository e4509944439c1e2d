"""Nobody waits for who reads the store, and what was forgotten meanwhile is brought out of the files when the reading ends."""

from __future__ import annotations

import io
import subprocess
import sys
import threading
from contextlib import contextmanager
from time import perf_counter

import pytest

import memproc
from memproc.store.checkup.doctor import examine_at
from tests.store.test_doctor import codes_of
from tests.waiting import LIMIT_SECONDS, bounded

SECRETS = [f"Keeps the purple giraffe number {number} in the cellar" for number in range(12)]
WORD = b"giraffe"
ENDS = ("", "-wal", "-shm")


def told(path, word=WORD):
    """Return the ends of the names of the files of a store in which the secret stands."""
    files = ((end, path.with_name(path.name + end)) for end in ENDS)
    return [end for end, file in files if file.exists() and word in file.read_bytes()]


def filled(store):
    """Put the secrets into a store; return the path of its file."""
    memproc.ingest([{"content": text} for text in SECRETS], store)
    return store._opened.database.file


READER = """
import sys, memproc
with memproc.open(sys.argv[1]) as store:
    memories = iter(store)
    print(next(memories).id, flush=True)
    sys.stdin.readline()
    print(sum(1 for _ in memories), flush=True)
    sys.stdin.readline()
"""


@contextmanager
def reader_of(path):
    """Give another process that reads the store and has taken the first memory; in the end it is gone."""
    command = [sys.executable, "-c", READER, path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process, bounded(process):
        try:
            assert process.stdout.readline()
            yield process
        finally:
            process.kill()


def go_on(process):
    """Let the other process go on to its next stop."""
    process.stdin.write("\n")
    process.stdin.flush()


WRITES = {
    "forget": lambda store, memory: store.forget(memory.id),
    "unmerge": lambda store, memory: store.unmerge(memory.id),
    "add": lambda store, memory: store.add({"content": f"Knows of {memory.id}"}),
    "rebuild": lambda store, _memory: store.rebuild(),
    "ingest": lambda store, memory: memproc.ingest([{"content": f"Knows of {memory.id}"}], store),
    "export": lambda store, _memory: store.export(io.BytesIO()),
    "doctor": lambda store, _memory: store.doctor(),
    "discard": lambda store, memory: store.discard(
        store.add({"content": "", "source": memory.id}) and store.quarantine()[0].number
    ),
}


@pytest.mark.costly
@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("is_dry", [False, True], ids=["", "rehearsal"])
@pytest.mark.sampled(3)
def test_whatever_is_done_to_a_memory_may_be_done_while_they_are_given(fresh, write, is_dry):
    """What is given is of the moment in which it began, on every database; in a rehearsal too."""
    with fresh() as store:
        memproc.ingest([{"content": text} for text in SECRETS], store)
        expected = [memory.id for memory in store]

        def go_through():
            seen = []
            for memory in store:
                WRITES[write](store, memory)
                seen.append(memory.id)
            return seen

        if is_dry:
            with store.rehearsal():
                assert go_through() == expected
            assert store.count() == len(expected)
        else:
            assert go_through() == expected
        assert store.recount().is_whole


def seconds_to_forget(store, ids):
    """Return how long it takes to forget each of some memories."""
    took = []
    for identifier in ids:
        started = perf_counter()
        store.forget(identifier)
        took.append(perf_counter() - started)
    return took


@pytest.mark.slow
def test_who_forgets_waits_for_no_reader(fresh_file):
    """Neither for one in its own process nor for another one: the quickest takes no more than some times what one takes without."""
    with fresh_file() as store:
        path = filled(store)
        ids = [memory.id for memory in store]
        alone = max(seconds_to_forget(store, ids[:4]))
        memories = iter(store)
        next(memories)
        assert min(seconds_to_forget(store, ids[4:8])) < 20 * alone
        with reader_of(path):
            assert min(seconds_to_forget(store, ids[8:])) < 20 * alone
        assert store.count() == 0
        assert len([*memories]) == 7


@pytest.mark.costly
def test_what_is_forgotten_while_it_is_read_is_gone_when_the_reading_ends(fresh_file):
    """As soon as the last memory is given, the store being open."""
    with fresh_file() as store:
        path = filled(store)
        for memory in store:
            store.forget(memory.id)
            assert told(path)
            assert "unwiped" in codes_of(store.doctor())
        assert not told(path)
        assert store.doctor() == ()


@pytest.mark.parametrize("end", ["close", "delete", "close the store"])
def test_what_is_forgotten_is_gone_when_the_reading_is_broken_off(fresh_file, end):
    """However it ends; at the latest with the store."""
    with fresh_file() as store:
        path = filled(store)
        memories = iter(store)
        gone = next(memories)
        store.forget(gone.id)
        assert told(path, gone.content.encode())
        if end == "close":
            memories.close()
        if end == "close the store":
            store.close()
        del memories
        assert not told(path, gone.content.encode())


@pytest.mark.slow
def test_another_process_that_read_meanwhile_brings_it_out(fresh_file):
    """`doctor` tells in both processes what is due; when the reader has read to its end, it is done, though nobody has closed."""
    with fresh_file() as store:
        path = filled(store)
        with reader_of(path) as reader:
            for memory in store.find(limit=None):
                store.forget(memory.id)
            assert told(path)
            assert "unwiped" in codes_of(store.doctor())
            assert "unwiped" in codes_of(examine_at(path))
            go_on(reader)
            assert reader.stdout.readline() == f"{len(SECRETS) - 1}\n"
            assert not told(path)
            assert store.doctor() == ()
            go_on(reader)
            assert reader.wait(LIMIT_SECONDS) == 0
    assert not told(path)


@pytest.mark.slow
def test_what_a_killed_reader_kept_is_brought_out_by_the_next_who_opens_the_store(fresh_file):
    """Also where who forgot it is gone too."""
    with fresh_file() as store:
        path = filled(store)
        code = "import memproc, os, sys; s = memproc.open(sys.argv[1]); [s.forget(m.id) for m in s.find()]; os._exit(0)"
        with reader_of(path) as reader:
            subprocess.run([sys.executable, "-c", code, path], check=True, timeout=LIMIT_SECONDS)
            assert told(path)
            reader.kill()
            reader.wait(LIMIT_SECONDS)
        assert told(path)
        with memproc.open(path) as again:
            assert not told(path)
            assert again.doctor() == ()


class Slow(io.BytesIO):
    """A stream that takes one line, and the next when it is told to."""

    def __init__(self):
        """Have taken nothing yet."""
        super().__init__()
        self.has_one, self.may_go_on = threading.Event(), threading.Event()

    def write(self, line):
        """Take a line, and wait."""
        self.has_one.set()
        assert self.may_go_on.wait(LIMIT_SECONDS)
        return super().write(line)


@pytest.mark.costly
def test_an_export_to_a_slow_stream_keeps_nobody_waiting(fresh_file):
    """It is of the moment in which it began; a forgotten memory is gone from the files when it is done."""
    with fresh_file() as store:
        path = filled(store)
        stream = Slow()
        exporting = threading.Thread(target=store.export, args=(stream,), daemon=True)
        exporting.start()
        assert stream.has_one.wait(LIMIT_SECONDS)
        for memory in store.find(limit=None):
            store.forget(memory.id)
        assert exporting.is_alive()
        assert told(path)
        stream.may_go_on.set()
        exporting.join(LIMIT_SECONDS)
        assert stream.getvalue().count(WORD) == len(SECRETS)
        assert not told(path)


@pytest.mark.costly
def test_what_a_full_export_tells_to_forget_is_brought_out_too(fresh_file, tmp_path):
    """As if it were forgotten by hand."""
    with fresh_file() as store, fresh_file() as other:
        path = filled(store)
        filled(other)
        for memory in other.find(limit=None):
            other.forget(memory.id)
        other.export(tmp_path / "full.jsonl", full=True)
        memproc.ingest(tmp_path / "full.jsonl", into=store, trust_decisions=True)
        assert store.count() == 0
        assert not told(path)


@pytest.mark.costly
def test_under_any_prefix_what_was_forgotten_leaves_the_files(tmp_path):
    """The log is cut of the store that is meant, and the check-up has nothing to say."""
    path = tmp_path / "application.db"
    with (
        memproc.open(path) as one,
        memproc.open(path, settings=memproc.Settings(table_prefix="two_")) as other,
    ):
        one.add({"content": "She likes green tea"})
        memory = other.add({"content": "She keeps a hedgehog"}).memory
        other.forget(memory.id)
        log = path.with_name(f"{path.name}-wal")
        assert b"hedgehog" not in path.read_bytes() + (log.read_bytes() if log.exists() else b"")
        assert (one.doctor(), other.doctor()) == ((), ())
