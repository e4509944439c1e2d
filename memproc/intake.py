"""From items of a source to prepared observations: format, validation, keys. Pure; what becomes of an item is its own affair.

Nothing raises on bad input: what cannot be taken comes back as `Rejected`, with every fault and the raw bytes. Nor does a fault of
memproc itself: the record that it shows itself in is `Rejected` as `internal`, with the traceback, and all others are taken.

Strategy: one loop takes each item from its bytes to the record that is kept. What most items are, an object with fields of the
schema, needs no reader. The keys of many are then made together, since that is quicker while all that it needs is at hand; where
that raises, the record that it raises on is found by halving (`_isolated`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from memproc.config import DEEPEST, Policy, Settings
from memproc.dedup.grouping import grouped
from memproc.dedup.keys import Accepted, Columns, prepare_all
from memproc.dedup.signing import signed
from memproc.errors import UsageError
from memproc.formats import generic, of_line
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, LeftOut, Part
from memproc.records import DEFAULT_NAMESPACE, Fault, Given, Memory, Plain, Rejected, encode, is_mapping, plain
from memproc.sources.items import Item, Piece, count_names, depth_of, item_of, raw_bytes
from memproc.taken import Taken, places_beside
from memproc.times import parse_time, to_text
from memproc.validation import INTERNAL_ERROR, READER_FAILED, as_given, broke, fault, redacted, restore, validator
from memproc.values import is_blank, shown

_Kept = tuple[Plain, bytes, bool, str | None]  # what is kept of a record, in the order of the lists of `Accepted`

CATEGORY_OF_FAULTS = "validation"
CATEGORY_OF_FORMATS = "transform"
CATEGORY_OF_EXCEPTIONS = "internal"
CATEGORY_OF_LIMITS = "resource"
_LEAST_BYTES_A_NAME = 5  # of JSON: `{"":1}`; so most records need not be counted
SHAPED = ("tags", "emotion", "relations")  # their levels are those of the schema


class Chunk(NamedTuple):
    """What some items became, signed: the records of all, and `counts`, how many of them each item gave. Each decision stands with
    the number of records before it, and what was left out with the number of its item.
    """

    records: Taken
    counts: list[int]
    decided: list[tuple[int, Decided]]
    left_out: list[tuple[int, dict[str, int]]]


class _Read(NamedTuple):
    """What was read of some items: as in `Chunk`, but that the keys of what was accepted are still to be made. `parts` holds the
    part of an item that a record is, by place, where it is not all of it.
    """

    accepted: Accepted
    rejected: list[tuple[int, Rejected]]
    counts: list[int]
    decided: list[tuple[int, Decided]]
    left_out: list[tuple[int, dict[str, int]]]
    parts: dict[int, object]


@dataclass(frozen=True, slots=True)
class Intake:
    """How the items of one source are taken. `namespace` and `source` are for records that carry none; `as_of` is the date
    the source gives for itself, as fixed-width text.
    """

    format: Format
    policy: Policy
    schema: type[Memory] = Memory
    namespace: str | None = None
    context: Context = field(default_factory=Context)
    as_of: str | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Let the readers know the fields of the schema."""
        object.__setattr__(self, "context", self.context._replace(fields=_fields_of(self.schema)))

    @property
    def said(self) -> str:
        """What the caller said of the source, but for the namespace, as JSON: a record that is replayed is taken under the same."""
        context = self.context
        given = {
            "source": context.source,
            "include": sorted(context.include),
            "mapping": dict(context.mapping),
            "as_of": self.as_of,
            "is_told": context.is_told,
        }
        return encode({name: value for name, value in given.items() if value}).decode()

    def take_all(self, pieces: Sequence[Piece], *, is_grouped: bool = False) -> Chunk:
        """Return what some items become; with `is_grouped` what each merges by is found out, whether it meets another or not."""
        return self._taken(pieces, is_signed=self.policy.dedup == "near", is_grouped=is_grouped)

    def take(self, piece: Piece) -> Chunk:
        """Return what one item becomes; it is not signed."""
        return self._taken([piece], is_signed=False)

    def draft(self, piece: Piece) -> list[Memory | Rejected]:
        """Return the memories of one item, judged as they would be for a store."""
        return [self._redacted(made) for made, _ in self._made(piece, self._memory) if isinstance(made, Memory | Rejected)]

    def _taken(self, pieces: Sequence[Piece], *, is_signed: bool, is_grouped: bool = False) -> Chunk:
        read = self._read(pieces)

        def prepared(start: int, stop: int) -> Columns:
            accepted = read.accepted.cut(start, stop)
            columns = prepare_all(accepted, self.policy)
            if is_grouped:
                own = zip(columns.content, accepted.record, strict=True)
                columns.grouped = [grouped(content, record, self.policy) for content, record in own]
            return signed(columns, self.policy.recall) if is_signed else columns

        columns, broken = _isolated(prepared, len(read.accepted))
        rejected = read.rejected
        if broken:
            ends = [*accumulate(read.counts)]
            places = places_beside(rejected, len(read.accepted) + len(rejected))
            for at, error in broken:
                raw = raw_of(read.parts.get(places[at]), pieces[bisect_right(ends, places[at])])
                rejected.append((places[at], internal(raw, error)))
            rejected.sort(key=itemgetter(0))
        if self.settings.redact:
            rejected = [(at, self._redacted(one)) for at, one in rejected]
        return Chunk(Taken(columns, rejected), *read[2:5])

    def _redacted(self, one: Any) -> Any:
        if not self.settings.redact or not isinstance(one, Rejected):
            return one
        return one._replace(faults=tuple(redacted(found, self.schema.model_fields) for found in one.faults))

    def _read(self, pieces: Sequence[Piece]) -> _Read:
        """Read items and check what they give. What memproc itself breaks on is told in its place."""
        read = _Read(Accepted(), [], [], [], [], {})
        for at, piece in enumerate(pieces):
            first = len(read.accepted) + len(read.rejected)
            place, left_out = first, dict[str, int]()
            for made, part in self._made(piece, self._kept):
                if isinstance(made, LeftOut):
                    left_out[made.kind] = left_out.get(made.kind, 0) + made.count
                    continue
                if isinstance(made, Decided):
                    read.decided.append((place, made))
                    continue
                if isinstance(made, Rejected):
                    read.rejected.append((place, made))
                else:
                    read.accepted.add(*made)
                    if part is not None:
                        read.parts[place] = part
                place += 1
            read.counts.append(place - first)
            if left_out:
                read.left_out.append((at, left_out))
        return read

    def _made(self, piece: Piece, keep: Callable[[Memory | Plain, Draft, Item], Any]) -> Iterator[tuple[Any, object]]:
        """Give what one item becomes, each with the part of it that this is: what `keep` makes of each valid draft, what is
        rejected, what is left out, and decisions.
        """
        try:
            item = item_of(piece)
            parts = self._parts(item)
        except Exception as error:  # noqa: BLE001 - whatever it is, no other record may be lost with it
            item, parts = Item(None), (internal(raw_of(None, piece), error),)
        for part in parts:
            if isinstance(part, Draft):
                try:
                    checked = self._checked(part, item)
                    made = checked if isinstance(checked, Rejected) else keep(checked, part, item)
                except Exception as error:  # noqa: BLE001 - as above
                    made = internal(raw_of(part.raw, item), error)
                yield made, part.raw
            elif isinstance(part, Broken):
                yield Rejected(CATEGORY_OF_FORMATS, (part.fault,), raw_of(part.raw, item)), part.raw
            else:
                yield part, None

    def _kinds_as_they_are(self) -> Mapping[str, frozenset[type]]:
        """Return by the names of fields the kinds of values that the reader of most items would hand over as they are."""
        is_usual = self._format_for({}).read is generic.read and not self.context.mapping
        return generic.kinds_as_they_are(self.context.fields) if is_usual else {}

    def _parts(self, item: Item) -> Iterable[Part | Rejected]:
        """Return the parts of an item."""
        value = item.value
        if type(value) is dict and generic.is_as_it_is(value, self._kinds_as_they_are()):
            return (Draft(value, self.context.source is not None or "source" in value),)
        return self._parts_of(item)

    def _parts_of(self, item: Item) -> Iterator[Part | Rejected]:
        """Give the parts of an item; where its reader breaks, the item itself in place of those that are left."""
        if item.fault is not None:
            yield Rejected(item.category, (item.fault,), raw_of(None, item))
            return
        if isinstance(item.value, Given):
            yield Draft(item.value.record, is_identity=not is_blank(item.value.record.get("source") or self.context.source))
            return
        try:
            if is_mapping(item.value):
                yield from self._format_for(item.value).read(cast("Mapping[str, Any]", item.value), self.context)
            else:
                found = fault("", "not_a_mapping", f"a record is an object, not {type(item.value).__name__}")
                yield Rejected(CATEGORY_OF_FAULTS, (found,), raw_of(None, item))
        except Exception as error:  # noqa: BLE001 - a reader never raises; if one does, no record may be lost with it
            found = broke(f"the reader of {self.format.name!r}", error, READER_FAILED)
            yield Rejected(CATEGORY_OF_EXCEPTIONS, (found,), raw_of(None, item))

    def _checked(self, draft: Draft, item: Item) -> Memory | Plain | Rejected:
        """Return the memory of a draft, of an object that is kept as it is the plain record, or what is wrong. What the caller said
        holds for records that carry none.
        """
        fields = {**draft.fields}
        object_given = item.value if isinstance(item.value, Given) else None
        is_said = object_given is None or object_given.has_namespace or self.namespace is None
        if not is_said or is_blank(fields.get("namespace")):
            fields["namespace"] = self.namespace or DEFAULT_NAMESPACE
        if is_blank(fields.get("source")):
            fields["source"] = self.context.source or self._format_for(item.value).name
        check = validator(self.schema, tracebacks=self.settings.tracebacks)
        checked = check(fields) if object_given is None else as_given(object_given.schema, fields, self.schema)
        return Rejected(_category_of(checked), checked, raw_of(draft.raw, item)) if isinstance(checked, tuple) else checked

    def _kept(self, memory: Memory | Plain, draft: Draft, item: Item) -> _Kept | Rejected:
        """Return what is kept of a memory, under the limits of the settings."""
        try:
            as_of = parse_time(draft.as_of) if draft.as_of is not None else None
        except ValueError as error:
            return Rejected(CATEGORY_OF_FAULTS, (fault("as_of", "date_unparsable", str(error)),), raw_of(draft.raw, item))
        try:
            record = memory if isinstance(memory, dict) else plain(memory)
            json = encode(record)
            if (found := beyond(record, len(json), self.settings)) is not None:
                return Rejected(CATEGORY_OF_LIMITS, (found,), raw_of(draft.raw, item))
            is_identity = draft.is_identity and record.get("id") is not None
            return record, json, is_identity, to_text(as_of) if as_of else self.as_of
        except orjson.JSONEncodeError as error:
            found = fault("", "not_json", f"holds what JSON cannot say: {error}")
            return Rejected(CATEGORY_OF_FAULTS, (found,), raw_of(draft.raw, item))

    def _memory(self, memory: Memory | Plain, draft: Draft, item: Item) -> Memory | Rejected:
        """Return a memory that would be kept."""
        kept = self._kept(memory, draft, item)
        if isinstance(kept, Rejected):
            return kept
        return restore(memory, self.schema) if isinstance(memory, dict) else memory

    def _format_for(self, value: Any) -> Format:
        """Return the format of the value of an item; none knows of an object."""
        if isinstance(value, Given):
            return generic.FORMAT
        return of_line(self.format, value) if self.context.is_told else self.format


@cache
def _fields_of(schema: type[Memory]) -> frozenset[str]:
    return frozenset(schema.model_fields)


def beyond(record: Plain, size_bytes: int, settings: Settings) -> Fault | None:
    """Return the fault of a record that is beyond a limit of the settings, None where it is within all."""
    most_names, most_levels = settings.max_fields, settings.max_depth
    if size_bytes > most_names * _LEAST_BYTES_A_NAME and (names := count_names(record)) > most_names:
        return fault("", "too_many_fields", f"has {names} names in it, more than max_fields={most_names}")
    if most_levels < DEEPEST:  # deeper ones did not pass validation
        for name, value in record.items():
            if name not in SHAPED and depth_of(value) > most_levels:
                return fault(name, "nested_too_deep", f"is nested deeper than max_depth={most_levels}")
    return None


def name_said(given: object, what: str) -> str | None:
    """Return a name as a caller gave it, without blanks at its ends; None where it is none.

    Raises UsageError where it is no text. `what` says which name it is.

    >>> name_said(" ann ", "namespace"), name_said("", "namespace")
    ('ann', None)
    """
    if not isinstance(given, str | int | None) or isinstance(given, bool):
        raise UsageError(f"{what}={given!r}: give text")
    return None if given is None else shown(str(given)) or None


def _isolated(work: Callable[[int, int], Columns], count: int) -> tuple[Columns, list[tuple[int, Exception]]]:
    """Return what `work` makes of so many records, given from where up to where, without those that it raises on, which are found
    by halving; and these by their numbers, each with what was raised.
    """
    made, broken = Columns(), list[tuple[int, Exception]]()
    left = [(0, count)] if count else []
    while left:
        start, stop = left.pop()
        try:
            made.extend(work(start, stop))
        except Exception as error:  # noqa: BLE001 - whatever it is, no other record may be lost with it
            if stop - start == 1:
                broken.append((start, error))
            else:
                middle = (start + stop) // 2
                left += [(middle, stop), (start, middle)]
    return made, broken


def internal(raw: bytes, error: Exception) -> Rejected:
    """Return a record, told by its bytes, on which memproc itself broke."""
    return Rejected(CATEGORY_OF_EXCEPTIONS, (broke("memproc itself", error),), raw)


def given_up(piece: Piece) -> Chunk:
    """Return what becomes of an item that ended the workers which were to take it."""
    found = fault("", "worker_died", "ended the process that read it, more than once")
    return Chunk(Taken.of_rejected([Rejected(CATEGORY_OF_LIMITS, (found,), raw_of(None, piece))]), [1], [], [])


def raw_of(part: object, item: Piece) -> bytes:
    """Return the bytes of a part of an item, or of all of it."""
    if part is not None:
        return raw_bytes(part)
    if isinstance(item, bytes):
        return item
    return raw_bytes(item.value) if item.raw is None else item.raw


def _category_of(faults: tuple[Fault, ...]) -> str:
    return CATEGORY_OF_EXCEPTIONS if faults[0].code in ("schema_failed", INTERNAL_ERROR) else CATEGORY_OF_FAULTS
