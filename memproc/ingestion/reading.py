"""Reads files without a store: yields the memories they hold, validated as for a store."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from loguru import logger

from memproc.config import Policy, Settings
from memproc.errors import UsageError, redacting
from memproc.formats import generic
from memproc.formats.draft import Context
from memproc.ingestion.opening import Asked, given_of, open_all
from memproc.intake import Intake, required_name
from memproc.records import Memory, Rejected
from memproc.sources.mapping_files import mapping_given
from memproc.times import parse_time, to_text


def read_file(
    what: str | Path | Any,
    asked: Asked | None = None,
    *,
    mapping: Mapping[str, Any] | str | Path | None = None,
    include: Iterable[str] = (),
    settings: Settings | None = None,
) -> Iterator[Memory | Rejected]:
    """Yield the memories of a file, folder or archive, validated as for a store; invalid records as `Rejected`, in order."""
    context = Context(None, frozenset(include), mapping_given(mapping))
    return drafted(what, intake_of(context, settings or Settings()), asked or Asked())


def intake_of(context: Context, settings: Settings, *, namespace: str | None = None, as_of: object = None) -> Intake:
    """Return the intake for what a caller passed. Raises UsageError if a value is not valid."""
    default_namespace = required_name(namespace, "namespace")
    try:
        moment = None if as_of is None else parse_time(settings.dates.read(as_of))
    except ValueError as error:
        raise UsageError(f"as_of: {error}") from error
    date = to_text(moment) if moment else None
    return Intake(generic.FORMAT, Policy(), namespace=default_namespace, context=context, as_of=date, settings=settings)


def drafted(what: object, intake: Intake, asked: Asked) -> Iterator[Memory | Rejected]:
    """Yield the memories of what a caller names, as `intake` takes them. Files that cannot be read are named in the log."""
    redacts = intake.settings.redact
    with redacting(is_wanted=redacts), closing(open_all(given_of(what), what, intake, asked)) as sources:
        for note in sources.notes(redacts=redacts):
            logger.warning(note)
        for source in sources.all:
            for item in source.items:
                yield from source.intake.draft(item)
