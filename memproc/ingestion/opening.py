"""Opens files, folders, archives, pipes or an iterable as sources, and prepares the intake of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple, cast

from memproc.config import Settings
from memproc.errors import MemprocError, OversizedError, SourceError, UsageError
from memproc.formats import LISTS, LONG_LISTS, companions, generic, own
from memproc.formats.mapping import check_fields
from memproc.ingestion.detecting import format_of
from memproc.ingestion.following import dated_by_cursor, remarks_on_identity
from memproc.ingestion.lookahead import Lookahead
from memproc.ingestion.places import conversation_of, with_places
from memproc.ingestion.refusing import check_mapping, missing_paths, remarks_on_names
from memproc.ingestion.source import Given, Source, Sources
from memproc.intake import Intake
from memproc.records import Memory, is_mapping
from memproc.sources.compression import Bounds
from memproc.sources.decoding import item_of
from memproc.sources.deliveries import Deliveries
from memproc.sources.delivery import Delivery
from memproc.sources.files import How, items_of
from memproc.sources.items import Item, Items, Reading
from memproc.sources.iterables import of_iterable
from memproc.sources.labels import path_shown
from memproc.sources.lines import LineNumber
from memproc.sources.remote import Remote, RemoteStream, Visit, looked_at, seconds_left_of
from memproc.sources.reopening import Later
from memproc.sources.streams import checked_encoding
from memproc.sources.tables.children import Task
from memproc.sources.tables.frames import is_frame, of_frame
from memproc.sources.tables.opening import items_of_table
from memproc.times import parse_time, to_text

SAMPLE = 20  # items read at once to detect a format
SEARCHED = 1_000  # items that may be faulty before the search for a valid one ends
KEPT_OPEN = 100  # files named by the caller that stay open until they are read; others are closed and opened again
COMPANIONS = "companions"  # the kind under which they are counted
TABS, NO_DELIMITERS = ("\\t", "tab"), ('"', "\r", "\n")


class Asked(NamedTuple):
    """How files are written, as the caller says: the format, where in an object the list of records is (`data.items`), what
    stands between the cells of a table, the encoding, whether pickles may be read. With `is_numbered` items know their lines.
    """

    format: str | None = None
    records: str | None = None
    delimiter: str | None = None
    encoding: str | None = None
    allow_pickle: bool = False
    is_numbered: bool = False

    def how(self, settings: Settings) -> How:
        """Return how to read files. Raises UsageError if an option is not valid."""
        delimiter = "\t" if self.delimiter in TABS else self.delimiter
        if delimiter is not None and (len(delimiter) != 1 or delimiter in NO_DELIMITERS):
            raise UsageError(f"delimiter={self.delimiter!r}: give one character, as in ; or |, or tab")
        names = tuple(self.records.split(".")) if self.records is not None else ()
        if not all(names):
            raise UsageError(f"records={self.records!r}: give the names that lead to the list, as in data.items")
        bounds, encoding = Bounds(settings.max_decompressed_bytes), checked_encoding(self.encoding)
        number = LineNumber() if self.is_numbered else None
        return How(LISTS, settings.max_record_bytes, names, delimiter, encoding, self.allow_pickle, bounds, number)


def given_of(what: object) -> list[Given] | None:
    """Return the paths, file objects and remote sources that `what` names, or None if it is an iterable of records."""
    if _is_given(what):
        return [_as_given(what)]
    if isinstance(what, Sequence) and what and all(map(_is_given, what)):
        return [_as_given(one) for one in what]
    if is_frame(what):
        return None
    if isinstance(what, Mapping | Memory) or not isinstance(what, Iterable):
        raise UsageError(
            f"what={type(what).__name__}: give a path, several paths, a file object, a source, or an iterable of records"
        )
    return None


def _is_given(what: object) -> bool:
    return issubclass(type(what), str | Path) or callable(getattr(type(what), "read", None)) or isinstance(what, Remote)


def _as_given(what: Any) -> Given:
    if isinstance(what, str) and "://" in what:
        from memproc.sources.live.live_store import LiveStore, is_address  # noqa: PLC0415 - SQLAlchemy loads slowly

        if is_address(what):
            return LiveStore(what)
    return Path(what) if isinstance(what, str | Path) else what


def open_all(given: Sequence[Given] | None, what: Any, intake: Intake, asked: Asked) -> Sources:
    """Open every source and find its format. Raises SourceError or UsageError."""
    how = asked.how(intake.settings)
    check_fields(intake.context.mapping, intake.schema.model_fields)
    if given is None:
        if how.records or how.delimiter or how.encoding:
            raise UsageError("records, delimiter and encoding are for files: the records of an iterable are read already")
        items = of_frame(what, how.limit_bytes) or of_iterable(what)
        sources = [_source(items, None, intake, asked.format)]
        _check_include(sources, intake)
        return Sources(sources)
    found = Deliveries(how.bounds)
    sources = []
    named: dict[int, Source] = {}
    with ExitStack() as stack:
        stack.callback(lambda: Sources(sources, found).close())
        for number, what_given in enumerate(given):
            if isinstance(what_given, Remote):
                sources.append(_of_remote(what_given, intake, asked.format))
                named[number] = sources[-1]
                continue
            opens = partial(_of_delivery, how=how, intake=intake, name=asked.format, may_stay_open=len(sources) < KEPT_OPEN)
            for delivery in found.of(what_given):
                if (source := _of_found(delivery, found, opens)) is None:
                    continue
                sources.append(source)
                if delivery.is_named:
                    named[number] = source
        _check_memories(given, sources, found, asked)
        _check_include(sources, intake)
        stack.pop_all()  # nothing raised: the caller closes the sources
    return Sources(sources, found, named)


def _check_memories(given: Sequence[Given], sources: Sequence[Source], found: Deliveries, asked: Asked) -> None:
    """Raise SourceError if no file can be read, or all are files beside the memories of an export."""
    if not sources:
        reason = f": {found.untold[0]}" if found.untold else ""
        redacted = f": {found.untold[0].redacted}" if found.untold else ""
        message = f"{' '.join(map(path_shown, given))} holds no file that can be read"
        raise SourceError(f"{message}{reason}", f"{message}{redacted}")
    if asked.format is None and all(source.intake.format is companions.FORMAT for source in sources):
        what = ", ".join(map(_companion_in, sources))
        raise SourceError(f"{what}, and no memories: give the conversations of the export")


def _companion_in(source: Source) -> str:
    return source.opened.reading.remarks[-1] if source.opened.reading else source.name


def _of_found(delivery: Delivery, found: Deliveries, opens: Callable[[Delivery], Source]) -> Source | None:
    """Return the source of a file, or None after noting one that was not given by itself and cannot be read, or has no memories."""
    try:
        source = opens(delivery)
    except SourceError as error:
        if delivery.is_named:
            raise
        found.skip(error)
        return None
    if source.intake.format is companions.FORMAT and not delivery.is_named:
        source.opened.close()
        found.skip(SourceError(_companion_in(source)), COMPANIONS)
        return None
    return source


def _of_delivery(delivery: Delivery, how: How, intake: Intake, name: str | None, *, may_stay_open: bool) -> Source:
    """Open one file and find its format. One that does not stay open is opened again when it is read."""
    if delivery.size is not None and delivery.size > how.limit_bytes:
        how = how._replace(lists=LONG_LISTS)
    if intake.schema is Memory and not intake.context.mapping:  # else a field may be an embedding
        how = how._replace(makes_embeddings=False)
    items = _opened(delivery, how)
    try:
        source = _source(items, delivery, intake, name)
    except BaseException:
        items.close()
        raise
    if delivery.is_once or (delivery.is_named and may_stay_open):
        return source
    items.close()
    reading = Reading(remarks=list(items.reading.remarks) if items.reading else [])
    later = Later(lambda: _opened(delivery, how), reading)
    known = source.intake.format
    pieces = with_places(known.gather(later.items(source.passed)), known, source.conversation, items.head)
    return source._replace(items=pieces, opened=items._replace(items=pieces, stream=later, reading=reading))


def _of_remote(remote: Remote, intake: Intake, name: str | None) -> Source:
    """Look at the first records of a remote source and find their format. It is read from where the job is then."""
    settings = intake.settings
    visit = Visit(seconds_left=seconds_left_of(settings.max_seconds))
    first, rows = looked_at(remote, visit), list[Mapping[str, Any]]()
    with closing(first):
        visit.reading.remarks += remote.remarks(visit)
        seen = Items(_noted(first, rows), is_table=remote.is_table, reading=visit.reading)
        source = _source(seen, Delivery(remote.label, "", _no_bytes, is_remote=True), intake, name or remote.format_name)
    visit.reading.remarks += remarks_on_identity(source.intake, remote, rows)
    source = source._replace(intake=dated_by_cursor(source.intake, remote, rows))
    stream = RemoteStream(remote, visit, settings.max_record_bytes, redacts=settings.redact)
    conversation = None if source.conversation is None else remote.label  # of messages whose rows name none; the first may change
    source = source._replace(remote=stream, opened=seen._replace(stream=stream), conversation=conversation)
    return source._replace(items=source.pieces_behind(0, None))


def _noted(items: Iterable[Item], rows: list[Mapping[str, Any]]) -> Iterator[Item]:
    """Yield items, and put the objects among the first into `rows`."""
    for number, item in enumerate(items):
        if number < SAMPLE and is_mapping(value := item.value):
            rows.append(cast("Mapping[str, Any]", value))
        yield item


def _no_bytes() -> Any:
    raise SourceError("a remote source has no bytes")


def _opened(delivery: Delivery, how: How) -> Items:
    try:
        if delivery.kind is not None:
            task = Task(delivery.kind, delivery.table, how.allow_pickle)
            return items_of_table(delivery.opens(), delivery.shown, task, how)
        return items_of(delivery.opens(), delivery.shown, PurePosixPath(delivery.name), how)
    except OversizedError as error:
        raise SourceError(str(error)) from error
    except MemprocError:
        raise
    except Exception as error:  # what decompresses raises errors of many kinds
        raise SourceError(f"{delivery.shown} cannot be read: {error}") from error


def _source(opened: Items, delivery: Delivery | None, intake: Intake, name: str | None) -> Source:
    label = "iterable" if delivery is None else delivery.label
    lookahead = Lookahead(opened.items)
    sample: list[Item] = []
    while len(sample) < SEARCHED and all(item.fault is not None for item in sample):
        more = lookahead.read_ahead(SAMPLE)
        sample += map(item_of, more)
        if not more:
            break
    if lookahead.failure is not None and delivery is not None and not delivery.is_named:
        raise SourceError(f"{label} cannot be read: {lookahead.failure}")
    if delivery is not None and (mapping := intake.context.mapping):
        _check_mapping(label, mapping, sample, lookahead)
    is_told = name is None and not opened.is_table and not intake.context.mapping
    first = sample[0].value if sample else None
    if own.is_head(first) and (is_told or name in (own.FORMAT.name, own.FULL.name)):
        if (wrong := own.version_fault(first)) is not None:
            raise SourceError(f"{label} {wrong.message}: {wrong.hint}")
        detected, passed = own.FULL, 1
        lookahead.drop_first()
    else:
        detected, passed = format_of(opened, sample, delivery, intake, name), 0
    as_of = intake.as_of
    if as_of is None and (head_date := detected.as_of(opened.head)) is not None:
        try:
            moment = parse_time(intake.settings.dates.read(head_date))
        except ValueError as error:
            message = f"{label}: the date of the export is no date"
            raise SourceError(f"{message}: {error}", message) from error
        as_of = to_text(moment) if moment else None
    is_generic = detected in (generic.FORMAT, *generic.TABLES)
    if is_generic and opened.reading is not None and not intake.settings.redact:
        objects: list[Any] = [item.value for item in sample if is_mapping(item.value)]
        opened.reading.remarks.extend(remarks_on_names(objects, frozenset(intake.schema.model_fields), intake.context))
    conversation = conversation_of(detected, sample, opened.head, "" if delivery is None else delivery.place)
    pieces = lookahead.all_pieces() if delivery is None else detected.gather(lookahead.all_pieces())  # an iterable may have no end
    items = with_places(pieces, detected, conversation, opened.head)
    size, file = (None, None) if delivery is None else (delivery.size, delivery.path)
    context = intake.context._replace(is_told=is_told)
    prepared = replace(intake, format=detected, context=context, as_of=as_of)
    return Source(label, prepared, items, opened, size, file, passed, conversation)


def _check_mapping(label: str, mapping: Mapping[str, str], sample: Sequence[Item], lookahead: Lookahead) -> None:
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


def _check_include(sources: Sequence[Source], intake: Intake) -> None:
    """Raise UsageError if none of the formats has a kind that was to be included."""
    formats = [*dict.fromkeys(source.intake.format for source in sources)]
    formats = [known for known in formats if known is not companions.FORMAT] or formats
    unknown = intake.context.include - {option for known in formats for option in known.options}
    if unknown:
        first = formats[0]
        choices = ", ".join(first.options) or "nothing"
        raise UsageError(f"include={sorted(unknown)}: format {first.name!r} has {choices} to include")
