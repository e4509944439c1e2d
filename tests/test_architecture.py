"""The house: imports go one way, modules stay small, and the public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

import memproc
from memproc.store.sql import tables
from memproc.store.sql.seals import is_sealed
from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS

PACKAGE = ROOT / "memproc"
# A module may import from its own floor and from those below it. The order is the floors', the lowest first.
FLOORS = (
    ("failures", "values"),
    ("errors", "times", "resources", "in_use", "writing"),
    ("config",),
    ("records",),
    ("validation",),
    ("dedup",),
    ("formats", "sources"),
    ("intake", "taken", "batch_size", "report", "embedding", "sketching"),
    ("store",),
    ("ingestion",),
    ("api",),
    ("cli", "testing"),
)
# The floors inside the packages, likewise.
FLOORS_WITHIN = {
    "dedup": (
        ("text",),
        ("gist",),
        ("minhash", "changes"),
        ("compare",),
        ("keys",),
        ("cluster", "grouping", "speakers"),
        ("memory",),
        ("decide", "band_hashes", "review_candidates", "review_policy", "meaning"),
        ("looking",),
    ),
    "store": (
        ("answers",),
        ("sql",),
        ("rows",),
        ("index", "jobs"),
        ("quarantine", "reviews"),
        ("checkup",),
        ("changes",),
        ("store", "backup"),
    ),
    "ingestion": (
        ("gc_pauses", "engines", "opening", "batches"),
        ("checkpoint",),
        ("pipeline",),
    ),
}
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
PURE = ("dedup", "formats", "failures.py", "values.py", "times.py", "records", "validation", "intake", "taken.py")
PURE += ("batch_size.py",)
IMPURE = {"sqlalchemy", "sqlite3", "threading", "time", "random", "os", "subprocess", "socket", "loguru", "psutil", "pathlib"}


def modules():
    """Return every module of the package with its path and syntax tree."""
    return [(path.relative_to(PACKAGE), ast.parse(path.read_text())) for path in sorted(PACKAGE.rglob("*.py"))]


def imported(tree):
    """Return the names of the modules that a tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module


@pytest.mark.parametrize(("path", "tree"), modules(), ids=lambda value: str(value) if not isinstance(value, ast.AST) else "")
def test_imports_go_one_way(path, tree):
    """Nothing imports from a floor above its own."""
    own = path.parts[0].removesuffix(".py")
    if own in ("__init__", "__main__"):
        return
    for name in imported(tree):
        if name.startswith("memproc."):
            assert FLOOR_OF[name.split(".")[1]] <= FLOOR_OF[own], f"{path} imports {name}"


@pytest.mark.parametrize(("path", "tree"), modules(), ids=lambda value: str(value) if not isinstance(value, ast.AST) else "")
def test_imports_go_one_way_within_packages(path, tree):
    """From a text to its gist, from rows to what changes them."""
    package = path.parts[0]
    if package in FLOORS_WITHIN and path.stem != "__init__":
        floors = {name: floor for floor, names in enumerate(FLOORS_WITHIN[package]) for name in names}
        own = path.parts[1].removesuffix(".py")
        for name in imported(tree):
            if name.startswith(f"memproc.{package}."):
                assert floors[name.split(".")[2]] <= floors[own], f"{path} imports {name}"


@pytest.mark.parametrize(("path", "tree"), modules(), ids=lambda value: str(value) if not isinstance(value, ast.AST) else "")
def test_the_pure_part_is_pure(path, tree):
    """No database, clock, random source, logger or thread on the floors below the store."""
    if path.parts[0] in PURE:
        assert not {name.split(".")[0] for name in imported(tree)} & IMPURE


def test_ingestion_knows_nothing_of_what_is_alike_in_meaning():
    """So a model of words can decide nothing: only who proposes pairs asks it, and only the store offers that."""
    known = {"memproc.embedding", "memproc.dedup.meaning", "memproc.store.reviews.looking.proposing"}
    assert {str(path) for path, tree in modules() if known & {*imported(tree)}} == {"store/reviews/proposing.py", "store/store.py"}


def test_no_module_is_named_for_nothing():
    """A module has one idea and a name that says it."""
    names = {path.stem for path, _ in modules()}
    assert names.isdisjoint({"utils", "helpers", "common", "base", "manager", "misc"})


def test_every_public_name_is_there():
    """What `__all__` promises can be had, and has a docstring."""
    for name in memproc.__all__:
        assert getattr(memproc, name).__doc__
    with pytest.raises(AttributeError):
        memproc.no_such_name  # noqa: B018 - the look-up itself raises


def test_the_library_is_quiet(tmp_path):
    """Nothing is logged or printed unless the host turns it on."""
    code = "import memproc; memproc.ingest([{'content': 'x y z'}, {'content': ''}], 'm.db')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=LIMIT_SECONDS
    )
    assert (done.stdout, done.stderr) == ("", "")


SEALED = {table.name for table in tables.metadata.sorted_tables if is_sealed(table)} - {tables.store.name}


@pytest.mark.parametrize(("path", "tree"), modules(), ids=lambda value: str(value) if not isinstance(value, ast.AST) else "")
def test_rows_with_a_seal_are_changed_where_it_is_kept(path, tree):
    """By `update_rows` or `change_row`: an update of SQL's own would leave a seal that does not fit."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "update":
            table = ast.unparse(node.args[0]).removeprefix("tables.")
            assert table not in SEALED, f"{path}: update of {table}"
