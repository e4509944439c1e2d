"""The suites by name: what each runs on, what its short form is, and what it tells."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, NamedTuple

from benchmarks.corpus import write_corpus
from faults import (
    bad_rows,
    breakers,
    changing,
    clock,
    connections,
    disk,
    flows,
    fuzz,
    guided,
    kills,
    locked,
    promises,
    queued,
    webhooks,
    writers,
)
from faults.stores import NewStore, stores


class Serves(StrEnum):
    """What a suite runs on."""

    ALL = "every database"
    FILES = "SQLite files"
    SERVERS = "servers"
    NONE = "no database"


class CannotRunError(Exception):
    """What a suite needs is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked for: how much, and of `fuzz` and `atheris` which."""

    records: int = 20_000
    kills: int = 300
    seed: int = 1
    seconds: int = 300
    hold_seconds: float = 5.0
    down_seconds: float = 60.0
    rounds: int = 5
    format: str = "any"
    chunk: int | None = None
    targets: tuple[str, ...] = guided.TARGETS
    tell: Callable[[str], object] = field(default=str)


class Suite(NamedTuple):
    """A suite: what runs it and returns what it tells, what it runs on, and how its short form differs from the long one."""

    run: Callable[[Asked, NewStore, Path], str]
    serves: Serves
    short: Mapping[str, Any]


def run(name: str, asked: Asked, database: str, folder: Path) -> str:
    """Run a suite on a database and return what it tells. Raises CannotRunError, and what it finds."""
    suite = SUITES[name]
    if suite.serves is Serves.SERVERS and database == "sqlite":
        raise CannotRunError("a file has no connections to end: give --database URL")
    if suite.serves is Serves.FILES and database != "sqlite":
        raise CannotRunError("the disk of a server is not ours to fill: leave --database out")
    with stores(database, folder) as new_store:
        return suite.run(asked, new_store, folder)


def _kills(asked: Asked, new_store: NewStore, folder: Path) -> str:
    source = kills.with_bad_lines(_corpus(asked, folder), folder)
    return str(kills.kill_again_and_again(new_store, kills.undisturbed(new_store(), source, folder), asked.kills, asked.seed))


def _connections(asked: Asked, new_store: NewStore, folder: Path) -> str:
    source = kills.with_bad_lines(_corpus(asked, folder), folder)
    undisturbed = kills.undisturbed(new_store(), source, folder)
    return str(connections.end_again_and_again(new_store, undisturbed, asked.kills, asked.seed))


def _full_disk(asked: Asked, new_store: NewStore, folder: Path) -> str:
    return str(disk.fill_up(new_store, _corpus(asked, folder), asked.records, folder))


def _locked(asked: Asked, new_store: NewStore, folder: Path) -> str:
    patient, impatient = locked.wait_for_locks(new_store, _corpus(asked, folder), asked.hold_seconds)
    held = f"the lock was held for {asked.hold_seconds} s: {patient:.1f} s to ingest"
    return f"{held}, {impatient:.1f} s where the database gives up at once; both as undisturbed"


def _clock(asked: Asked, new_store: NewStore, folder: Path) -> str:
    source = kills.with_bad_lines(_corpus(asked, folder), folder)
    killed = clock.jump(new_store, source, asked.records, min(asked.kills, 30), asked.seed)
    return f"{killed} kills under a clock that jumps, and a live owner taken for dead and refused: the same store as undisturbed"


def _writers(asked: Asked, new_store: NewStore, folder: Path) -> str:
    return str(writers.write_at_once(new_store, _corpus(asked, folder), folder))


def _changing_source(asked: Asked, new_store: NewStore, folder: Path) -> str:
    told = changing.change(new_store, _corpus(asked, folder), asked.records, folder)
    return f"{len(told)} ways: {', '.join(told)}"


def _bad_rows(asked: Asked, new_store: NewStore, _folder: Path) -> str:
    seconds = bad_rows.measure(new_store, asked.rounds)
    clean = seconds.pop("clean")
    told = [f"{kind} {took:.3f} s, {took / clean:.2f} times a clean batch" for kind, took in seconds.items()]
    return f"clean {clean:.3f} s; {'; '.join(told)}"


def _promises(_asked: Asked, new_store: NewStore, folder: Path) -> str:
    kept, found = promises.keep(new_store, folder), breakers.find_out(new_store, folder)
    told = [f"{breaker}: found out by {check!r}" for breaker, check in found.items()]
    return "\n".join([f"{len(kept)} promises kept; {len(found)} ways to break them, each found out", *told])


def _webhooks(asked: Asked, new_store: NewStore, _folder: Path) -> str:
    return str(webhooks.tell_of_jobs(new_store, asked.records // 2, min(asked.kills, 20), asked.down_seconds, asked.seed))


def _fuzz(asked: Asked, new_store: NewStore, folder: Path) -> str:
    known = None if asked.format == "any" else asked.format
    return str(fuzz.fuzz(new_store, folder, asked.records, asked.seed, format=known, chunk=asked.chunk, tell=asked.tell))


def _atheris(asked: Asked, _new_store: NewStore, folder: Path) -> str:
    if not guided.is_installed():
        raise CannotRunError("atheris is not installed: pip install --group fuzz")
    told = guided.lead(asked.targets, asked.seconds, folder)
    return "\n".join(f"{target:10} {line}" for target, line in told.items())


def _rest(asked: Asked, _new_store: NewStore, folder: Path) -> str:
    try:
        from faults.rest import ask_everything  # noqa: PLC0415 - what it needs is large, and for this suite alone
    except ModuleNotFoundError as error:
        raise CannotRunError(f"schemathesis is not installed: pip install --group tests ({error})") from error
    return ask_everything(folder, asked.records // 2, asked.seed)


def _queue(asked: Asked, new_store: NewStore, folder: Path) -> str:
    wanted = queued.one_by_one(new_store(), _corpus(asked, folder), folder)
    return str(queued.kill_workers(new_store, wanted, asked.kills, asked.seed))


def _flows(asked: Asked, new_store: NewStore, folder: Path) -> str:
    source = kills.with_bad_lines(_corpus(asked, folder), folder)
    return flows.kill_at_each_step(new_store, source, folder, apart=asked.rounds > 1)


def _corpus(asked: Asked, folder: Path) -> Path:
    source = folder / "corpus.jsonl"
    write_corpus(records=asked.records, seed=asked.seed, path=source)
    return source


SUITES: Final[dict[str, Suite]] = {
    "kills": Suite(_kills, Serves.ALL, {"records": 1_200, "kills": 30}),
    "connections": Suite(_connections, Serves.SERVERS, {"records": 1_200, "kills": 25}),
    "full-disk": Suite(_full_disk, Serves.FILES, {"records": 2_000}),
    "locked": Suite(_locked, Serves.ALL, {"records": 300, "hold_seconds": 1.0}),
    "clock": Suite(_clock, Serves.ALL, {"records": 600, "kills": 4}),
    "writers": Suite(_writers, Serves.ALL, {"records": 2_000}),
    "changing-source": Suite(_changing_source, Serves.ALL, {"records": 300}),
    "bad-rows": Suite(_bad_rows, Serves.ALL, {"rounds": 2}),
    "promises": Suite(_promises, Serves.ALL, {}),
    "queue": Suite(_queue, Serves.ALL, {"records": 300, "kills": 12}),
    "webhooks": Suite(_webhooks, Serves.ALL, {"records": 400, "kills": 2, "down_seconds": 1.0}),
    "fuzz": Suite(_fuzz, Serves.ALL, {"records": 2_000}),
    "rest": Suite(_rest, Serves.NONE, {"records": 400}),
    "flows": Suite(_flows, Serves.ALL, {"records": 300, "rounds": 1}),
    "atheris": Suite(_atheris, Serves.NONE, {"seconds": 4, "targets": ("lines", "arrays", "tables", "store")}),
}
