"""Opens paths or an iterable as sources, and finds the format of each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from memproc.config import Settings
from memproc.errors import SourceError, UsageError
from memproc.formats import LISTS, LONG_LISTS, companions, detect, format_named, generic, own
from memproc.formats.draft import Format
from memproc.ingestion.places import with_places
from memproc.ingestion.refusing import are_texts, check_known, check_mapping, check_table, missing_paths, near_misses
from memproc.intake import Intake
from memproc.records import Memory, is_mapping
from memproc.sources.decoding import item_of
from memproc.sources.files import open_file
from memproc.sources.items import Item, Items, Piece
from memproc.sources.iterables import of_iterable
from memproc.times import parse_time, to_text

SAMPLE = 20  # items read at once to detect a format
SEARCHED = 1_000  # items that may be faulty before the search for a valid one ends


class Source(NamedTuple):
    """An open source: its name in the store, the intake of its items, the items, and its size in bytes."""

    name: str
    intake: Intake
    items: Iterator[Piece]
    opened: Items
    size: int | None


def paths_of(what: object) -> list[Path] | None:
    """Return the paths that `what` names, or None if it is an iterable of records."""
    if isinstance(what, str | Path):
        return [Path(what)]
    if isinstance(what, Sequence) and what and all(issubclass(type(one), str | Path) for one in what):
        return [Path(one) for one in what]
    if isinstance(what, Mapping | Memory) or not isinstance(what, Iterable):
        raise UsageError(f"what={type(what).__name__}: give a path, several paths, or an iterable of records")
    return None


def open_all(paths: list[Path] | None, what: Any, intake: Intake, name: str | None, settings: Settings) -> list[Source]:
    """Open every source and find its format. Raises SourceError or UsageError."""
    if paths is None:
        return [_source(of_iterable(what), "iterable", None, intake, name)]
    sources: list[Source] = []
    with ExitStack() as stack:
        for path in paths:
            is_long = path.is_file() and path.stat().st_size > settings.max_record_bytes
            items = open_file(path, lists=LONG_LISTS if is_long else LISTS, limit_bytes=settings.max_record_bytes)
            stack.callback(items.close)
            sources.append(_source(items, path.name, path, intake, name))
        if name is None and all(source.intake.format is companions.FORMAT for source in sources):
            what = ", ".join(source.opened.reading.remarks[-1] for source in sources if source.opened.reading)
            raise SourceError(f"{what}, and no memories: give the conversations of the export")
        stack.pop_all()  # nothing raised: the caller closes the sources
    return sources


def _source(opened: Items, label: str, path: Path | None, intake: Intake, name: str | None) -> Source:
    lookahead = _Lookahead(opened.items)
    sample: list[Item] = []
    while len(sample) < SEARCHED and all(item.fault is not None for item in sample):
        more = lookahead.read_ahead(SAMPLE)
        sample += map(item_of, more)
        if not more:
            break
    if path is not None and (mapping := intake.context.mapping):
        _check_mapping(label, mapping, sample, lookahead)
    is_told = name is None and not opened.is_table and not intake.context.mapping
    first = sample[0].value if sample else None
    if own.is_head(first) and (is_told or name in (own.FORMAT.name, own.FULL.name)):
        if (wrong := own.version_fault(first)) is not None:
            raise SourceError(f"{label} {wrong.message}: {wrong.hint}")
        detected = own.FULL
        lookahead.drop_first()
    else:
        detected = _format_of(opened, sample, path, intake, name)
    unknown = intake.context.include - set(detected.options)
    if unknown and detected is not companions.FORMAT:
        choices = ", ".join(detected.options) or "nothing"
        raise UsageError(f"include={sorted(unknown)}: format {detected.name!r} has {choices} to include")
    as_of = intake.as_of
    if as_of is None and (head_date := detected.as_of(opened.head)) is not None:
        try:
            moment = parse_time(head_date)
        except ValueError as error:
            message = f"{label}: the date of the export is no date"
            raise SourceError(f"{message}: {error}", message) from error
        as_of = to_text(moment) if moment else None
    is_generic = detected in (generic.FORMAT, generic.TABLE) and not intake.context.mapping
    if is_generic and opened.reading is not None and not intake.settings.redact:
        objects: list[Any] = [item.value for item in sample if is_mapping(item.value)]
        opened.reading.remarks.extend(near_misses(objects, frozenset(intake.schema.model_fields)))
    items = lookahead.all_pieces() if path is None else detected.gather(lookahead.all_pieces())  # an iterable may have no end
    items = with_places(items, detected, sample, opened.head, path)
    size = path.stat().st_size if path is not None and path.is_file() else None
    context = intake.context._replace(is_told=is_told)
    return Source(label, replace(intake, format=detected, context=context, as_of=as_of), items, opened, size)


class _Lookahead:
    """The pieces of a source, the first of which can be read ahead. An exception met then is raised again in its place."""

    def __init__(self, pieces: Iterator[Piece]) -> None:
        self._pieces = pieces
        self._taken: list[Piece] = []
        self._failure: Exception | None = None

    def read_ahead(self, count: int) -> list[Piece]:
        """Read ahead and return up to `count` pieces. Raises UsageError if the source is not valid at all."""
        before = len(self._taken)
        try:
            for piece in islice(self._pieces if self._failure is None else (), count):
                self._taken.append(piece)
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 - the source is the caller's and may raise anything
            self._failure = error
        return self._taken[before:]

    def drop_first(self) -> None:
        """Leave out the first piece, which is a head and not a record."""
        del self._taken[:1]

    def all_pieces(self) -> Iterator[Piece]:
        """Yield all pieces, including those read ahead."""
        yield from self._taken
        if self._failure is not None:
            raise self._failure
        yield from self._pieces


def _check_mapping(label: str, mapping: Mapping[str, str], sample: Sequence[Item], lookahead: _Lookahead) -> None:
    """Look for the names of a mapping in as many records as needed. Raises SourceError if one is in none of the first."""
    objects: list[Any] = []
    count, more = 0, list(sample)
    while more and count < SEARCHED:
        count += len(more)
        objects += [item.value for item in more if item.fault is None and is_mapping(item.value)]
        if not missing_paths(mapping, objects):
            return
        more = [item_of(piece) for piece in lookahead.read_ahead(SAMPLE)]
    check_mapping(label, mapping, objects)


def _format_of(opened: Items, sample: Sequence[Item], path: Path | None, intake: Intake, name: str | None) -> Format:
    if name is not None:
        return format_named(name)
    values = [item.value for item in sample if item.fault is None]
    objects: list[Any] = [value for value in values if is_mapping(value)]
    fields = frozenset(intake.schema.model_fields)
    if opened.is_table:
        check_table(f"{path}", objects, intake.context.mapping, fields)
        return generic.TABLE
    if intake.context.mapping:
        return generic.FORMAT
    detected = detect(values, fields)
    if path is not None and (what := companions.companion_of(path.stem, objects, is_known=detected is not None)) is not None:
        if opened.reading is not None:
            opened.reading.remarks.append(f"{path.name} holds {what}")
        return companions.FORMAT
    if path is not None and are_texts(f"{path}", values):
        return generic.TEXTS
    if path is not None:
        check_known(path, detected, sample, objects)
    return detected or generic.FORMAT
