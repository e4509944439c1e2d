"""What an ingestion is asked: the arguments of `ingest`, which tells what they mean."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from pathlib import Path
from typing import IO, Any

from memproc.config import Settings
from memproc.enrichment.given import Enrich
from memproc.gates.files import Given as GateGiven
from memproc.records import Memory
from memproc.report.ending import OnEvent
from memproc.sources.remote import Remote
from memproc.store.store import Store


@dataclass(frozen=True, slots=True)
class Call:
    """One call of `ingest`."""

    what: str | Path | IO[Any] | Remote | Iterable[object]
    into: str | Path | Store
    _: KW_ONLY
    namespace: str | None = None
    source: str | None = None
    format: str | None = None
    schema: type[Memory] = Memory
    settings: Settings | None = None
    mapping: Mapping[str, Any] | str | Path | None = None
    include: Iterable[str] = ()
    as_of: object = None
    trust_decisions: bool = False
    on_event: OnEvent | None = None
    dry_run: bool = False
    resume: bool = False
    records: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    allow_pickle: bool = False
    limit: int | None = None
    engine: object = "sequential"
    enrich: Enrich | None = None
    gate: GateGiven | None = None
