"""Prepares items of a source: decodes, reads, validates and keys their records.

Strategy: most items are objects with the fields of the schema and skip the format's reader. Keys are computed for many records at
once, which is faster; if that raises, halving finds the records that cause it (`isolated`).
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import accumulate
from operator import itemgetter
from typing import Any, NamedTuple, cast

import orjson

from memproc.config import Policy, Settings
from memproc.dedup.band_hashes import with_band_hashes
from memproc.dedup.columns import Columns
from memproc.dedup.grouping import grouped
from memproc.dedup.preparing import Accepted, prepare_all
from memproc.formats import generic, mapping, of_line
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, LeftOut, Part
from memproc.intake.chunk import Chunk
from memproc.intake.isolating import isolated
from memproc.intake.limits import exceeded_limit
from memproc.intake.rejections import given_up, internal, raw_of
from memproc.intake.riding import Counts, note_dates, with_secrets
from memproc.intake.secret_gate import SecretGate
from memproc.records import DEFAULT_NAMESPACE, Category, Fault, Given, Memory, Plain, Rejected, encode, is_mapping, plain
from memproc.sources.decoding import exact_value, item_of
from memproc.sources.items import Item, Piece
from memproc.taken import Taken
from memproc.times import parse_time, parts_of, to_text
from memproc.validation import NOT_AN_OBJECT, READER_FAILED, as_given, broke, category_of, fault, redacted, restore, validator
from memproc.values import is_blank


class _Valid(NamedTuple):
    """A valid memory (or the plain record of a memory object), and the accepted record."""

    memory: Memory | Plain
    accepted: Accepted


@dataclass(frozen=True, slots=True)
class Intake:
    """How the items of one source become observations. `namespace` is the default of records without one; `as_of` is the date of
    the source, as fixed-width text.
    """

    format: Format
    policy: Policy
    schema: type[Memory] = Memory
    namespace: str | None = None
    context: Context = field(default_factory=Context)
    as_of: str | None = None
    settings: Settings = field(default_factory=Settings)

    def __post_init__(self) -> None:
        """Pass the field names of the schema to the readers."""
        older = tuple(sorted(self.schema.migrations))
        object.__setattr__(self, "context", self.context._replace(fields=_fields_of(self.schema), older_versions=older))

    @property
    def options_json(self) -> str:
        """The caller's options except the namespace, as JSON; a replay reuses them."""
        context = self.context
        options = {
            "source": context.source,
            "include": sorted(context.include),
            "mapping": mapping.told(context.mapping),
            "as_of": self.as_of,
            "is_told": context.is_told,
        } | self.settings.dates.options
        return encode({name: value for name, value in options.items() if value or name == "day_first"}).decode()

    def take_all(self, pieces: Sequence[Piece], *, is_grouped: bool = False) -> Chunk:
        """Prepare items. `is_grouped` also computes the merge group of every fact."""
        return self._prepare_chunk(pieces, is_hashed=self.policy.dedup == "near", is_grouped=is_grouped)

    def take(self, piece: Piece) -> Chunk:
        """Prepare one item, without MinHash signatures."""
        return self._prepare_chunk([piece], is_hashed=False)

    def give_up(self, piece: Piece) -> Chunk:
        """Return what becomes of an item on which worker processes died."""
        return self._finished(given_up(piece), {})

    def draft(self, piece: Piece) -> list[Memory | Rejected]:
        """Return the memories of one item, validated as for a store."""
        drafted, gate = list[Memory | Rejected](), self._gate
        for made, part in self._read_item(piece, None):
            if isinstance(made, _Valid):
                gated = made.accepted if gate is None else gate.checked(made.accepted, partial(raw_of, part, piece))[0]
                if isinstance(gated, Rejected):
                    drafted.append(self._redacted(gated, gate)[0])
                else:
                    memory = made.memory if gated is made.accepted else gated[0]
                    drafted.append(restore(memory, self.schema) if isinstance(memory, dict) else memory)
            elif isinstance(made, Rejected):
                drafted.append(self._redacted(made, gate)[0])
        return drafted

    def _prepare_chunk(self, pieces: Sequence[Piece], *, is_hashed: bool, is_grouped: bool = False) -> Chunk:
        chunk, accepted, parts = self._read(pieces)

        def prepared(records: Sequence[Accepted]) -> Columns:
            columns = prepare_all(records, self.policy)
            if is_grouped:
                contents = zip(columns.content, records, strict=True)
                columns.grouped = [grouped(content, record, self.policy) for content, (record, *_) in contents]
            return with_band_hashes(columns, self.policy.recall) if is_hashed else columns

        rejected, ends = chunk.records.rejected, [*accumulate(chunk.counts)]
        rejected_places = {at for at, _ in rejected}
        places = [at for at in range(len(accepted) + len(rejected)) if at not in rejected_places]

        def raw_at(place: int) -> bytes:
            return raw_of(parts.get(place), pieces[bisect_right(ends, place)])

        secrets: dict[int, Counts] = {}
        if self._gate is not None:
            gated = self._gate.sifted(zip(places, accepted, strict=True), raw_at)
            places, accepted, secrets = [*gated.accepted], [*gated.accepted.values()], gated.secrets
            rejected += gated.rejected
        made = chunk.records.accepted
        broken = isolated(lambda records: made.extend(prepared(records)), accepted)
        rejected += [(places[at], internal(raw_at(places[at]), error)) for at, error in broken.items()]
        made.position = [place for at, place in enumerate(places) if at not in broken]
        return self._finished(chunk, secrets)

    def _finished(self, chunk: Chunk, secrets: dict[int, Counts]) -> Chunk:
        """Put the rejected records in order, without what must not be kept or shown, and count the secrets of each item."""
        gate = self._gate
        kept = [(at, *self._redacted(one, gate)) for at, one in sorted(chunk.records.rejected, key=itemgetter(0))]
        chunk.records.rejected[:] = [(at, one) for at, one, _ in kept]
        if gate is not None:
            found_at = [*secrets.items(), *((at, found) for at, _, found in kept)]
            chunk.left_out[:] = with_secrets(chunk.left_out, found_at, chunk.counts)
        return chunk

    @property
    def _gate(self) -> SecretGate | None:
        return None if self.settings.secrets == "off" else SecretGate(self.settings, self.context.fields)

    def _redacted(self, rejected: Rejected, gate: SecretGate | None) -> tuple[Rejected, Counts]:
        """Return a rejected record as it may be kept and shown, and the secrets that its bytes hold."""
        kept, found = (rejected, {}) if gate is None else gate.rejected(rejected)
        if self.settings.redact:
            kept = replace(kept, faults=tuple(redacted(one, self.schema.model_fields) for one in kept.faults))
        return kept, found

    def _read(self, pieces: Sequence[Piece]) -> tuple[Chunk, list[Accepted], dict[int, object]]:
        """Read items and validate their records. Return the chunk with the rejected records, the accepted records, which have no
        keys yet, and by position the part of an item that a record was read from, if it is not the whole item.
        """
        chunk, accepted, parts, read_fast = Chunk(Taken(), [], [], []), list[Accepted](), dict[int, object](), self._fast_reader()
        for at, piece in enumerate(pieces):
            value, dropped = (exact_value(piece), None) if isinstance(piece, bytes) else (piece.value, piece.left_out)
            if not dropped and (record := read_fast(value)) is not None:
                accepted.append(record)
                chunk.counts.append(1)
                continue
            first = place = len(accepted) + len(chunk.records.rejected)
            left_out = Counter[str](dropped)
            for made, part in self._read_item(piece, value):
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
                        note_dates(made.accepted[0], left_out, value, self.format.name)
                    place += 1
            chunk.counts.append(place - first)
            if left_out:
                chunk.left_out.append((at, dict(left_out)))
        return chunk, accepted, parts

    def _read_item(self, piece: Piece, value: object) -> Iterator[tuple[_Valid | Rejected | Decided | LeftOut, object]]:
        """Yield the accepted and rejected records, decisions and left-out counts of an item, each with the part of the item that it
        was read from. `value` is the decoded item if known.
        """
        try:
            item = Item(value, piece) if isinstance(piece, bytes) and value is not None else item_of(piece)
            parts: Iterable[Part | Rejected] = self._parts_of(item)
        except Exception as error:  # noqa: BLE001 - other records must not be lost
            item, parts = Item(None), (internal(raw_of(None, piece), error),)
        for part in parts:
            if isinstance(part, Draft):
                try:
                    made: _Valid | Rejected = self._validated(part, item)
                except Exception as error:  # noqa: BLE001 - as above
                    made = internal(raw_of(part.raw, item), error)
            elif isinstance(part, Broken):
                made = Rejected(Category.TRANSFORM, (part.fault,), raw_of(part.raw, item))
            else:
                yield part, None
                continue
            if item.raw is None and part.raw is None and isinstance(made, Rejected):
                item = item._replace(raw=made.raw)  # written once, however many parts of it are rejected
            yield made, part.raw

    def _fast_reader(self) -> Callable[[Any], Accepted | None]:
        """Return the fast path: a function that returns the accepted record of an object with the fields of the schema, as most
        items are, and None for any other value, which `_read_item` handles.
        """
        format_used, context, settings, as_of = self._format_for({}), self.context, self.settings, self.as_of
        is_usual = format_used.read is generic.read and not context.mapping and not settings.dates.formats
        kinds = generic.kinds_as_they_are(context.fields) if is_usual else {}
        check = validator(self.schema, tracebacks=settings.tracebacks)
        defaults = {"namespace": self.namespace or DEFAULT_NAMESPACE, "source": context.source or format_used.name}

        def read_fast(value: Any) -> Accepted | None:
            try:
                if value.__class__ is not dict or not generic.is_as_it_is(value, kinds):
                    return None
                memory = check({**defaults, **value})
                if isinstance(memory, tuple):
                    return None
                record = plain(memory)
                json = encode(record)
                if exceeded_limit(record, len(json), settings) is not None:
                    return None
            except Exception:  # noqa: BLE001 - `_read_item` reports it
                return None
            return record, json, "id" in record and (context.source is not None or "source" in value), as_of

        return read_fast

    def _parts_of(self, item: Item) -> Iterator[Part | Rejected]:
        """Yield the parts of an item. If its reader raises, the item itself is rejected in place of the remaining parts."""
        if item.fault is not None:
            yield Rejected(item.category, (item.fault,), raw_of(None, item))
            return
        if isinstance(item.value, Given):
            yield Draft(item.value.record, is_identity=not is_blank(item.value.record.get("source") or self.context.source))
            return
        try:
            context = self.context if item.place is None else self.context._replace(place=item.place)
            if isinstance(item.value, str) and self.format.name == generic.TEXTS.name:
                yield from generic.read({"content": item.value}, context)
            elif is_mapping(item.value):
                yield from self._format_for(item.value).read(cast("Mapping[str, Any]", item.value), context)
            else:
                found = fault("", "not_a_mapping", NOT_AN_OBJECT, type(item.value).__name__)
                yield Rejected(Category.VALIDATION, (found,), raw_of(None, item))
        except Exception as error:  # noqa: BLE001 - a reader should never raise, but no record may be lost
            found = broke(f"the reader of {self.format.name!r}", error, READER_FAILED)
            yield Rejected(Category.INTERNAL, (found,), raw_of(None, item))

    def _validated(self, draft: Draft, item: Item) -> _Valid | Rejected:
        """Validate a draft, with the caller's namespace and source as defaults. An unchanged memory object stays a plain record."""

        def rejected(category: Category, *found: Fault) -> Rejected:
            return Rejected(category, found, raw_of(draft.raw, item))

        fields = self.settings.dates.read_in(draft.fields)
        memory_object = item.value if isinstance(item.value, Given) else None
        keeps_namespace = memory_object is None or memory_object.has_namespace or self.namespace is None
        if not keeps_namespace or is_blank(fields.get("namespace")):
            fields["namespace"] = self.namespace or DEFAULT_NAMESPACE
        if is_blank(fields.get("source")):
            fields["source"] = self.context.source or self._format_for(item.value).name
        check = validator(self.schema, tracebacks=self.settings.tracebacks)
        checked = check(fields) if memory_object is None else as_given(memory_object.schema, fields, self.schema)
        if isinstance(checked, tuple):
            return rejected(category_of(checked), *checked)
        try:
            as_of = parse_time(self.settings.dates.read(draft.as_of)) if draft.as_of is not None else None
        except ValueError as error:
            return rejected(Category.VALIDATION, fault("as_of", "date_unparsable", *parts_of(error)))
        try:
            record = checked if isinstance(checked, dict) else plain(checked)
            json = encode(record)
        except orjson.JSONEncodeError as error:
            return rejected(Category.VALIDATION, fault("", "not_json", "holds what JSON cannot say: ", str(error)))
        if (found := exceeded_limit(record, len(json), self.settings)) is not None:
            return rejected(Category.RESOURCE, found)
        is_identity = draft.is_identity and record.get("id") is not None
        return _Valid(checked, (record, json, is_identity, to_text(as_of) if as_of else self.as_of))

    def _format_for(self, value: Any) -> Format:
        """Return the format of an item by its value. A memory object needs none."""
        if isinstance(value, Given):
            return generic.FORMAT
        return of_line(self.format, value) if self.context.is_told else self.format


@cache
def _fields_of(schema: type[Memory]) -> frozenset[str]:
    return frozenset(schema.model_fields)
