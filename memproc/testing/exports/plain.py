"""Lists and tables of an application's own, and what memproc writes itself."""

from __future__ import annotations

import csv
import io
import json
from hashlib import blake2b
from importlib import import_module
from typing import Any

from memproc.records import SCHEMA_VERSION
from memproc.testing.exports.drawn import Built, Groups, Piece, Said, System, each, fact, iso, message, pieces_of
from memproc.testing.exports.memories import EMBEDDINGS, VECTOR

_MARK = {"memproc_version": SCHEMA_VERSION}


def _record(piece: Piece) -> dict[str, Any]:
    """Return a memory with memproc's own fields."""
    about = {"id": piece.id, "content": piece.text, "namespace": piece.owner, "kind": "fact", "created_at": piece.iso}
    more: dict[str, Any] = {
        "message": {"kind": "message", "conversation": piece.talk, "subject": piece.role},
        "tagged": {"tags": ["drink", "food"]},
        "related": {"relations": [{"type": "part_of", "target": "tea", "target_kind": "entity"}]},
        "expiring": {"valid_to": iso(piece.begun)},
    }
    return {**about, **more.get(piece.sort, {})}


_ODD = ("message", "tagged", "related", "expiring")


def _read(piece: Piece) -> Said:
    if piece.sort == "message":
        return message(piece, namespace=piece.owner)
    differing: dict[str, dict[str, Any]] = {
        "tagged": {"tags": ("drink", "food")},
        "related": {"relations": (("part_of", "tea"),)},
        "expiring": {"valid_to": piece.begun},
    }
    return fact(piece, **differing.get(piece.sort, {}))


def _key(piece: Piece, number: int = 0) -> str:
    return blake2b(f"{piece.id} {number}".encode(), digest_size=16).hexdigest()


def _full_line(piece: Piece) -> dict[str, Any]:
    verdicts = {"decision": {"decision": "distinct", "keys": [_key(piece), _key(piece, 1)]}}
    verdicts["tombstone"] = {"decision": "forgotten", "keys": [_key(piece)]}
    return verdicts.get(piece.sort, {**_record(piece), "memproc": {"observation": _key(piece), "identity": True}})


def _own_note(piece: Piece) -> str:
    record = {"created": piece.iso, **_MARK, **_record(piece)}
    links = record.pop("relations", [])
    head = "".join(f"{name}: {json.dumps(record[name])}\n" for name in record if name not in ("content", "created_at"))
    below = "".join(f"- {link['type']} [[{link['target']}]]\n" for link in links)
    return f"---\n{head}---\n{piece.text}\n" + (f"<!-- relations -->\n{below}" if below else "")


def _own_day(found: Groups) -> Built:
    def told(piece: Piece) -> str:
        held = {name: value for name, value in {**_MARK, **_record(piece)}.items() if name != "content"}
        return f"<!-- memproc {json.dumps(held)} -->\n{piece.text}\n\n"

    return f'---\nmemproc_day: "{found[0].head.begun:%Y-%m-%d}"\n---\n' + "".join(map(told, pieces_of(found)))


def _old_record(piece: Piece) -> dict[str, Any]:
    more: dict[str, Any] = {
        "feeling": {"emotion": "joy", "emotion_score": 0.5},
        "linked": {"links": [3, {"to": 4, "type": "follows"}]},
        "tags as text": {"tags": "food, drink"},
        "of someone": {"who": piece.name},
        "vector": {"embedding": VECTOR},
    }
    number = 100 * piece.group + piece.number
    about = {"schema_version": 0, "id": number, "text": piece.text, "timestamp": piece.epoch, "user": piece.owner}
    return {**about, **more.get(piece.sort, {})}


def _from_old(piece: Piece) -> Said:
    differing: dict[str, dict[str, Any]] = {
        "linked": {"relations": (("related_to", "3"), ("follows", "4"))},
        "tags as text": {"tags": ("food", "drink")},
        "of someone": {"subject": piece.name},
    }
    return fact(piece, id=f"{100 * piece.group + piece.number}", **differing.get(piece.sort, {}))


def _object(piece: Piece) -> dict[str, Any]:
    """Return an object with names that people use."""
    rows: dict[str, dict[str, Any]] = {
        "other names": {
            "uuid": piece.id,
            "Note": piece.text,
            "userId": piece.owner,
            "Created": piece.epoch,
            "labels": "food; drink",
        },
        "vector": {**_row(piece), "embedding": VECTOR},
        "undated": {**_row(piece), "created_at": None},
    }
    return rows.get(piece.sort, {**_row(piece)})


def _row(piece: Piece) -> dict[str, Any]:
    return {"id": piece.id, "text": piece.text, "user_id": piece.owner, "created_at": piece.iso, "tags": ["food", "drink"]}


def _from_row(piece: Piece) -> Said:
    return fact(piece, tags=("food", "drink"), created_at=None if piece.sort == "undated" else piece.at)


def _csv(found: Groups) -> Built:
    stream = io.StringIO()
    writer = csv.writer(stream, delimiter=";")
    writer.writerow(("ID", "Text", "User ID", "Created at", "Tags"))
    for piece in pieces_of(found):
        writer.writerow((piece.id, piece.text, piece.owner, "" if piece.sort == "undated" else piece.iso, "food, drink"))
    return stream.getvalue()


def _parquet(found: Groups) -> Built:
    """Return a table in Parquet. Needs `pyarrow`, as reading it does."""
    arrow, parquet = import_module("pyarrow"), import_module("pyarrow.parquet")
    rows = [{**_row(piece), "created_at": None if piece.sort == "undated" else piece.at} for piece in pieces_of(found)]
    stream = io.BytesIO()
    parquet.write_table(arrow.Table.from_pylist(rows), stream)
    return stream.getvalue()


PLAIN: dict[str, System] = {
    "json": System("memories.json", each(_object), _from_row, odd=("other names", "undated"), partly=EMBEDDINGS),
    "csv": System("memories.csv", _csv, _from_row, odd=("undated",)),
    "table": System("memories.parquet", _parquet, _from_row, odd=("undated",)),
    "texts": System("texts.json", lambda found: [piece.text for piece in pieces_of(found)], lambda piece: Said(piece.text)),
    "memproc": System("memories.jsonl", lambda found: [{**_record(piece), **_MARK} for piece in pieces_of(found)], _read, odd=_ODD),
    "memproc-full": System(
        "memories.jsonl",
        lambda found: [{**_MARK, "export": "full"}, *map(_full_line, pieces_of(found))],
        _read,
        odd=_ODD,
        left={"decision": "decisions", "tombstone": "tombstones"},
    ),
    "memproc-note": System(
        "notes.zip",
        lambda found: {f"{piece.id}.md": _own_note(piece) for piece in pieces_of(found)},
        _read,
        odd=_ODD,
        format="markdown",
    ),
    "memproc-day": System("2025-03-21.md", _own_day, _read, odd=_ODD, format="markdown"),
    "memproc-v0": System(
        "old.jsonl", each(_old_record), _from_old, odd=("feeling", "linked", "tags as text", "of someone"), partly=EMBEDDINGS
    ),
}
