"""What all tests have in common: stores that are made quickly, and Hypothesis profiles."""

from __future__ import annotations

import gc
import os
import sys
from collections import Counter
from pathlib import Path

import hypothesis
import pytest

from tests.databases import NAMES, VARIABLES, reason_to_skip, stores_on

# The default draws the same examples each time, so that who has just cloned this sees what CI saw; CI draws others, and more.
hypothesis.settings.register_profile("default", deadline=None, max_examples=6, print_blob=True, derandomize=True)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=20, phases=list(hypothesis.Phase)[:3])
hypothesis.settings.register_profile("few", deadline=None, max_examples=8, phases=list(hypothesis.Phase)[:3])
hypothesis.settings.register_profile("more", deadline=None, max_examples=40, print_blob=True)
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("MEMPROC_HYPOTHESIS", "default"))

# Many images for containers turn the cache of compiled modules off. Here it is on: tests begin hundreds of processes, and each of
# them, and each worker, would compile the package and the tests again.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ROOT = Path(__file__).parent.parent
CASES_BY_DEFAULT = 3  # of a test that makes stores or files, on each database
WITH_FILES = {"fresh", "fresh_file", "tmp_path", "tmp_path_factory"}
SLOW_TO_LONG = 3  # of so many slow cases of a test that is sampled, one runs in CI
DATA = Path(os.environ.get("MEMPROC_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session", params=NAMES)
def fresh(request, tmp_path_factory):
    """Give a function that opens an empty store of its own, each time it is called; on every database that is at hand."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    with stores_on(request.param, tmp_path_factory.mktemp("stores")) as make:
        yield make


@pytest.fixture(scope="session")
def fresh_file(tmp_path_factory):
    """Give a function that opens an empty store in a SQLite file, for what only files have."""
    with stores_on("sqlite", tmp_path_factory.mktemp("files")) as make:
        yield make


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark what runs on a server, and the cases of a test with many that do not run by default, or in CI."""
    for item in items:
        if _database(item) in VARIABLES:
            item.add_marker(pytest.mark.server)
    of_tests, seen = Counter(map(_of_test, items)), Counter()
    for item in items:
        test = _of_test(item)
        at = seen[test]
        seen[test] += 1
        if sampled := item.get_closest_marker("sampled"):
            every = sampled.args[0]
            if item.get_closest_marker("slow") is None:
                if at % every:
                    item.add_marker(pytest.mark.slow)
                at, every = at - at // every - 1, SLOW_TO_LONG
            if at % every and item.get_closest_marker("slow") is not None:
                item.add_marker(pytest.mark.long)
        elif at % -(-of_tests[test] // CASES_BY_DEFAULT) and WITH_FILES & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


def _database(item):
    """Return the name of the database that a test runs on, nothing if none is named."""
    given = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return next((value for value in given if isinstance(value, str) and value in NAMES), "")


def _of_test(item):
    """Return what the cases of one test on one database have in common."""
    return item.nodeid.partition("[")[0], _database(item)


def pytest_collection_finish():
    """Let the search for cycles pass over the tests themselves: ten thousand of them are looked at each time otherwise."""
    gc.collect()
    gc.freeze()


def pytest_terminal_summary(terminalreporter):
    """Print how many tests ran on each database."""
    passed = [report.nodeid for report in terminalreporter.stats.get("passed", ())]
    ran = Counter(name for node in passed for name in NAMES if f"[{name}" in node or f"-{name}" in node)
    told = ", ".join(f"{name} {ran[name]}" for name in NAMES if ran[name])
    terminalreporter.write_line(f"tests on databases: {told or 'none'}")


@pytest.fixture
def locomo() -> Path:
    """Give the path of the LoCoMo data, which is not part of the project."""
    path = DATA / "locomo10.json"
    if not path.is_file():
        pytest.skip(f"LoCoMo is not at {path}; set MEMPROC_DATA to the folder that holds it")
    return path
