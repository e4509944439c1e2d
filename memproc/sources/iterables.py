"""The items of an iterable: each record as it is at the moment it is given.

A sequence has been read to its end once it gave as many records as it had; where it gave fewer, `SourceEndedError` is raised after
the last item.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from memproc.errors import SourceEndedError
from memproc.records import Fault, Given, Memory
from memproc.sources.items import Item, Items
from memproc.sources.raw import raw_bytes, to_line
from memproc.validation import MORE_CELLS, fault, taken


def of_iterable(records: Iterable[object]) -> Items:
    """Return the items of an iterable of mappings or memories, each as it is at the moment it is given."""
    surplus = records.restkey if isinstance(records, csv.DictReader) else None
    classes: set[type[Memory]] = set()
    items = (of_record(record, surplus, classes) for record in records)
    return Items(_counted(items, len(records)) if isinstance(records, Sequence) else items, classes=classes)


def of_record(record: object, surplus: object = None, classes: set[type[Memory]] | None = None) -> Item:
    """Return the item of a record as it is now. `surplus` is the name under which `csv.DictReader` puts cells without a name in the
    head. The class of a memory object is added to `classes`.
    """
    if type(record) is dict and surplus in record:
        return Item(None, _line_of(record, surplus), fault("", "row_invalid", MORE_CELLS))
    settled_record = taken(record)
    kind = type(settled_record)
    if kind is dict:
        return Item(settled_record)
    if kind is Fault:
        return Item(None, raw_bytes(record), settled_record)
    if kind is Given and classes is not None:
        classes.add(settled_record.schema)
    return Item(settled_record)


def _line_of(row: dict[Any, Any], surplus: object) -> bytes:
    """Return a row that has more cells than names as the line it came from; if it came from none, as raw bytes."""
    cells = [cell for name, cell in row.items() if name != surplus]
    more = row.get(surplus)
    cells += more if isinstance(more, list) else [more]
    if not all(isinstance(cell, str | None) for cell in cells):
        return raw_bytes(row)
    return to_line(["" if cell is None else cell for cell in cells]).encode("utf-8", "surrogateescape")


def _counted(items: Iterator[Item], size: int) -> Iterator[Item]:
    """Yield the items of a sequence of `size` records. Raises SourceEndedError if it gives fewer."""
    seen = 0
    for seen, item in enumerate(items, 1):  # noqa: B007 - the last number is the count
        yield item
    if seen < size:
        raise SourceEndedError(f"the sequence gave {seen} of its {size} records: was it changed while it was read?")
