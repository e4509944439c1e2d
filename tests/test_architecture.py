"""The house: imports go one way, modules stay small, and the public names are what they say."""

from __future__ import annotations

import ast
import subprocess
import sys
from functools import cache
from typing import Literal, get_args, get_origin

import pytest

import memproc
from memproc import config
from memproc.store.sql import tables
from memproc.store.sql.seals import is_sealed
from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS

PACKAGE = ROOT / "memproc"
# A module may import from its own floor and from those below it. The order is the floors', the lowest first.
FLOORS = (
    ("failures", "values", "classes", "logs", "telling", "public_names"),
    ("errors",),
    ("references",),
    (
        *("times", "spelled", "dates", "resources", "in_use", "writing", "folders", "retention", "arguments"),
        *("masking", "waiting"),
    ),
    ("config", "amounts"),
    ("configuring",),
    ("records",),
    ("validation",),
    ("dedup",),
    ("formats", "sources"),
    ("intake", "taken", "batch_size", "report", "gates", "embedding", "sketching"),
    ("enrichment",),
    ("store",),
    ("ingestion",),
    ("cleaned",),
    ("api", "cleaning", "asynchronous", "documents"),
    ("integrations",),
    ("service",),
    ("flows",),
    ("cli", "testing", "from_type"),
)
# The floors inside the packages, likewise.
FLOORS_WITHIN = {
    "dedup": (
        ("text",),
        ("gist",),
        ("minhash", "changes"),
        ("compare",),
        ("keys",),
        ("observation",),
        ("columns",),
        ("preparing", "grouping", "speakers", "decision", "versions"),
        ("blocks",),
        ("cluster",),
        ("memory", "neighbourhood"),
        ("regrouping", "judging"),
        ("decide", "band_hashes", "review_candidates", "review_policy", "meaning"),
        ("looking",),
    ),
    "store": (
        ("answers", "added", "kinds", "queued"),
        ("sql",),
        ("rows",),
        ("outbox",),
        ("index", "jobs", "access", "exporting"),
        ("opened",),
        ("quarantine", "reviews", "flows", "enriching", "queue"),
        ("checkup", "reporting"),
        ("changes",),
        ("face",),
        ("store",),
    ),
    "ingestion": (
        ("gc_pauses", "engines", "places", "refusing", "following", "detecting", "lookahead", "source", "opening", "batches"),
        ("course", "enriched", "too_large", "identity", "call"),
        ("checkpoint", "remarks", "reading", "checking"),
        ("gating",),
        ("stopping", "judging"),
        ("beforehand",),
        ("run", "claimed", "inspecting", "verifying"),
        ("performing",),
        ("pipeline",),
        ("migrating", "predicting"),
    ),
}
FLOORS_WITHIN["flows"] = (
    ("expressions", "starting"),
    ("secrets",),
    ("step",),
    ("steps",),
    ("flow", "plan"),
    ("checking", "course", "schema", "picture"),
    ("reading", "scrubbing"),
    ("engine",),
    ("running",),
)
MOST_LINES, MOST_PARAMETERS = 300, 5
FACES = {
    "api.py: transform",
    "documents/rendering.py: render_documents",
    "ingestion/judging.py: judge",
    "ingestion/migrating.py: migrate",
    "integrations/mem0/memory.py: add",  # these two have the parameters of another package
    "integrations/mem0/memory.py: search",
    "ingestion/pipeline.py: ingest",
    "store/face/deciding.py: decide_all",
    "store/face/keeping.py: expire",
    "store/face/quarantining.py: replay",
    "store/face/queueing.py: submit",
    "store/face/reading.py: find",
}
FLOOR_OF = {name: floor for floor, names in enumerate(FLOORS) for name in names}
PURE = (
    "dedup",
    "formats",
    "failures.py",
    "values.py",
    "times.py",
    "records",
    "validation",
    "intake",
    "taken.py",
)
PURE += ("batch_size.py", "spelled.py", "dates.py", "retention.py")
IMPURE = {"sqlalchemy", "sqlite3", "threading", "time", "random", "os", "subprocess", "socket", "loguru", "psutil", "pathlib"}


@cache
def modules():
    """Return every module of the package with its path and syntax tree, which are read once."""
    return [(path.relative_to(PACKAGE), ast.parse(path.read_text())) for path in sorted(PACKAGE.rglob("*.py"))]


def imported(tree):
    """Return the names of the modules that a tree imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module


@pytest.mark.costly
def test_imports_go_one_way():
    """Nothing imports from a floor above its own."""
    above = []
    for path, tree in modules():
        own = path.parts[0].removesuffix(".py")
        if own not in ("__init__", "__main__"):
            within = [name for name in imported(tree) if name.startswith("memproc.")]
            above += [f"{path} imports {name}" for name in within if FLOOR_OF[name.split(".")[1]] > FLOOR_OF[own]]
    assert not above


@pytest.mark.costly
def test_imports_go_one_way_within_packages():
    """From a text to its gist, from rows to what changes them."""
    above = []
    for path, tree in modules():
        package = path.parts[0]
        if package in FLOORS_WITHIN and path.stem != "__init__":
            floors = {name: floor for floor, names in enumerate(FLOORS_WITHIN[package]) for name in names}
            within = [name for name in imported(tree) if name.startswith(f"memproc.{package}.")]
            above += [
                f"{path} imports {name}"
                for name in within
                if floors[name.split(".")[2]] > floors[path.parts[1].removesuffix(".py")]
            ]
    assert not above


def test_modules_are_short():
    """So that one can be read at a sitting."""
    lines = {str(path): (PACKAGE / path).read_text().count("\n") for path, _ in modules()}
    assert {path: count for path, count in lines.items() if count > MOST_LINES} == {}


def functions():
    """Return every function with its module's path."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return [(path, node) for path, tree in modules() for node in ast.walk(tree) if isinstance(node, kinds)]


@pytest.mark.costly
def test_functions_have_few_parameters():
    """But for the faces that people use: what they leave out has a default."""
    many = set()
    for path, node in functions():
        names = [
            one.arg for one in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs) if one.arg not in ("self", "cls")
        ]
        if len(names) > MOST_PARAMETERS and path.parts[0] != "cli":
            many.add(f"{path}: {node.name}")
    assert many == FACES


@pytest.mark.costly
def test_no_function_takes_a_connection_beside_its_database():
    """A transaction knows both."""
    for path, node in functions():
        kinds = {ast.unparse(one.annotation) for one in (*node.args.args, *node.args.kwonlyargs) if one.annotation is not None}
        assert not ({"Connection", "Tx"} & kinds and "Database" in kinds), f"{path}: {node.name}"


def test_the_pure_part_is_pure():
    """No database, clock, random source, logger or thread on the floors below the store."""
    found = {
        str(path): {name.split(".")[0] for name in imported(tree)} & IMPURE for path, tree in modules() if path.parts[0] in PURE
    }
    assert len(found) > len(PURE)
    assert not {path: names for path, names in found.items() if names}


@pytest.mark.costly
def test_ingestion_knows_nothing_of_what_is_alike_in_meaning():
    """So a model of words can decide nothing: only who proposes pairs asks it, and only the store offers that."""
    known = {"memproc.embedding", "memproc.dedup.meaning", "memproc.store.reviews.proposing"}
    assert {str(path) for path, tree in modules() if known & {*imported(tree)}} == {
        "store/reviews/proposing.py",
        "store/face/deciding.py",
    }


@pytest.mark.costly
def test_a_set_of_options_is_written_once():
    """In `config`; what else needs it derives it."""
    options = [{*get_args(found)} for found in vars(config).values() if get_origin(found) is Literal]
    assert len(options) >= 8
    written = set()
    for path, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Tuple | ast.List | ast.Set):
                words = {one.value for one in node.elts if isinstance(one, ast.Constant)}
                written |= {(str(path), *sorted(words & one)) for one in options if one <= words}
    assert {path for path, *_ in written} == {"config.py"}


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


@pytest.mark.costly
def test_the_library_is_quiet(tmp_path):
    """Nothing is logged or printed unless the host turns it on."""
    code = "import memproc; memproc.ingest([{'content': 'x y z'}, {'content': ''}], 'm.db')"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path, timeout=LIMIT_SECONDS
    )
    assert (done.stdout, done.stderr) == ("", "")


# The room that writes each table.
OWNERS = {
    "store": "sql",
    **dict.fromkeys(("observations", "merged", "typo_links", "decisions", "expired", "forgotten", "ledger", "searched"), "rows"),
    **dict.fromkeys(("jobs", "batches", "gates"), "jobs"),
    **dict.fromkeys(("quarantine", "quarantine_parts", "quarantine_texts"), "quarantine"),
    **dict.fromkeys(("tokens", "audit", "replies", "calls", "uploads", "sessions"), "access"),
    "reviews": "reviews",
    "segments": "index",
    **dict.fromkeys(("webhook_endpoints", "webhook_events", "webhook_deliveries", "notices", "notice_rules"), "outbox"),
    **dict.fromkeys(("flow_runs", "flow_steps", "flow_attempts"), "flows"),
    **dict.fromkeys(("enrichments", "enriched", "enrichment_orders"), "enriching"),
    **dict.fromkeys(("queue", "queue_needs", "queue_attempts", "queue_changes", "queue_rules", "schedules", "workers"), "queue"),
}
WRITING = {"insert", "update", "delete", "insert_rows", "insert_columns", "update_rows", "delete_by_keys"}


@pytest.mark.costly
def test_whoever_writes_a_table_owns_it():
    """The index alone gives numbers to its segments by a counter in the store's row."""
    assert {table.name.removeprefix(tables.PREFIX) for table in tables.metadata.sorted_tables} == OWNERS.keys()
    others = set()
    for path, tree in modules():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args]
        for call in calls:
            verb, table = ast.unparse(call.func).rpartition(".")[2], ast.unparse(call.args[0])
            if verb in WRITING and table.startswith("tables."):
                name = table.split(".")[1]
                others |= {(str(path), name)} if path.parts[1] != OWNERS[name] else set()
    assert others == {("store/index/segments.py", "store")}


SEALED = {table.name for table in tables.metadata.sorted_tables if is_sealed(table)} - {tables.store.name}


@pytest.mark.costly
def test_rows_with_a_seal_are_changed_where_it_is_kept():
    """By `update_rows`: an update of SQL's own would leave a seal that does not fit."""
    updates = []
    for path, tree in modules():
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "update"]
        updates += [(str(path), ast.unparse(call.args[0]).removeprefix("tables.")) for call in calls]
    assert updates
    assert not [(path, table) for path, table in updates if table in SEALED]
