"""The small functions of the public face: open a store, check a record, turn a legacy one into today's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from memproc import validation
from memproc.config import Policy, Settings
from memproc.formats import detect, format_named, generic
from memproc.formats.draft import Context
from memproc.formats.mapping import FieldMap, check_fields
from memproc.intake import Intake, clean_name, exceeded_limit, raw_of, required_name
from memproc.records import Category, Fault, Given, M, Memory, Rejected, encode, given, is_mapping, plain
from memproc.sources.iterables import of_record
from memproc.sources.mapping_files import mapping_given
from memproc.store.answers import Calibration
from memproc.store.store import Store
from memproc.validation import Verdict, fault


def open_store(where: str | Path, *, settings: Settings | None = None, schema: type[M] = Memory) -> Store[M]:  # type: ignore[assignment]
    """Open the store at a path or SQLAlchemy URL, or make it. Use it in a `with` block, or close it.

    `schema` is the class of the memories it gives. Raises StoreError when the store was made by a newer memproc or with other
    settings than those given, and UsageError on a database that is not served.
    """
    return Store(where, settings=settings, schema=schema)


def calibrate(store: Store[M], labels: Iterable[tuple[str, str, bool]]) -> Calibration:
    """Fit a store's confidence to labelled pairs; see `Store.calibrate`."""
    return store.calibrate(labels)


def validate(record: object, *, schema: type[M] = Memory) -> Verdict[M]:  # type: ignore[assignment]
    """Check one record against the schema. Never raises: the verdict holds the memory, or every fault with advice.

    >>> verdict = validate({"content": "Prefers tea", "importance": 7})
    >>> verdict.ok, verdict.errors[0].path, verdict.errors[0].hint
    (False, 'importance', 'bring the value into its range: it is not clamped for you')
    """
    verdict = validation.validate(record, schema=schema)
    if verdict.memory is None:
        return verdict
    told = given(record).record if isinstance(record, Memory) else plain(verdict.memory)
    found = exceeded_limit(told, len(encode(told)), Settings())
    return verdict if found is None else Verdict(None, (found,))


def transform(
    record: object,
    *,
    format: str | None = None,
    schema: type[M] = Memory,  # type: ignore[assignment]
    namespace: str | None = None,
    source: str | None = None,
    mapping: Mapping[str, Any] | str | Path | None = None,
    include: Iterable[str] = (),
) -> list[M | Rejected]:
    """Turn one legacy record into today's memories, validated; by default the format is told by its shape.

    A record may hold many memories (a conversation) or none. What could not be taken is in the list as `Rejected`, in its
    place. Raises UsageError on an unknown format.

    >>> transform({"memory": "Likes badminton", "user_id": "alice"}, format="mem0")[0].content
    'Likes badminton'
    """
    where = mapping_given(mapping)
    check_fields(where, schema.model_fields)
    item = of_record(record)
    known = (
        generic.FORMAT
        if isinstance(where, FieldMap)
        else format_named(format)
        if format
        else detect([item.value], frozenset(schema.model_fields))
    )
    if item.fault is None and not isinstance(item.value, Given) and (known is None or not is_mapping(item.value)):
        found: tuple[Fault, ...] = (fault("", "unknown_shape", "is in no known format"),)
        return [Rejected(Category.TRANSFORM, found, raw_of(None, item))]
    context = Context(clean_name(source, "source"), frozenset(include), where, is_told=format is None)
    drafts = Intake(known or generic.FORMAT, Policy(), schema, required_name(namespace, "namespace"), context).draft(item)
    return cast("list[M | Rejected]", drafts)
