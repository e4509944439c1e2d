"""How a quarantined record is read again: unchanged, with a mapping, changed by a function, or as a person edited it.

Rules: it goes through the same intake as any. The options of the original call (source, include,
mapping, date) apply again, so that a corrected record is the same observation as if it had been right at first. A part that its
format cannot read alone (a message of a conversation) fails as before. Decisions in replayed records are ignored.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import orjson

from memproc.config import Policy, Settings
from memproc.dates import Dates
from memproc.errors import MemprocError
from memproc.formats import format_named, generic, of_line, own
from memproc.formats.draft import Context, Format
from memproc.formats.mapping import FieldMap, mapping_of
from memproc.intake import Intake, internal, secrets_among
from memproc.records import Category, Fault, Memory, Rejected
from memproc.sources.decoding import decode
from memproc.sources.items import Item
from memproc.sources.iterables import of_record
from memproc.store.quarantine.edits import Edits
from memproc.taken import Taken
from memproc.validation import failed, fault, redacted

REPLAYED_AT_ONCE = 100
UNDECODED = (Category.SOURCE, Category.RESOURCE)  # categories of records that were never decoded

Transform = Callable[[Any], Any]


class ReplayedRecord(NamedTuple):
    """A quarantined record to replay."""

    number: int
    category: Category
    faults: tuple[Fault, ...]
    raw: bytes
    format: str
    namespace: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """How to replay records. `format`, `mapping` and `edits` replace the original ones; `transform` gets the JSON value, else the
    text, else the bytes, and returns a value, or None to skip the record.
    """

    policy: Policy
    schema: type[Memory] = Memory
    format: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    transform: Transform | None = None
    edits: Edits | None = None
    settings: Settings = field(default_factory=Settings)
    secrets: Counter[str] = field(default_factory=Counter)  # those found, by kind

    def take(self, record: ReplayedRecord) -> Taken | None:
        """Prepare a record; None if it is skipped. Never raises on bad input or errors in memproc itself."""
        try:
            return self._prepare(record)
        except MemprocError:
            raise
        except Exception as error:  # noqa: BLE001 - other records must not be lost
            return Taken.of_rejected([internal(record.raw, error)])

    def _prepare(self, record: ReplayedRecord) -> Taken | None:
        items = [changed for item in self._items(record) if (changed := self._changed(item, record)) is not None]
        if not items:
            return None
        records = Taken()
        for item in items:
            if isinstance(item, Rejected):
                records.extend(Taken.of_rejected([item]))
            elif (unmended := self._unmended(item, record)) is not None:
                records.extend(Taken.of_rejected([unmended]))
            else:
                chunk = self._intake(record, item.value).take(item)
                records.extend(chunk.records)
                for _, counts in chunk.left_out:
                    self.secrets.update(secrets_among(counts))
        is_read = len(records.accepted) or any(one.category != Category.TRANSFORM for _, one in records.rejected)
        if is_read or (len(records) and not self._is_unchanged):
            return records
        again = Rejected(record.category, record.faults, record.raw) if self._is_unchanged else _nothing_read(record)
        return Taken.of_rejected([again])

    def _unmended(self, item: Item, record: ReplayedRecord) -> Rejected | None:
        """Return the record rejected again if it has nothing where the mapping has the field that was wrong; None otherwise."""
        if not isinstance(item.value, dict) or isinstance(self.mapping, FieldMap):
            return None
        for name in sorted({found.path.partition(".")[0] for found in record.faults} - {"content"}):
            path = self.mapping.get(name, generic.NOWHERE)
            if path != generic.NOWHERE and not generic.has_path(item.value, path):
                missing = fault(
                    name, "missing", f"has nothing under {path}; the mapping {name}={generic.NOWHERE} leaves the field out"
                )
                return Rejected(Category.TRANSFORM, (missing,), record.raw)
        return None

    @property
    def _is_unchanged(self) -> bool:
        return not (self.format or self.mapping or self.transform or self.edits is not None)

    def _items(self, record: ReplayedRecord) -> Sequence[Item]:
        if self.edits is not None:
            return self.edits[record.number]
        item = decode(record.raw)
        if item.fault is not None and record.category in UNDECODED:
            item = item._replace(fault=record.faults[0], category=record.category)
        return [item]

    def _changed(self, item: Item, record: ReplayedRecord) -> Item | Rejected | None:
        if self.transform is None:
            return item
        try:
            value = self.transform(_text_of(item.raw or b"") if item.fault else item.value)
        except Exception as error:  # noqa: BLE001 - the caller's function may raise anything
            raised = failed("transform_failed", "the transform", error, tracebacks=self.settings.tracebacks)
            shown = redacted(raised) if self.settings.redact else raised
            return Rejected(Category.TRANSFORM, (replace(shown, hint="mend the transform, then replay"),), record.raw)
        return None if value is None else of_record(value)

    def _intake(self, record: ReplayedRecord, value: object) -> Intake:
        options = orjson.loads(record.context)
        mapping = self.mapping or mapping_of(options.get("mapping", {}))
        is_told = bool(options.get("is_told")) and not (self.format or self.mapping)
        context = Context(options.get("source"), frozenset(options.get("include", ())), mapping, is_told=is_told)
        format_used, namespace = self._format(record, value), record.namespace or None
        settings, dates = self.settings, Dates.of_options(options)
        if dates.is_said:
            dates = settings.dates.or_else(dates)
            settings = replace(settings, date_format=dates.formats, day_first=dates.day_first)
        return Intake(format_used, self.policy, self.schema, namespace, context, options.get("as_of"), settings)

    def _format(self, record: ReplayedRecord, value: object) -> Format:
        """Return the format of a value: the one named, that of a mapping, memproc's own for records it wrote itself, or the
        original one; for a record edited into another shape, generic JSON.
        """
        if self.format is not None:
            return format_named(self.format)
        original = format_named(record.format)
        if self.mapping:
            return original if original in generic.TABLES else generic.FORMAT
        if not isinstance(value, dict) or original in (*generic.TABLES, own.FORMAT, own.FULL):
            return original
        if own.is_whole(value):
            return own.FORMAT
        fields = frozenset(self.schema.model_fields)
        is_reshaped = self.edits is not None and not original.matches(value, fields) and generic.matches(value, fields)
        return of_line(generic.FORMAT, value) if is_reshaped else original


def _text_of(raw: bytes) -> str | bytes:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw


def _nothing_read(record: ReplayedRecord) -> Rejected:
    message = "nothing was read from it in this format"
    return Rejected(
        Category.TRANSFORM,
        (Fault("", "nothing_read", message, "name the format that the record is in, or mend it by hand"),),
        record.raw,
    )
