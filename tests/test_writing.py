"""Writing files: plain ones are replaced whole or not at all, what is no file is written through, and nothing else is touched."""

from __future__ import annotations

import errno
import io
import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import threading
from contextlib import chdir, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

import memproc
from memproc import writing
from memproc.writing import written
from tests.command_line import run_memproc
from tests.exports import export_of
from tests.waiting import until

LINES = [b'{"content":"Prefers tea"}\n', b'{"content":"Has a dog"}\n']
TEXT = b"".join(LINES)
PART = re.compile(r".+\.memproc-[0-9a-f]{16}\.part")
IS_ROOT = os.geteuid() == 0
NOBODY = 65_534


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give a store that holds two memories and a rejected record."""
    with memproc.open(tmp_path_factory.mktemp("store") / "m.db") as store:
        memproc.ingest([*map(json.loads, LINES), {"content": ""}], into=store)
        yield store


def of_store(store):
    """Return what writes a file from a store, by name: each takes a target and returns what it should hold, if that is known."""
    quarantined = io.BytesIO()
    store.export_quarantine(quarantined)
    return {
        "export": (store.export, export_of(store)),
        "quarantine": (store.export_quarantine, quarantined.getvalue()),
        "backup": (partial(store.backup, overwrite=True), None),
    }


WRITERS = ("export", "quarantine", "backup")


def check(found, expected):
    """See that what was written is whole: the lines expected, or a database."""
    assert found == expected if expected is not None else found.startswith(b"SQLite format 3\0")


def names(folder):
    """Return the names of all files of a folder."""
    return sorted(file.name for file in folder.iterdir())


def read_aside(open_it):
    """Begin to read what `open_it` opens in a thread; return what gives the bytes, at its end."""
    found = []

    def read():
        with open_it() as stream:
            found.append(stream.read())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()

    def wait():
        thread.join(60)
        return found[0]

    return wait


@pytest.mark.parametrize("name", WRITERS)
def test_a_pipe_is_written_through(store, tmp_path, name):
    """Its reader gets all of it, and the pipe is still one; so by a link to it."""
    write, expected = of_store(store)[name]
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("pipe")
    for target in (pipe, link):
        wait = read_aside(partial(pipe.open, "rb"))
        write(target)
        check(wait(), expected)
        assert stat.S_ISFIFO(pipe.stat().st_mode)
        assert link.is_symlink()
    assert names(tmp_path) == ["link", "pipe"]


@pytest.mark.parametrize("name", WRITERS)
def test_a_socket_is_written_through(store, tmp_path, name):
    """Who listens there gets all of it; where nobody does, that is said."""
    write, expected = of_store(store)[name]
    with chdir(tmp_path), socket.socket(socket.AF_UNIX) as server:  # the path of a socket may not be long
        server.bind("socket")
        with pytest.raises(memproc.UsageError, match="nobody listens"):
            write("socket")
        server.listen()

        def accepted():
            connection, _ = server.accept()
            with connection:
                return connection.makefile("rb")

        wait = read_aside(accepted)
        write("socket")
        check(wait(), expected)
        assert stat.S_ISSOCK(Path("socket").stat().st_mode)


@pytest.mark.skipif(not IS_ROOT, reason="only root makes devices")
@pytest.mark.parametrize("name", WRITERS)
def test_a_device_is_written_through(store, tmp_path, name):
    """A device of its own in the folder of the test, which swallows all; it is there as it was."""
    write, _ = of_store(store)[name]
    device, link = tmp_path / "null", tmp_path / "link"
    os.mknod(device, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
    link.symlink_to(device)
    for target in (device, link):
        write(target)
    assert stat.S_ISCHR(device.stat().st_mode)
    assert device.stat().st_rdev == os.makedev(1, 3)
    assert link.is_symlink()
    assert names(tmp_path) == ["link", "null"]


@pytest.mark.parametrize("name", WRITERS)
def test_an_open_descriptor_is_written_through(store, tmp_path, name):
    """Also one of a plain file, behind what it holds: it is not replaced under who has it open."""
    write, expected = of_store(store)[name]
    file, link = tmp_path / "log", tmp_path / "link"
    with file.open("ab") as stream:
        stream.write(b"before\n")
        stream.flush()
        link.symlink_to(f"/proc/self/fd/{stream.fileno()}")
        write(link)
        stream.write(b"after\n")
    head, _, rest = file.read_bytes().partition(b"\n")
    assert head == b"before"
    assert rest.endswith(b"after\n")
    check(rest.removesuffix(b"after\n"), expected)
    with file.open("rb") as stream:
        (tmp_path / "reads").symlink_to(f"/proc/self/fd/{stream.fileno()}")
        with pytest.raises(memproc.UsageError, match="not open for writing"):
            write(tmp_path / "reads")


@pytest.mark.parametrize("name", WRITERS)
def test_links_are_followed_and_stay(store, tmp_path, name):
    """The file that they lead to is replaced in its own folder, or made where they lead to nothing."""
    write, expected = of_store(store)[name]
    there, here = tmp_path / "there", tmp_path / "here"
    there.mkdir()
    here.mkdir()
    (there / "file").write_text("old")
    (here / "link").symlink_to("../there/file")
    (here / "link to link").symlink_to("link")
    (here / "to nothing").symlink_to(there / "new")
    for link, file in (("link", "file"), ("link to link", "file"), ("to nothing", "new")):
        write(here / link)
        assert (here / link).is_symlink()
        check((there / file).read_bytes(), expected)
        assert not (there / file).is_symlink()
    assert names(here) == ["link", "link to link", "to nothing"]
    assert names(there) == ["file", "new"]


@pytest.mark.parametrize("name", WRITERS)
def test_of_several_names_one_leads_to_the_new_file(store, tmp_path, name):
    """The others keep the older one."""
    write, expected = of_store(store)[name]
    (tmp_path / "one").write_text("old")
    (tmp_path / "other").hardlink_to(tmp_path / "one")
    write(tmp_path / "one")
    check((tmp_path / "one").read_bytes(), expected)
    assert (tmp_path / "other").read_text() == "old"


@pytest.mark.parametrize("name", WRITERS)
def test_the_mode_of_a_file_stays_and_a_new_one_is_private(store, tmp_path, name):
    """Whatever the mask of the process; where root writes, the owner stays too."""
    write, _ = of_store(store)[name]
    before = os.umask(0)
    try:
        write(tmp_path / "new")
        assert (tmp_path / "new").stat().st_mode & 0o777 == 0o600
        for mode in (0o644, 0o640, 0o606):
            (tmp_path / "new").chmod(mode)
            if IS_ROOT:
                os.chown(tmp_path / "new", 1234, 4321)
            write(tmp_path / "new")
            found = (tmp_path / "new").stat()
            assert found.st_mode & 0o777 == mode
            assert not IS_ROOT or (found.st_uid, found.st_gid) == (1234, 4321)
    finally:
        os.umask(before)


def test_what_comes_from_no_store_is_as_open_as_any_file(tmp_path):
    """As the mask of the process says."""
    before = os.umask(0o027)
    try:
        written(tmp_path / "out.jsonl", LINES, is_private=False)
        assert (tmp_path / "out.jsonl").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(before)


@pytest.mark.parametrize("name", WRITERS)
def test_files_of_others_beside_the_target_are_not_touched(store, tmp_path, name):
    """Names that somebody may have taken or laid links at: nothing is written there, nothing removed."""
    write, expected = of_store(store)[name]
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "out.part").symlink_to("victim")
    (tmp_path / "out.jsonl.part").write_text("mine")
    (tmp_path / "out.memproc-0123456789abcdef.part").symlink_to("victim")
    (tmp_path / "out.memproc-0123456789abcdee.part").mkdir()
    os.mkfifo(tmp_path / "out.memproc-0123456789abcded.part")
    (tmp_path / "another.memproc-0123456789abcdef.part").write_text("mine")
    before = names(tmp_path)
    write(tmp_path / "out")
    assert names(tmp_path) == sorted([*before, "out"])
    assert (tmp_path / "victim").read_text() == (tmp_path / "out.jsonl.part").read_text() == "mine"
    check((tmp_path / "out").read_bytes(), expected)


def test_the_unfinished_file_has_a_name_that_nobody_can_guess(tmp_path):
    """And another one each time; it is for its owner alone."""
    seen = set()

    def lines():
        (part,) = [name for name in names(tmp_path) if PART.fullmatch(name)]
        assert (tmp_path / part).stat().st_mode & 0o777 == 0o600
        seen.add(part)
        yield from LINES

    for _ in range(3):
        assert written(tmp_path / "out", lines(), is_private=True) == 2
        assert (tmp_path / "out").read_bytes() == TEXT
    assert len(seen) == 3


def failing(error):
    """Give a line, and then fail."""
    yield LINES[0]
    raise error


@pytest.mark.parametrize(
    ("error", "raised"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), memproc.StoreError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        (memproc.StoreError("lost"), memproc.StoreError),
        (ValueError("no such value"), ValueError),
    ],
    ids=lambda value: type(value).__name__ if not isinstance(value, type) else "",
)
def test_a_failure_costs_no_older_file(tmp_path, error, raised):
    """Neither is a new one there, nor anything beside it."""
    (tmp_path / "old").write_text("old")
    for name in ("old", "new"):
        with pytest.raises(raised):
            written(tmp_path / name, failing(error), is_private=True)
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "old"


WRONG = {
    "no folder": ("no/out", "No such file or directory: make its folder first"),
    "a file as folder": ("file/out", "what should be its folder is a file"),
    "a directory": ("folder", "is a directory"),
    "a directory that is not there": ("none/", "is a directory"),
    "nothing": ("", "an empty path"),
    "a NUL": ("a\0b", "null"),
    "too long a name": ("x" * 300, "give a shorter name"),
    "links in a circle": ("circle", "lead to each other"),
    "a link to no folder": ("astray", "make its folder first"),
}


@pytest.mark.parametrize("name", WRITERS)
@pytest.mark.parametrize(("target", "told"), WRONG.values(), ids=WRONG)
def test_what_is_no_target_is_wrong_use(store, tmp_path, name, target, told):
    """Each is told by its own message, and nothing is made."""
    (tmp_path / "file").write_text("mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "astray").symlink_to("no/where")
    before = names(tmp_path)
    write, _ = of_store(store)[name]
    with chdir(tmp_path), pytest.raises(memproc.UsageError, match=told):
        write(target)
    assert names(tmp_path) == before
    assert (tmp_path / "file").read_text() == "mine"


def test_a_name_may_be_as_long_as_the_system_lets_it(tmp_path):
    """The unfinished file has a shorter one."""
    for name in ("x" * 255, "ü" * 127):
        written(tmp_path / name, LINES, is_private=True)
        assert (tmp_path / name).read_bytes() == TEXT


@pytest.mark.skipif(not IS_ROOT, reason="only root becomes somebody else")
@pytest.mark.parametrize("name", WRITERS)
def test_without_permission_nothing_is_written(store, name):
    """A folder, or a file, that is held against writing: wrong use."""
    write, _ = of_store(store)[name]
    with TemporaryDirectory() as folder:
        closed, opened = Path(folder, "closed"), Path(folder, "opened")
        closed.mkdir()
        opened.mkdir()
        (opened / "file").write_text("mine")
        for path, mode in ((Path(folder), 0o755), (closed, 0o755), (opened, 0o777), (opened / "file", 0o644)):
            path.chmod(mode)
        os.seteuid(NOBODY)
        try:
            for target in (closed / "out", opened / "file"):
                with pytest.raises(memproc.UsageError, match="Permission denied: give another file, or yourself the right"):
                    write(target)
            write(opened / "new")
        finally:
            os.seteuid(0)
        assert names(closed) == []
        assert names(opened) == ["file", "new"]
        assert (opened / "file").read_text() == "mine"


def test_a_full_disk_is_no_wrong_use(tmp_path):
    """Here a limit on the size of files: the older file stays, the message says why."""
    (tmp_path / "out").write_text("old")
    code = f"""
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
from memproc.errors import StoreError
from memproc.writing import written
try:
    written({str(tmp_path / "out")!r}, (b"x" * 1000 for _ in range(1000)), is_private=True)
except StoreError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "cannot be written: File too large" in done.stdout
    assert names(tmp_path) == ["out"]
    assert (tmp_path / "out").read_text() == "old"


def test_a_reader_that_goes_away_is_told(tmp_path):
    """Of a pipe with a name."""
    os.mkfifo(tmp_path / "pipe")
    thread = threading.Thread(target=lambda: (tmp_path / "pipe").open("rb").close(), daemon=True)
    thread.start()
    with pytest.raises(memproc.StoreError, match="who read it has gone"):
        written(tmp_path / "pipe", (b"x" * 1000 for _ in range(1000)), is_private=True)
    thread.join(60)


def parts(folder, stem="out"):
    """Return the unfinished files for a target that hold something."""
    found = [name for name in names(folder) if PART.fullmatch(name) and name.startswith(f"{stem}.")]
    return [name for name in found if (folder / name).stat().st_size]


@contextmanager
def writing_for_ever(code, folder, stem="out"):
    """Run code that writes to a target for ever, and kill it in the end; begin when it has written something."""
    process = subprocess.Popen([sys.executable, "-c", code.replace("out", stem)], cwd=folder)
    try:
        until(lambda: parts(folder, stem) or process.poll() is not None)
        assert parts(folder, stem)
        yield
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(60)


FOR_EVER = {
    "export": """
from memproc.writing import written
from itertools import repeat
import time
def lines():
    for _ in range(1000):
        yield b"x" * 1000
    time.sleep(600)
written("out", lines(), is_private=True)
""",
    "backup": """
import time
import memproc
from memproc.store.sql import backup
check = backup._check
backup._check = lambda part: time.sleep(600)
memproc.open("m.db").backup("out", overwrite=True)
""",
}


@pytest.mark.parametrize("killed", FOR_EVER)
@pytest.mark.slow
def test_what_a_killed_writer_left_is_removed_by_the_next(store, tmp_path, killed):
    """To the same target, whatever writes it; what was left for another target stays, and so does what is still being written."""
    store.backup(tmp_path / "m.db")
    with writing_for_ever(FOR_EVER[killed], tmp_path, "another"):
        pass
    for write, expected in of_store(store).values():
        with writing_for_ever(FOR_EVER[killed], tmp_path):
            pass
        assert len(parts(tmp_path)) == 1

        def lines(write=write):
            write(tmp_path / "out")  # while the other file for the same target is unfinished
            yield from LINES

        assert written(tmp_path / "out", lines(), is_private=True) == 2
        assert (tmp_path / "out").read_bytes() == TEXT
        write(tmp_path / "out")
        check((tmp_path / "out").read_bytes(), expected)
        assert parts(tmp_path) == []
    assert len(parts(tmp_path, "another")) == 1


@pytest.mark.costly
@pytest.mark.parametrize("living", FOR_EVER)
def test_an_unfinished_file_of_a_living_process_is_left(store, tmp_path, living):
    """Its lock tells that its writer lives, also to processes that cannot see each other."""
    store.backup(tmp_path / "m.db")
    with writing_for_ever(FOR_EVER[living], tmp_path):
        for write, _ in of_store(store).values():
            write(tmp_path / "out")
        assert len(parts(tmp_path)) == 1
    (tmp_path / "out").unlink()  # it may be a database, which nothing is written over
    written(tmp_path / "out", LINES, is_private=True)
    assert parts(tmp_path) == []


@pytest.mark.costly
def test_two_that_write_one_target_at_once(tmp_path):
    """Each writes all of its own; what is there in the end is one of them, whole."""
    texts = [bytes([65 + number]) * 1000 + b"\n" for number in range(8)]

    def write(text):
        for _ in range(20):
            written(tmp_path / "out", [text] * 20, is_private=True)

    threads = [threading.Thread(target=write, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert (tmp_path / "out").read_bytes() in {text * 20 for text in texts}
    assert names(tmp_path) == ["out"]


def test_what_turns_into_a_pipe_meanwhile_is_not_replaced(tmp_path):
    """It is looked at again before the file gets its name."""

    def lines():
        os.mkfifo(tmp_path / "out")
        yield from LINES

    with pytest.raises(memproc.UsageError, match="took its place"):
        written(tmp_path / "out", lines(), is_private=True)
    assert stat.S_ISFIFO((tmp_path / "out").stat().st_mode)
    assert names(tmp_path) == ["out"]


def test_a_copy_overwrites_nothing_even_where_files_have_one_name_only(store, tmp_path, monkeypatch):
    """On a file system without hard links it looks once more."""

    def refused(*_names, **_options):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(writing.os, "link", refused)
    store.backup(tmp_path / "copy.db")
    with pytest.raises(memproc.UsageError, match="is there"), writing.beside("x", tmp_path / "x", is_private=True, overwrite=False):
        (tmp_path / "x").write_text("mine")
    assert (tmp_path / "x").read_text() == "mine"
    assert names(tmp_path) == ["copy.db", "x"]


@pytest.mark.slow
def test_commands_write_to_standard_output_by_a_dash(tmp_path):
    """The same bytes as to a file, and nothing else: what is told of them goes to standard error. `./-` is a file."""
    run = partial(run_memproc, folder=tmp_path)
    (tmp_path / "r.jsonl").write_bytes(TEXT + b'{"content": ""}\n')
    run("ingest", "r.jsonl", "--into", "m.db")
    for command in (
        ("export", "m.db", "--to"),
        ("export", "m.db", "--full", "--to"),
        ("quarantine", "m.db", "--export"),
        ("transform", "r.jsonl", "--to"),
    ):
        code, _, _ = run(*command, "out")
        assert run(*command, "-")[:2] == (code, (tmp_path / "out").read_text())
        code, lines, told = run(*command, "-", "--json")
        assert lines == (tmp_path / "out").read_text()
        assert json.loads(told.splitlines()[0])
        assert run(*command, "./-")[0] == code
        assert (tmp_path / "-").read_bytes() == (tmp_path / "out").read_bytes()
        (tmp_path / "-").unlink()
    command = [sys.executable, "-m", "memproc", "backup", "m.db", "-"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, timeout=60, check=True)
    (tmp_path / "copy.db").write_bytes(done.stdout)
    with memproc.open(tmp_path / "copy.db") as copy:
        assert copy.count() == 2
        assert copy.doctor() == ()


@pytest.mark.parametrize("command", [("export", "m.db", "--to"), ("quarantine", "m.db", "--export"), ("backup", "m.db")])
def test_the_commands_tell_wrong_targets(tmp_path, command):
    """With exit code 2, and no traceback; a link to a pipe is written through from the command line too."""
    run = partial(run_memproc, folder=tmp_path)
    (tmp_path / "r.jsonl").write_bytes(TEXT)
    run("ingest", "r.jsonl", "--into", "m.db")
    for target in (".", "no/out", "m.db", "x" * 300, ""):
        code, told, error = run(*command, target)
        assert (code, told) == (2, ""), (target, error)
        assert error.startswith("memproc: ")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to("pipe")
    wait = read_aside(partial((tmp_path / "pipe").open, "rb"))
    assert run(*command, "link")[0] == 0
    wait()
    assert names(tmp_path) == ["link", "m.db", "pipe", "r.jsonl"]
