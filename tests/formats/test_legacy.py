"""memproc's first records become today's."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.draft import Broken, Context
from memproc.formats.legacy import FORMAT
from memproc.validation import validate
from tests.formats import reading

RECORDS = [orjson.loads(line) for line in (Path(__file__).parents[2] / "fixtures" / "memproc-v0.jsonl").read_bytes().splitlines()]
draft = partial(reading.draft, FORMAT)


@pytest.mark.parametrize("record", RECORDS)
def test_each_record_makes_a_memory(record: dict[str, Any]) -> None:
    """And is told by its shape, an identity under its own id."""
    assert FORMAT.matches(record, frozenset())
    read = draft(**record)
    assert validate(read.fields).errors == ()
    assert read.is_identity


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (
            0,
            {
                "content": "Passed the driving test at last",
                "id": 1,
                "namespace": "alice",
                "subject": "alice",
                "created_at": 1692633600,
                "tags": ["car", "exam"],
                "importance": 0.8,
                "emotion": {"label": "joy", "intensity": 0.9, "source": "import"},
                "metadata": {},
            },
        ),
        (1, {"relations": [{"type": "related_to", "target": "1", "target_kind": "memory"}], "tags": ["dog", "health"]}),
        (
            2,
            {
                "relations": [
                    {"type": "follows", "target": "2", "target_kind": "memory", "weight": 0.7},
                    {"type": "related_to", "target": "1", "target_kind": "memory"},
                ],
                "metadata": {"place": "clinic"},
            },
        ),
        (
            3,
            {
                "namespace": "42",
                "emotion": {"label": "relief", "source": "import"},
                "metadata": {"price": 80, "v0_price": "eighty"},
            },
        ),
        (4, {"emotion": {"intensity": 0.2, "source": "import"}, "metadata": {"links": [{"to": "n4", "note": "same drawer"}]}}),
    ],
)
def test_fields_find_their_places(number: int, fields: dict[str, Any]) -> None:
    """All else lands in metadata."""
    assert fields.items() <= draft(**RECORDS[number]).fields.items()


@pytest.mark.parametrize(
    ("item", "is_legacy"),
    [
        ({"text": "x", "schema_version": 0}, True),
        ({"text": "x", "emotion_score": None}, True),
        ({"text": "x", "links": []}, True),
        ({"text": "x", "timestamp": 1, "emotion": "joy"}, True),
        ({"text": "x", "timestamp": "2025-01-01", "emotion": "joy"}, False),
        ({"text": "x", "timestamp": 1}, False),
        ({"text": "x", "schema_version": 1}, False),
        ({"text": "x", "schema_version": 0, "content": "y"}, False),
        ({"text": 7, "schema_version": 0}, False),
    ],
)
def test_a_record_is_told_by_its_shape(item: dict[str, Any], *, is_legacy: bool) -> None:
    """A text and a time alone may be anybody's."""
    assert FORMAT.matches(item, frozenset()) is is_legacy


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"text": 7}, "content"),
        ({"text": "x", "emotion_score": 1.5}, "emotion.intensity"),
        ({"text": "x", "emotion": ["joy"]}, "emotion.label"),
        ({"text": "x", "importance": 7}, "importance"),
        ({"text": "x", "timestamp": "soon"}, "created_at"),
        ({"text": "x", "links": [{"type": "follows"}]}, "relations.0.target"),
        ({"text": "x", "links": [["n1"]]}, "relations.0.target"),
        ({"text": "x", "tags": 7}, "tags"),
    ],
)
def test_wrong_values_are_for_validation_to_judge(item: dict[str, Any], path: str) -> None:
    """They are handed over as they are: never dropped, never clamped."""
    assert [fault.path for fault in validate(draft(**item).fields).errors] == [path]


@pytest.mark.parametrize("links", ["n1", {"to": "n1"}, ["n1", None]])
def test_a_single_link_is_a_list_of_one(links: object) -> None:
    """Null is no link."""
    assert [relation["target"] for relation in draft(text="x", links=links).fields["relations"]] == ["n1"]


def test_a_record_without_text_is_broken() -> None:
    """The fault says what is missing."""
    (part,) = FORMAT.read({"schema_version": 0}, Context())
    assert isinstance(part, Broken)
    assert (part.fault.path, part.fault.code) == ("text", "missing")
