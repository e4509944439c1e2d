"""Nothing waits without a limit: neither the tests nor the fault suites and benchmarks. And no test holds a bound in seconds.

A machine with much to do is slow, which is no fault. So a test counts, or compares two times that were measured alike.
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
