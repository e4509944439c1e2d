"""The loop that takes each item of a source from its bytes to the record that is kept.

Strategy: most items are objects with fields of the schema and need no reader. The keys of many records are made together, which is
quicker than one by one; where that raises, the record at fault is found by halving (`isolated`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from memproc.config import Policy, Settings
from memproc.dedup.band_hashes import with_band_hashes
from memproc.dedup.columns import Columns
from memproc.dedup.grouping import grouped
from memproc.dedup.preparing import Accepted, prepare_all
from memproc.formats import generic, of_line
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, LeftOut, Part
from memproc.intake.chunk import Chunk
from memproc.intake.isolating import isolated
from memproc.intake.limits import beyond
from memproc.intake.rejections import internal, raw_of
from memproc.records import DEFAULT_NAMESPACE, Category, Fault, Given, Memory, Plain, Rejected, encode, is_mapping, plain
from memproc.sources.decoding import exact_value, item_of
from memproc.sources.items import Item, Piece
from memproc.taken import Taken
from memproc.times import parse_time, parts_of, to_text
from memproc.validation import INTERNAL_ERROR, NOT_AN_OBJECT, READER_FAILED, as_given, broke, fault, redacted, restore, validator
from memproc.values import is_blank


class _Kept(NamedTuple):
    """A memory that passed validation (for an object, its plain record), and what is kept of it."""

    memory: Memory | Plain
    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Intake:
    """How the items of one source become observations. `namespace` is for records without one; `as_of` is the date that the source
    gives for itself, as fixed-width text.
    """

    format: Format
    policy: Policy
    schema: type[Memory] = Memory
    namespace: str | None = None
    context: Context = field(default_factory=Context)
    as_of: str | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Give the readers the names of the fields of the schema."""
        object.__setattr__(self, "context", self.context._replace(fields=_fields_of(self.schema)))

    @property
    def said(self) -> str:
        """What the caller said of the source, except the namespace, as JSON: a replay uses the same."""
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
        """Return what some items become. With `is_grouped` the groups by which facts merge are computed for all of them."""
        return self._taken(pieces, is_hashed=self.policy.dedup == "near", is_grouped=is_grouped)

    def take(self, piece: Piece) -> Chunk:
        """Return what one item becomes, without signatures."""
        return self._taken([piece], is_hashed=False)

    def draft(self, piece: Piece) -> list[Memory | Rejected]:
        """Return the memories of one item, validated as for a store."""
        drafted: list[Memory | Rejected] = []
        for made, _ in self._made(piece, None):
            if isinstance(made, Rejected):
                drafted.append(self._redacted(made))
            elif isinstance(made, _Kept):
                drafted.append(restore(made.memory, self.schema) if isinstance(made.memory, dict) else made.memory)
        return drafted

    def _taken(self, pieces: Sequence[Piece], *, is_hashed: bool, is_grouped: bool = False) -> Chunk:
        chunk, accepted, parts = self._read(pieces)

        def prepared(some: Sequence[Accepted]) -> Columns:
            columns = prepare_all(some, self.policy)
            if is_grouped:
                own = zip(columns.content, some, strict=True)
                columns.grouped = [grouped(content, record, self.policy) for content, (record, *_) in own]
            return with_band_hashes(columns, self.policy.recall) if is_hashed else columns

        rejected, ends = chunk.records.rejected, [*accumulate(chunk.counts)]
        beside = {at for at, _ in rejected}
        places = [at for at in range(len(accepted) + len(beside)) if at not in beside]
        made = chunk.records.accepted
        broken = isolated(lambda some: made.extend(prepared(some)), accepted)
        for at, error in broken.items():
            raw = raw_of(parts.get(places[at]), pieces[bisect_right(ends, places[at])])
            rejected.append((places[at], internal(raw, error)))
        made.position = [place for at, place in enumerate(places) if at not in broken]
        rejected[:] = [(at, self._redacted(one)) for at, one in sorted(rejected, key=itemgetter(0))]
        return chunk

    def _redacted(self, rejected: Rejected) -> Rejected:
        if not self.settings.redact:
            return rejected
        return replace(rejected, faults=tuple(redacted(fault_found, self.schema.model_fields) for fault_found in rejected.faults))

    def _read(self, pieces: Sequence[Piece]) -> tuple[Chunk, list[Accepted], dict[int, object]]:
        """Read items and validate their records. Return the chunk with what was rejected, the accepted records that are still to be
        prepared, and by position the part of an item that a record was read from, if it is not the whole item.
        """
        chunk, accepted, parts, usual = Chunk(Taken(), [], [], []), list[Accepted](), dict[int, object](), self._usual()
        for at, piece in enumerate(pieces):
            value = exact_value(piece) if isinstance(piece, bytes) else piece.value
            if (kept := usual(value)) is not None:
                accepted.append(kept)
                chunk.counts.append(1)
                continue
            first = place = len(accepted) + len(chunk.records.rejected)
            left_out = Counter[str]()
            for made, part in self._made(piece, value):
                if isinstance(made, LeftOut):
                    left_out[made.kind] += made.count
                elif isinstance(made, Decided):
                    chunk.decided.append((place, made))
                else:
                    if isinstance(made, Rejected):
                        chunk.records.rejected.append((place, made))
                    else:
                        accepted.append(made.accepted)
                        parts[place] = part
                    place += 1
            chunk.counts.append(place - first)
            if left_out:
                chunk.left_out.append((at, dict(left_out)))
        return chunk, accepted, parts

    def _made(self, piece: Piece, value: object) -> Iterator[tuple[_Kept | Rejected | Decided | LeftOut, object]]:
        """Yield what one item becomes, each with the part of the item that it was read from: accepted and rejected records, counts
        of what is left out, and decisions. `value` is the decoded item if it is known already.
        """
        try:
            item = Item(value, piece) if isinstance(piece, bytes) and value is not None else item_of(piece)
            parts: Iterable[Part | Rejected] = self._parts_of(item)
        except Exception as error:  # noqa: BLE001 - no other record may be lost with it
            item, parts = Item(None), (internal(raw_of(None, piece), error),)
        for part in parts:
            if isinstance(part, Draft):
                try:
                    made = self._kept(part, item)
                except Exception as error:  # noqa: BLE001 - as above
                    made = internal(raw_of(part.raw, item), error)
                yield made, part.raw
            elif isinstance(part, Broken):
                yield Rejected(Category.TRANSFORM, (part.fault,), raw_of(part.raw, item)), part.raw
            else:
                yield part, None

    def _usual(self) -> Callable[[Any], Accepted | None]:
        """Return the fast path: a function of the value of an item. For an object with fields of the schema in their usual shape,
        as most items are, it returns what is kept, and None for any other item, which `_made` handles.
        """
        format_used, context, settings, as_of = self._format_for({}), self.context, self.settings, self.as_of
        is_usual = format_used.read is generic.read and not context.mapping
        kinds = generic.kinds_as_they_are(context.fields) if is_usual else {}
        check = validator(self.schema, tracebacks=settings.tracebacks)
        said = {"namespace": self.namespace or DEFAULT_NAMESPACE, "source": context.source or format_used.name}

        def kept(value: Any) -> Accepted | None:
            try:
                if value.__class__ is not dict or not generic.is_as_it_is(value, kinds):
                    return None
                memory = check({**said, **value})
                if isinstance(memory, tuple):
                    return None
                record = plain(memory)
                json = encode(record)
                if beyond(record, len(json), settings) is not None:
                    return None
            except Exception:  # noqa: BLE001 - `_made` reports it
                return None
            return record, json, "id" in record and (context.source is not None or "source" in value), as_of

        return kept

    def _parts_of(self, item: Item) -> Iterator[Part | Rejected]:
        """Yield the parts of an item. If its reader raises, the item itself is rejected in place of the remaining parts."""
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
                found = fault("", "not_a_mapping", NOT_AN_OBJECT, type(item.value).__name__)
                yield Rejected(Category.VALIDATION, (found,), raw_of(None, item))
        except Exception as error:  # noqa: BLE001 - a reader should never raise; if one does, no record may be lost
            found = broke(f"the reader of {self.format.name!r}", error, READER_FAILED)
            yield Rejected(Category.INTERNAL, (found,), raw_of(None, item))

    def _kept(self, draft: Draft, item: Item) -> _Kept | Rejected:
        """Return what is kept of a draft, or why it is rejected. The namespace and source of the caller are for records without
        one. A memory object that is kept unchanged gives its plain record.
        """

        def bad(category: Category, *found: Fault) -> Rejected:
            return Rejected(category, found, raw_of(draft.raw, item))

        fields = {**draft.fields}
        object_given = item.value if isinstance(item.value, Given) else None
        is_said = object_given is None or object_given.has_namespace or self.namespace is None
        if not is_said or is_blank(fields.get("namespace")):
            fields["namespace"] = self.namespace or DEFAULT_NAMESPACE
        if is_blank(fields.get("source")):
            fields["source"] = self.context.source or self._format_for(item.value).name
        check = validator(self.schema, tracebacks=self.settings.tracebacks)
        checked = check(fields) if object_given is None else as_given(object_given.schema, fields, self.schema)
        if isinstance(checked, tuple):
            return bad(_category_of(checked), *checked)
        try:
            as_of = parse_time(draft.as_of) if draft.as_of is not None else None
        except ValueError as error:
            return bad(Category.VALIDATION, fault("as_of", "date_unparsable", *parts_of(error)))
        try:
            record = checked if isinstance(checked, dict) else plain(checked)
            json = encode(record)
        except orjson.JSONEncodeError as error:
            return bad(Category.VALIDATION, fault("", "not_json", "holds what JSON cannot say: ", str(error)))
        if (found := beyond(record, len(json), self.settings)) is not None:
            return bad(Category.RESOURCE, found)
        is_identity = draft.is_identity and record.get("id") is not None
        return _Kept(checked, (record, json, is_identity, to_text(as_of) if as_of else self.as_of))

    def _format_for(self, value: Any) -> Format:
        """Return the format of an item by its value. A memory object needs none."""
        if isinstance(value, Given):
            return generic.FORMAT
        return of_line(self.format, value) if self.context.is_told else self.format


@cache
def _fields_of(schema: type[Memory]) -> frozenset[str]:
    return frozenset(schema.model_fields)


def _category_of(faults: tuple[Fault, ...]) -> Category:
    return Category.INTERNAL if faults[0].code in ("schema_failed", INTERNAL_ERROR) else Category.VALIDATION
