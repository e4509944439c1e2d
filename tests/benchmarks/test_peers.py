"""Sides are measured in processes of their own; who cannot be measured is left out with the reason."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

import orjson
import pytest

import benchmarks.peers
import memproc
from benchmarks.__main__ import main
from benchmarks.measure import ChildError, run_python
from benchmarks.memproc_run import WARM, ingest
from benchmarks.peers import Plan, compare
from benchmarks.results import read_results
from benchmarks.sides import FLOOR, SIDES, Side, maybe_reason, reasons
from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS

RECORDS = 300
LIGHT = [
    name
    for name, module in {"memproc-near": "memproc", "sqlite-utils": "sqlite_utils", "rensa": "rensa"}.items()
    if find_spec(module)
]
MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Measure the light sides, as the command line does."""
    path = tmp_path_factory.mktemp("results") / "results.json"
    given = ["peers", "--records", str(RECORDS), "--rounds", "1", "--to", str(path), "--largest", "memproc-near=200"]
    assert main([*given, "--sides", *LIGHT]) == 0
    return read_results(path)


@pytest.fixture
def lines(results):
    """Give the lines by their sides."""
    (comparison,) = results
    return {line.side: line for line in comparison.lines}


@pytest.mark.slow
def test_all_asked_are_measured_beside_the_floor(results, lines):
    """None is lost on the way."""
    assert set(lines) == {"floor", *LIGHT}
    assert not results[0].left_out
    assert (lines["floor"].floor_ratio, lines["floor"].cpu_floor_ratio) == (1.0, 1.0)


@pytest.mark.slow
def test_slow_sides_are_measured_on_fewer_records(lines):
    """The floor on all."""
    assert (lines["memproc-near"].records, lines["floor"].records) == (200, RECORDS)


@pytest.mark.slow
def test_figures_are_of_a_real_run(lines):
    """Time passed, memory was held, bytes lie on the disk, and memproc finds repeats where the floor finds none."""
    for line in lines.values():
        assert 0 < line.seconds[0] < line.wall_seconds, line.side
        assert line.cpu_seconds > 0, line.side
        assert line.cpu_floor_ratio > 0, line.side
        assert 10 < line.peak_megabytes < 2_000, line.side
        assert line.disk_megabytes > RECORDS * 100 / MEGABYTE, line.side
    assert lines["floor"].recall == 0
    assert lines["memproc-near"].recall > 0.9
    assert lines["memproc-near"].candidates is not None


@pytest.mark.slow
def test_all_sides_ran_under_the_same_settings(lines):
    """Read back from their connections."""
    assert len({tuple(line.ran_under) for line in lines.values()}) == 1
    assert lines["floor"].ran_under[0].startswith("journal_mode=wal, synchronous=NORMAL")


@pytest.mark.slow
def test_the_command_is_kept_without_files(results):
    """So that a reader can run it."""
    assert results[0].command.startswith(
        f"python -m benchmarks peers --records {RECORDS} --rounds 1 --largest memproc-near=200 --sides"
    )


def test_a_missing_package_is_told(tmp_path):
    """And what brings it."""
    side = Side("peer", "benchmarks.peer_run", "it is not there", needs=("orjson", "no_such_module"))
    assert reasons([FLOOR, side], "sqlite", tmp_path) == {"peer": "no_such_module not installed: pip install --group peers"}


def test_an_engine_is_left_out_where_none_can_be_chosen():
    """The sequential side is not."""
    by_name = {side.name: side for side in SIDES}
    assert maybe_reason(by_name["memproc-near-threads"], "sqlite", has_engines=False) == "memproc.ingest has no parameter `engine`"
    assert maybe_reason(by_name["memproc-near-threads"], "sqlite", has_engines=True) is None
    assert maybe_reason(by_name["memproc-near"], "sqlite", has_engines=False) is None


def test_only_some_sides_write_to_servers():
    """The others say so."""
    side = Side("peer", "benchmarks.peer_run", "on SQLite")
    assert maybe_reason(side, "postgresql", has_engines=False) == "it is measured on SQLite only"
    assert maybe_reason(FLOOR, "postgresql", has_engines=False) is None


@pytest.mark.costly
def test_a_side_that_fails_does_not_stop_the_others(monkeypatch):
    """It is told with the last line that it wrote."""
    broken = Side("broken", "benchmarks.no_such_module", "fails")
    monkeypatch.setattr(benchmarks.peers, "SIDES", (FLOOR, broken))
    told = []
    found = compare(Plan(records=20, seed=1, rounds=2, names=["broken"]), command="", tell=told.append)
    assert [line.side for line in found.lines] == ["floor"]
    (left_out,) = found.left_out
    assert (left_out.side, left_out.has_failed) == ("broken", True)
    assert "No module named benchmarks.no_such_module" in left_out.reason
    assert len(told) == 3  # two rounds of the floor; what failed is not tried again


@pytest.mark.slow
def test_memory_of_children_counts(tmp_path):
    """Of two that hold much at once, both. A small process measures: what it holds itself counts in each of its children."""
    child = "import time; held = b'x' * 100_000_000; time.sleep(1)"
    parent = f"import subprocess, sys; [one.wait() for one in [subprocess.Popen([sys.executable, '-c', {child!r}]) for _ in '12']]"
    measuring = (
        "from pathlib import Path; from benchmarks.measure import run_python; "
        f"print([run_python('-c', code, to=Path({str(tmp_path / 'told')!r})).peak_bytes for code in ({parent!r}, 'pass')])"
    )
    told = subprocess.run([sys.executable, "-c", measuring], capture_output=True, check=True, cwd=ROOT, timeout=LIMIT_SECONDS)
    with_children, without = orjson.loads(told.stdout)
    assert with_children > 200 * MEGABYTE
    assert without < 100 * MEGABYTE


def test_a_child_that_fails_tells_its_last_line(tmp_path):
    """Not its whole traceback."""
    with pytest.raises(ChildError, match=r"^ended with 1: ValueError: no luck$"):
        run_python("-c", "raise ValueError('no luck')", to=tmp_path / "told")


@pytest.mark.parametrize(("words", "before"), [("cold", []), (WARM, ["kitchen the in whistles kettle The", "tea Prefers"])])
def test_a_warm_run_knows_words_and_no_texts(words, before, tmp_path, monkeypatch):
    """It took the words in before, in texts that the file does not have, into another store."""
    path = tmp_path / "records.jsonl"
    texts = ["The kettle whistles in the kitchen", "Prefers tea"]
    path.write_bytes(b"".join(orjson.dumps({"content": text}) + b"\n" for text in texts))
    taken = []
    taking_in = memproc.ingest

    def noted(path, *, into, settings):
        taken.append((into, [orjson.loads(line)["content"] for line in path.read_bytes().splitlines()]))
        return taking_in(path, into=into, settings=settings)

    monkeypatch.setattr(memproc, "ingest", noted)
    place = str(tmp_path / "own.db")
    run = ingest(path, place, "near", "sequential", words)
    assert (run.read, run.stored) == (2, 2)
    assert [found for _, found in taken] == [*filter(None, [before]), texts]
    assert [into == f"sqlite:///{place}" for into, _ in taken] == [*(False for _ in taken[1:]), True]


def test_the_recipe_and_rensa_keep_what_their_clusters_say(tmp_path):
    """What rensa dropped while it was measured is what it drops when it is asked for whom."""
    pytest.importorskip("rensa", reason="rensa is not installed: pip install --group peers")
    from benchmarks.rensa_run import clusters, ingest  # noqa: PLC0415 - it needs rensa

    path = tmp_path / "records.jsonl"
    texts = ["The kettle is in the kitchen", "the  KETTLE is in the kitchen", "His flight leaves at nine"]
    path.write_bytes(b"".join(orjson.dumps({"content": text}) + b"\n" for text in texts))
    for tokens in ("words", "shingles"):
        run = ingest(path, str(tmp_path / f"{tokens}.db"), tokens)
        assert (run.read, run.stored) == (3, 2)
        assert clusters(path, "", tokens) == [0, 0, 2]
