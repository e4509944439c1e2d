"""The contestants: what each is, what it needs, and why it may have to be left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from benchmarks.measure import run_python
from benchmarks.places import SQLITE

ENGINES: Final = {"threads": (), "processes": (), "dask": ("distributed",), "ray": ("ray",)}
MEMPROC: Final = "benchmarks.memproc_run"


@dataclass(frozen=True, slots=True)
class Side:
    """A contestant.

    `does` says in a line what it does. `needs` are modules without which it is left out; `pip install` and `brought_by` bring
    them. `largest` is the number of records beyond which it is measured on the first so many only. `has_clusters` tells whether
    it has to be asked for its clusters afterwards, `is_on_servers` whether it also writes to servers.
    """

    name: str
    module: str
    does: str
    options: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    brought_by: str = "--group peers"
    largest: int | None = None
    has_clusters: bool = False
    is_on_servers: bool = False

    def arguments(self, command: str, file: Path, place: str) -> tuple[str, ...]:
        """Give the arguments of the interpreter for ``ingest`` or ``clusters``."""
        return ("-m", self.module, command, str(file), place, *self.options)


def _memproc(name: str, does: str, *options: str, needs: tuple[str, ...] = (), brought_by: str = "-e .") -> Side:
    return Side(
        f"memproc-{name}", MEMPROC, does, options, needs=needs, brought_by=brought_by, has_clusters=True, is_on_servers=True
    )


FLOOR: Final = Side(
    "floor", "benchmarks.floor", "`orjson.loads` and `executemany` of the raw driver; no validation, no dedup", is_on_servers=True
)
SIDES: Final = (
    FLOOR,
    _memproc("off", '`memproc.ingest` with `dedup="off"`', "off"),
    _memproc("exact", '`memproc.ingest` with `dedup="exact"`', "exact"),
    _memproc("near", "`memproc.ingest` with default settings", "near"),
    _memproc(
        "near-warm",
        "the same in a process that took the words of the file in before, in other texts",
        "near",
        "sequential",
        "warm",
    ),
    *(
        _memproc(
            f"near-{engine}", f'the same with `engine="{engine}"`', "near", engine, needs=needs, brought_by=f"-e '.[{engine}]'"
        )
        for engine, needs in ENGINES.items()
    ),
    Side(
        "recipe",
        "benchmarks.recipe",
        "as tutorials have it: a pydantic model, datasketch LSH over character 5-grams, `rapidfuzz.fuzz.ratio`, SQLAlchemy Core",
        needs=("datasketch",),
        largest=100_000,
        is_on_servers=True,
    ),
    Side(
        "rensa",
        "benchmarks.rensa_run",
        "a pydantic model, rensa's deduplicator on words as in its README, SQLAlchemy Core into the table of the recipe",
        ("words",),
        needs=("rensa", "datasketch"),
        has_clusters=True,
        is_on_servers=True,
    ),
    Side(
        "rensa-shingles",
        "benchmarks.rensa_run",
        "the same on the character 5-grams of the recipe, made in Python",
        ("shingles",),
        needs=("rensa", "datasketch"),
        has_clusters=True,
        is_on_servers=True,
    ),
    Side(
        "sqlite-utils",
        "benchmarks.sqlite_utils_run",
        "`insert_all` with an exact hash as the primary key",
        needs=("sqlite_utils",),
        has_clusters=True,
    ),
    Side(
        "dlt",
        "benchmarks.dlt_run",
        "a pipeline that merges on an exact hash, by its destination for SQLAlchemy (which knows no upsert: delete and insert)",
        needs=("dlt", "sqlalchemy"),
        largest=100_000,
        has_clusters=True,
    ),
    Side(
        "mem0",
        "benchmarks.mem0_run",
        "`add(infer=False)` of each record, with a constant embedder and an in-process qdrant; drops nothing",
        needs=("mem0", "qdrant_client"),
        largest=20_000,
    ),
)


def reasons(sides: Sequence[Side], kind: str, folder: Path) -> dict[str, str]:
    """Give why sides cannot be measured on a kind of database, by their names; nothing for those that can."""
    engines_asked = any(side.module == MEMPROC and len(side.options) > 1 for side in sides)
    has_engines = engines_asked and run_python("-m", MEMPROC, "engines", to=folder / "engines.json").value()
    found = {side.name: maybe_reason(side, kind, has_engines=has_engines) for side in sides}
    return {name: reason for name, reason in found.items() if reason}


def maybe_reason(side: Side, kind: str, *, has_engines: bool) -> str | None:
    """Give why a side cannot be measured on a kind of database, None where it can."""
    missing = [name for name in side.needs if find_spec(name) is None]
    if missing:
        return f"{', '.join(missing)} not installed: pip install {side.brought_by}"
    if side.module == MEMPROC and len(side.options) > 1 and not has_engines:
        return "memproc.ingest has no parameter `engine`"
    if kind != SQLITE and not side.is_on_servers:
        return "it is measured on SQLite only"
    return None
