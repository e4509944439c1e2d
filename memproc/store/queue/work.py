"""What an ingestion in the queue is told: sources, options and settings, checked when it is submitted and kept as JSON.

Rules: a worker may run in another folder, so paths are kept whole. What a row holds may be shown, so no URL in it has a password:
it names one (`ENV:NAME`, `KEYRING:service/user`), which the worker looks up. A source that is open, or made of Python objects, is
not for a queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args
from urllib.parse import urlsplit

import orjson

from memproc.arguments import whole_number
from memproc.config import Engine, Settings
from memproc.errors import UsageError
from memproc.formats import format_named
from memproc.masking import HIDDEN, masked
from memproc.sources.kept import kept_source, source_kept
from memproc.sources.live.live_store import LiveStore, is_address
from memproc.sources.remote import Remote

SourceGiven = str | Path | Remote

OPTIONS = (
    *("mapping", "include", "as_of", "records", "delimiter", "encoding", "allow_pickle", "limit", "trust_decisions", "engine"),
    "only_namespace",  # no record is taken that names another one
    "gate",
)
_OF_STORE = ("pool_size", "pool_overflow", "pool_timeout_seconds", "pool_recycle_seconds", "table_prefix", "table_schema")
OF_RUN = tuple(one.name for one in fields(Settings) if one.name not in (*_OF_STORE, "durability", "retention"))


def ingestion_work(
    sources: SourceGiven | Iterable[SourceGiven],
    *,
    source: str | None,
    format: str | None,
    settings: Settings | Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> dict[str, Any]:
    """Return what a worker is to ingest, as JSON values. Raises UsageError, or SourceError, on what cannot be."""
    given = [sources] if isinstance(sources, str | Path | Remote) else sources
    if not isinstance(given, Iterable):
        raise UsageError(f"sources={sources!r}: give a path or a URL, or several: what is open cannot wait in a queue")
    named = [kept_source(one) if isinstance(one, Remote) else named_source(one) for one in given]
    if not named:
        raise UsageError("sources: give at least one path or URL")
    if format is not None:
        format_named(format)
    work = {"sources": named, "source": source, "format": format, "settings": settings_given(settings)}
    return {**work, "options": options_given(options), "origin": source or _origin_of(named[0])}


def _origin_of(named: str | Mapping[str, Any]) -> str:
    """Return what limits of concurrency count: the host of a URL, else the path, or how a source is shown."""
    if isinstance(named, str):
        return (urlsplit(named).hostname if "://" in named else None) or named
    return str(named["label"])


def named_source(given: object) -> str:
    """Return a source as a worker anywhere finds it. Raises UsageError."""
    if not isinstance(given, str | Path) or str(given) in ("", "-"):
        raise UsageError(f"source {given!r}: give a path or a URL: what is open, or standard input, cannot wait in a queue")
    text = str(given)
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    if HIDDEN in masked(text):
        raise UsageError(f"{masked(text)}: a queue keeps no password: name one in the URL, as ENV:NAME or KEYRING:service/user")
    if not is_address(text):
        raise UsageError(f"{masked(text)}: give a SqlTable, SqlQuery or RestPages for what is behind it, or the address of a store")
    LiveStore(text)  # raises where there is no such system
    return text


def settings_given(settings: Settings | Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the settings of a run that differ from the defaults. Raises UsageError on one that cannot be, or is of the store."""
    if settings is None:
        return {}
    before = asdict(Settings())
    given = asdict(settings) if isinstance(settings, Settings) else dict(settings)
    given = {name: value for name, value in given.items() if name not in before or value != before[name]}
    if unknown := [name for name in given if name not in OF_RUN]:
        raise UsageError(f"{unknown[0]}: a job in the queue takes no such setting: choose among {', '.join(OF_RUN)}")
    checked = asdict(Settings(**given))
    return {name: checked[name] for name in given}


def options_given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options of an ingestion. Raises UsageError on what a queue cannot keep."""
    if unknown := [name for name in options if name not in OPTIONS]:
        raise UsageError(f"{unknown[0]}: an ingestion in the queue takes no such option: choose among {', '.join(OPTIONS)}")
    given = {name: value for name, value in options.items() if not (value is None or value is False or value == ())}
    if "limit" in given:
        whole_number("limit", given["limit"])
    if "engine" in given and given["engine"] not in get_args(Engine):
        raise UsageError(f"engine={given['engine']!r}: choose one of {', '.join(get_args(Engine))}")
    given |= {name: named_source(given[name]) for name in ("mapping", "gate") if isinstance(given.get(name), str | Path)}
    if "include" in given:
        given["include"] = [*given["include"]]
    try:
        kept: dict[str, Any] = orjson.loads(orjson.dumps(given))
    except TypeError as error:
        raise UsageError(f"options {sorted(given)}: a queue keeps JSON values alone: {error}") from error
    return kept


def shown_work(work: Mapping[str, Any]) -> str:
    """Return what is read, as a line."""
    return " ".join(masked(one) if isinstance(one, str) else one["label"] for one in work["sources"])


def sources_of(work: Mapping[str, Any]) -> list[str | Remote]:
    """Return what a worker is to read. Raises UsageError where a variable that a source names is not set."""
    return [one if isinstance(one, str) else source_kept(one) for one in work["sources"]]
