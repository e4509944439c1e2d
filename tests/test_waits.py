"""Nothing waits without a limit: neither the tests nor the fault suites and benchmarks. And no test holds a bound in seconds.

A machine with much to do is slow, which is no fault. So a test counts, or compares two times that were measured alike, and
then it is marked: the default run judges no time at all.
"""

from __future__ import annotations

import ast
import re

import pytest

from tests.conftest import ROOT

FILES = sorted(path for folder in ("tests", "faults", "benchmarks") for path in (ROOT / folder).rglob("*.py"))
# What waits until something happens, and how many values it may be given before the limit.
WAITING = {"wait": 0, "join": 0, "result": 0, "get": 0, "exception": 0, "acquire": 1, "communicate": 1}
OF_CHILDREN = {"waitpid", "wait4"}
RUNNING = {"run", "call", "check_call", "check_output"}
# These are bounded by what they wait for.
BOUNDED = {
    "os.waitpid(number, 0)",  # of a child that was just killed
    "os.wait4(process.pid, 0)",  # of one that is killed when its time is over
    "store._opened.merger.wait()",  # memproc's own, which waits for no other process
}
CLOCK = re.compile(r"\b(perf_counter|process_time|thread_time|monotonic|time)\(\)")

# What tells times or a ratio of them: functions of the tests, and what the benchmarks measured.
TELLS_TIMES = {"growth", "times", "least_seconds", "is_within", "seconds_to_forget", "ratio", "wall_seconds", "warm_microseconds"}
NOT_BY_DEFAULT = re.compile(r"\bmark\.(slow|engine)\b")


def named(path):
    """Return the path of a file within the project."""
    return str(path.relative_to(ROOT))


def is_unlimited(node):
    """Tell whether a call may wait for ever."""
    called = ast.unparse(node.func)
    name = called.rpartition(".")[2]
    given = {keyword.arg for keyword in node.keywords}
    if called.startswith("subprocess.") and name in RUNNING:
        return "timeout" not in given
    if name in OF_CHILDREN:
        return "WNOHANG" not in ast.unparse(node)
    return name in WAITING and "." in called and len(node.args) <= WAITING[name] and not given & {"timeout", "block", "blocking"}


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_waits_without_a_limit(path):
    """Each wait for a process, a thread or an event has one."""
    waits = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call) and is_unlimited(node)]
    assert not [(node.lineno, ast.unparse(node)) for node in waits if ast.unparse(node) not in BOUNDED]


def is_bound_in_seconds(node):
    """Tell whether something compares what a clock tells since another moment with a number."""
    sides = [node.left, *node.comparators]
    has_number = any(isinstance(side, ast.Constant) and isinstance(side.value, int | float) and side.value for side in sides)
    return has_number and any(is_since(side) for side in sides)


def is_since(node):
    """Tell whether a value is how long something took."""
    return isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub) and CLOCK.search(ast.unparse(node))


@pytest.mark.parametrize("path", [path for path in FILES if named(path).startswith("tests")], ids=named)
def test_no_test_asserts_seconds(path):
    """Neither at most nor at least."""
    asserted = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Assert)]
    compared = [node for one in asserted for node in ast.walk(one) if isinstance(node, ast.Compare)]
    assert not [(node.lineno, ast.unparse(node)) for node in compared if is_bound_in_seconds(node)]


def default_tests(tree):
    """Return the tests of a file that run by default."""
    marks = [
        ast.unparse(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark"
    ]
    if any(map(NOT_BY_DEFAULT.search, marks)):
        return []
    tests = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    return [test for test in tests if not any(NOT_BY_DEFAULT.search(ast.unparse(mark)) for mark in test.decorator_list)]


def judges_times(node):
    """Tell whether what is asserted is a time, or a ratio of times, beside anything but nothing."""
    compared = [one for one in ast.walk(node.test) if isinstance(one, ast.Compare)]
    sides = [side for one in compared for side in (one.left, *one.comparators)]
    told = {getattr(one, "id", getattr(one, "attr", "")) for side in sides for one in ast.walk(side)}
    is_bound = any(ast.unparse(side) != "0" for one in compared for side in one.comparators)
    return is_bound and (told & TELLS_TIMES or CLOCK.search(ast.unparse(node)))


@pytest.mark.parametrize("path", [path for path in FILES if named(path).startswith("tests")], ids=named)
def test_no_time_is_judged_by_default(path):
    """Whoever judges one is slow, or asks for engines: those run when nothing else does."""
    asserted = [
        (test.name, one)
        for test in default_tests(ast.parse(path.read_text()))
        for one in ast.walk(test)
        if isinstance(one, ast.Assert)
    ]
    assert not [(name, ast.unparse(one)) for name, one in asserted if judges_times(one)]


def test_a_time_that_is_judged_is_found():
    """In an assertion of a test that is not marked, and only there."""
    text = "def test_one():\n    assert growth(a) < 6\n    assert line.ratio >= 0\n"
    (test,) = default_tests(ast.parse(text))
    assert [bool(judges_times(one)) for one in test.body] == [True, False]
    assert not default_tests(ast.parse(f"@pytest.mark.slow\n{text}"))
    assert not default_tests(ast.parse(f"pytestmark = pytest.mark.engine\n{text}"))
