"""What the machine allows, read from trees of files as cgroups make them, and what a process takes."""

from __future__ import annotations

import subprocess
import sys
import time

import psutil
import pytest

from memproc import resources
from memproc.resources import Watch, allowed_bytes, allowed_cores, used_share
from tests.waiting import LIMIT_SECONDS, bounded

MACHINE_BYTES = psutil.virtual_memory().total
MEBIBYTE = 1024 * 1024


def tree(root, cgroup, files, mount="sys/fs/cgroup"):
    """Write a tree of cgroups, and which one the process is in."""
    (root / "proc/self").mkdir(parents=True)
    (root / "proc/self/cgroup").write_text(cgroup)
    for name, text in files.items():
        path = root / mount / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


@pytest.fixture
def many_cores(monkeypatch):
    """Bind the process to sixteen cores."""
    monkeypatch.setattr(resources, "_bound_cores", lambda: 16)


@pytest.mark.parametrize(
    ("cgroup", "files", "expected"),
    [
        ("0::/\n", {"memory.max": "300000000\n"}, 300_000_000),
        ("0::/a/b\n", {"a/b/memory.max": "300000000\n"}, 300_000_000),
        ("0::/a/b\n", {"a/b/memory.max": "300000000\n", "a/memory.max": "200000000\n"}, 200_000_000),
        ("0::/a/b\n", {"a/b/memory.max": "100000000\n", "a/memory.max": "200000000\n"}, 100_000_000),
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "max\n", "memory.max": "5000000\n"}, 5_000_000),
        ("0::/a\n", {"a/memory.max": "max\n"}, MACHINE_BYTES),
        ("0::/a\n", {"a/memory.max": f"{2 * MACHINE_BYTES}\n"}, MACHINE_BYTES),
        ("0::/a\n", {"b/memory.max": "1000\n"}, MACHINE_BYTES),
        ("0::/a\n", {"a/memory.max": "many\n"}, MACHINE_BYTES),
        ("0::/a\n", {"a/memory.max": ""}, MACHINE_BYTES),
        ("0::/a\n", {"a/memory.max": "-5\n"}, MACHINE_BYTES),
        ("9:memory:/x\n0::/a\n", {"a/memory.max": "1000\n", "x/memory.max": "1\n"}, 1_000),
        ("9:memory:/x\n", {"x/memory.max": "1\n"}, MACHINE_BYTES),
        ("0::/../../outside\n", {"memory.max": "2000\n", "../../outside/memory.max": "1\n"}, 2_000),
        ("odd\n\n::\n", {}, MACHINE_BYTES),
        ("", {}, MACHINE_BYTES),
    ],
)
def test_the_least_limit_along_the_path_holds(tmp_path, cgroup, files, expected):
    """Up to the root of the cgroups, and never more than the machine has; what is odd is no limit."""
    assert allowed_bytes(tree(tmp_path, cgroup, files)) == expected


def test_both_versions_may_be_mounted(tmp_path):
    """The second version then lies in a folder of its own."""
    assert allowed_bytes(tree(tmp_path, "0::/a\n", {"a/memory.max": "7000\n"}, "sys/fs/cgroup/unified")) == 7_000


def test_where_nothing_can_be_read_the_machine_is_the_limit(tmp_path):
    """No such file, a directory in its place, bytes that are no text."""
    assert allowed_bytes(tmp_path) == MACHINE_BYTES
    (tmp_path / "proc/self/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup").mkdir(parents=True)
    (tmp_path / "sys/fs/cgroup/memory.max").write_bytes(b"\xff\xfe\x00")
    assert allowed_bytes(tmp_path) == MACHINE_BYTES
    assert allowed_cores(tmp_path) >= 1


@pytest.mark.usefixtures("many_cores")
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"a/b/cpu.max": "200000 100000\n"}, 2),
        ({"a/b/cpu.max": "150000 100000\n"}, 2),
        ({"a/b/cpu.max": "1000 100000\n"}, 1),
        ({"a/b/cpu.max": "max 100000\n"}, 16),
        ({"a/b/cpu.max": "max 100000\n", "a/cpu.max": "400000 100000\n"}, 4),
        ({"a/b/cpu.max": "9900000 100000\n"}, 16),
        ({"a/b/cpu.max": "200000 0\n"}, 16),
        ({"a/b/cpu.max": "200000\n"}, 16),
        ({"a/b/cpu.max": "two of four\n"}, 16),
        ({}, 16),
    ],
)
def test_cores_are_those_that_the_cgroup_gives_time_on(tmp_path, files, expected):
    """Rounded up, one at least, and no more than the process is bound to."""
    assert allowed_cores(tree(tmp_path, "0::/a/b\n", files)) == expected


def test_this_machine_allows_something():
    """Whatever it is."""
    assert 0 < allowed_bytes() <= MACHINE_BYTES
    assert 1 <= allowed_cores() <= (psutil.cpu_count() or 1)
    assert Watch().limit_bytes == int(0.8 * allowed_bytes())


HELD_AND_GIVEN_BACK = """
from memproc.resources import Watch
watch = Watch(1000 * 2**20)
before = watch.look()
held = bytearray(60 * 2**20)
held[:] = bytes([1]) * len(held)
del held
high, later = watch.look(), watch.look()
print(before, high, later, watch.peak_bytes)
"""
FROM_A_LARGE_ONE = """
import subprocess, sys
held = bytes([1]) * (400 * 2**20)
sys.exit(subprocess.run([sys.executable, "-c", sys.argv[1]]).returncode)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("-c", HELD_AND_GIVEN_BACK), id="by itself"),
        pytest.param(("-c", FROM_A_LARGE_ONE, HELD_AND_GIVEN_BACK), id="started by a process that is larger"),
    ],
)
def test_memory_is_seen_though_it_was_given_back(command):
    """What was held between two looks, if it was more than ever before; and then what is held now."""
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    before, high, later, peak = map(int, done.stdout.split())
    assert high > before + 55 * MEBIBYTE
    assert later < before + 20 * MEBIBYTE
    assert peak == high


@pytest.mark.costly
def test_children_are_counted(monkeypatch):
    """With the memory they hold, as long as they live."""
    monkeypatch.setattr(resources, "CHILDREN_EVERY_SECONDS", 0.0)
    watch = Watch()
    alone = watch.look()
    code = "held = bytearray(100 * 2**20)\nheld[:] = bytes([1]) * len(held)\nprint(flush=True)\ninput()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child, bounded(child):
        child.stdout.readline()
        time.sleep(0.01)
        assert watch.look() > alone + 90 * MEBIBYTE
        child.communicate(b"\n", LIMIT_SECONDS)
    time.sleep(0.01)
    assert watch.look() < alone + 90 * MEBIBYTE
    assert watch.share == watch.held_bytes / watch.limit_bytes


@pytest.mark.slow
def test_the_seconds_of_cores_are_those_that_were_taken():
    """By all threads of the process."""
    watch = Watch(1024 * MEBIBYTE)
    started = time.process_time()
    while time.process_time() - started < 0.2:
        pass
    assert 0.75 <= watch.told()["cpu_seconds"] / (time.process_time() - started) <= 1.25


def test_what_was_taken_is_told_since_the_beginning():
    """Seconds of cores, memory and bytes; what the system does not tell is None."""
    told = Watch(1024 * MEBIBYTE).told()
    assert told["cpu_seconds"] >= 0
    assert told["max_memory_mb"] == 1024.0
    assert told["peak_rss_mb"] > 10
    assert told.keys() == {"cpu_seconds", "peak_rss_mb", "max_memory_mb", "read_bytes", "written_bytes"}
    assert all(told[name] is None or told[name] >= 0 for name in ("read_bytes", "written_bytes"))


def test_what_the_system_refuses_to_tell_is_none(monkeypatch):
    """Bytes are not counted on macOS, and some containers refuse."""

    def refuse(_process):
        raise psutil.AccessDenied

    monkeypatch.setattr(psutil.Process, "io_counters", refuse)
    monkeypatch.setattr(psutil.Process, "children", lambda _process, **_options: refuse(_process))
    told = Watch().told()
    assert (told["read_bytes"], told["written_bytes"]) == (None, None)
    assert told["cpu_seconds"] >= 0


def test_what_is_used_of_the_memory_allowed_is_that_of_the_fullest_cgroup(tmp_path):
    """But for files that it may forget at once."""
    folder = tmp_path / "sys/fs/cgroup"
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text("1000")
    (folder / "memory.current").write_text("990")
    (folder / "memory.stat").write_text("anon 900\ninactive_file 10\n")
    assert used_share(tmp_path) == pytest.approx(0.98)
    (folder / "memory.max").write_text("max")
    assert 0 < used_share(tmp_path) < 0.98
