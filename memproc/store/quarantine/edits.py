"""Quarantined records as lines that a person edits, and these lines read again."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from memproc.errors import UsageError
from memproc.sources.decoding import decode, item_of
from memproc.sources.files import open_file
from memproc.sources.items import Item
from memproc.store.answers import Quarantined

LONGEST_LINE_BYTES = 1 << 30
Edits = Mapping[int, Sequence[Item]]


def edits_in(path: Path, *, redacts: bool = False) -> tuple[dict[int, list[Item]], dict[int, tuple[object, object]]]:
    """Return the records of an edited export by number, several where one was split, and where each is said to come from: job and
    position. Raises UsageError on a line that is none of an export; with `redacts` it does not tell what is in the line.
    """
    edits: dict[int, list[Item]] = defaultdict(list)
    places: dict[int, tuple[object, object]] = {}
    with closing(open_file(path, lists=frozenset(), limit_bytes=LONGEST_LINE_BYTES)) as opened:
        for at, item in enumerate(map(item_of, opened.items), 1):
            line = item.value
            if not isinstance(line, dict) or type(line.get("quarantine")) is not int or not {"record", "raw"} & line.keys():
                why = f": {item.fault.message}" if item.fault and not redacts else ""
                raise UsageError(f"{path}, record {at}: give quarantine (a number) and record, as an export has them{why}")
            edits[line["quarantine"]].append(_edited(path, at, line))
            if {"job", "position"} <= line.keys():
                places[line["quarantine"]] = line["job"], line["position"]
    return edits, places


def export_lines(records: Iterable[Quarantined]) -> Iterator[bytes]:
    """Give quarantined records as JSON lines that a person edits: `record` is the value; of what is no JSON, `raw` the bytes."""
    for one in records:
        own_fields = {name: getattr(one, name) for name in ("source", "format", "namespace", "job", "position")}
        head = {"quarantine": one.number, "reasons": [fault.as_dict() for fault in one.faults], **own_fields}
        value = decode(one.raw)
        try:
            record = {"record": value.value} if value.fault is None else _in_base64(one.raw)
            yield orjson.dumps({**head, **record}) + b"\n"
        except orjson.JSONEncodeError:  # an integer beyond 64 bits
            yield orjson.dumps({**head, **_in_base64(one.raw)}) + b"\n"


def _in_base64(raw: bytes) -> dict[str, object]:
    return {"raw": b64encode(raw).decode(), "base64": True}


def _edited(path: Path, at: int, line: Mapping[str, Any]) -> Item:
    if "record" in line:
        return Item(line["record"])
    try:
        return decode(b64decode(line["raw"], validate=True) if line.get("base64") else line["raw"].encode())
    except (ValueError, TypeError, AttributeError) as error:
        raise UsageError(f"{path}, record {at}: raw is no text, or no base64: {error}") from error
