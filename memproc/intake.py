"""From an item of a source to prepared observations: format, validation, keys. Pure; each item by itself.

Nothing raises on bad input: what cannot be taken comes back as `Rejected`, with every fault and the raw bytes.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from memproc.config import Policy
from memproc.dedup.keys import Prepared, prepare
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, LeftOut
from memproc.records import DEFAULT_NAMESPACE, Fault, Memory, Rejected, plain
from memproc.sources.items import Item
from memproc.times import parse_time, to_text
from memproc.validation import fault, validator

CATEGORY_OF_FAULTS = "validation"
CATEGORY_OF_FORMATS = "transform"


class Taken(NamedTuple):
    """What an item became: records in their order, decisions, and how many of what was left out."""

    records: list[Prepared | Rejected]
    decided: list[Decided]
    left_out: dict[str, int]


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

    def take(self, item: Item) -> Taken:
        """Return what one item becomes."""
        if item.fault is not None:
            return Taken([Rejected(item.category, (item.fault,), item.raw or b"")], [], {})
        if not isinstance(item.value, (dict, Mapping)):  # the plain case first: an abstract class is slow to ask
            found = fault("", "not_a_mapping", f"a record is an object, not {type(item.value).__name__}")
            return Taken([Rejected(CATEGORY_OF_FAULTS, (found,), raw_of(None, item))], [], {})
        taken = Taken([], [], {})
        check = validator(self.schema)
        for part in self.format.read(item.value, self.context):
            if isinstance(part, Draft):
                taken.records.append(self._prepare(part, item, check))
            elif isinstance(part, Broken):
                taken.records.append(Rejected(CATEGORY_OF_FORMATS, (part.fault,), raw_of(part.raw, item)))
            elif isinstance(part, LeftOut):
                taken.left_out[part.kind] = taken.left_out.get(part.kind, 0) + part.count
            else:
                taken.decided.append(part)
        return taken

    def draft(self, item: Item) -> list[Memory | Rejected]:
        """Return the memories of one item, validated and no more."""
        if item.fault is not None or not isinstance(item.value, Mapping):
            return [found for found in self.take(item).records if isinstance(found, Rejected)]
        check = validator(self.schema)
        found: list[Memory | Rejected] = []
        for part in self.format.read(item.value, self.context):
            if isinstance(part, Draft):
                checked = check(self._complete(part.fields))
                found.append(
                    Rejected(CATEGORY_OF_FAULTS, checked, raw_of(part.raw, item)) if isinstance(checked, tuple) else checked
                )
            elif isinstance(part, Broken):
                found.append(Rejected(CATEGORY_OF_FORMATS, (part.fault,), raw_of(part.raw, item)))
        return found

    def _prepare(self, draft: Draft, item: Item, check: Callable[[object], Memory | tuple[Fault, ...]]) -> Prepared | Rejected:
        checked = check(self._complete(draft.fields))
        if isinstance(checked, tuple):
            return Rejected(CATEGORY_OF_FAULTS, checked, raw_of(draft.raw, item))
        try:
            as_of = parse_time(draft.as_of) if draft.as_of is not None else None
        except ValueError as error:
            return Rejected(CATEGORY_OF_FAULTS, (fault("as_of", "date_unparsable", str(error)),), raw_of(draft.raw, item))
        try:
            is_identity = draft.is_identity and checked.id is not None
            return prepare(
                plain(checked), is_identity=is_identity, as_of=to_text(as_of) if as_of else self.as_of, policy=self.policy
            )
        except (orjson.JSONEncodeError, RecursionError) as error:
            found = fault("", "not_json", f"holds what JSON cannot say: {error}")
            return Rejected(CATEGORY_OF_FAULTS, (found,), raw_of(draft.raw, item))

    def _complete(self, fields: dict[str, object]) -> dict[str, object]:
        if fields.get("namespace") is None:
            fields = {**fields, "namespace": self.namespace or DEFAULT_NAMESPACE}
        if fields.get("source") is None:
            fields = {**fields, "source": self.context.source or self.format.name}
        return fields


def raw_of(part: object, item: Item) -> bytes:
    """Return the bytes of a part of an item; of what is not JSON, its representation."""
    if part is None and item.raw is not None:
        return item.raw
    value = item.value if part is None else part
    try:
        return orjson.dumps(value)
    except (orjson.JSONEncodeError, RecursionError):
        pass
    try:
        return json.dumps(value, default=repr).encode()
    except (ValueError, TypeError, RecursionError):
        return repr(type(value)).encode()
