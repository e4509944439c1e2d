"""A mem0 export keeps every field that says something."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.draft import Broken, Context
from memproc.formats.mem0 import FORMAT
from memproc.validation import validate
from tests.formats import reading

RECORDS = orjson.loads((Path(__file__).parents[2] / "fixtures" / "mem0.json").read_bytes())["results"]
draft = partial(reading.draft, FORMAT)


@pytest.mark.parametrize("record", RECORDS)
def test_each_record_makes_a_memory(record: dict[str, Any]) -> None:
    """And is told by its shape."""
    assert FORMAT.matches(record, frozenset())
    assert validate(draft(**record).fields).errors == ()


@pytest.mark.parametrize(
    ("number", "fields"),
    [
        (
            0,
            {
                "content": "Likes badminton",
                "id": "3f2c0000-0000-4000-8000-000000000001",
                "namespace": "alice",
                "conversation": "r1",
                "created_at": "2025-05-01T10:00:00.123456+00:00",
                "updated_at": "2025-05-02T10:00:00.123456+00:00",
                "metadata": {"category": "hobby", "role": "user"},
            },
        ),
        (
            1,
            {
                "content": "Travels to Oslo in June",
                "id": "3f2c0000-0000-4000-8000-000000000002",
                "namespace": "alice",
                "conversation": "s7",
                "tags": ["travel", "plans"],
                "created_at": "2024-07-20T01:30:36.275141-07:00",
                "updated_at": "2024-07-20T01:30:36.275172-07:00",
                "valid_to": "2025-06-30",
                "metadata": {"agent_id": "planner", "valid_to_raw": "2025-06-30"},
            },
        ),
        (
            2,
            {
                "content": "Alice works with Bo",
                "id": "3f2c0000-0000-4000-8000-000000000003",
                "namespace": "alice",
                "tags": ["work", "people"],
                "created_at": "2024-03-01T09:00:00",
                "relations": [{"type": "works_with", "target": "bo", "target_kind": "entity"}],
                "metadata": {
                    "lifecycle_state": "active",
                    "relations": RECORDS[2]["relations"],
                    "mem0_role": "user",
                    "role": "friend",
                    "created_at_raw": "2024-03-01T09:00:00",
                },
            },
        ),
        (
            3,
            {
                "content": "Answers in French when asked in French",
                "id": "3f2c0000-0000-4000-8000-000000000004",
                "namespace": "tutor",
                "created_at": "2025-01-01T00:00:00Z",
                "metadata": {},
            },
        ),
    ],
)
def test_fields_find_their_places(number: int, fields: dict[str, Any]) -> None:
    """The rest lands in metadata; hash and score are left."""
    read = draft(**RECORDS[number])
    assert read.fields == fields
    assert read.is_identity


@pytest.mark.parametrize(
    ("item", "is_mem0"),
    [
        ({"memory": "x", "user_id": None}, True),
        ({"memory": "x", "metadata": {}}, True),
        ({"data": "x", "hash": "h"}, True),
        ({"memory": "x"}, False),
        ({"memory": None, "hash": "h"}, False),
        ({"data": "x"}, False),
    ],
)
def test_a_record_is_told_by_its_shape(item: dict[str, Any], *, is_mem0: bool) -> None:
    """A text alone may be anybody's."""
    assert FORMAT.matches(item, frozenset()) is is_mem0


@pytest.mark.parametrize("item", [{}, {"memory": None}, {"memory": "", "id": "1"}])
def test_a_record_without_text_is_broken(item: dict[str, Any]) -> None:
    """The fault says where the text should be."""
    (part,) = FORMAT.read(item, Context())
    assert isinstance(part, Broken)
    assert (part.fault.path, part.fault.code) == ("memory", "missing")


@pytest.mark.parametrize(
    ("item", "path"),
    [
        ({"memory": 7}, "content"),
        ({"memory": "x", "user_id": 7}, "namespace"),
        ({"memory": "x", "categories": {"a": 1}}, "tags"),
        ({"memory": "x", "categories": ["a", 7]}, "tags.1"),
        ({"memory": "x", "created_at": "soon"}, "created_at"),
    ],
)
def test_wrong_values_are_for_validation_to_judge(item: dict[str, Any], path: str) -> None:
    """They are handed over as they are, never dropped."""
    assert [fault.path for fault in validate(draft(**item).fields).errors] == [path]


def test_without_an_id_there_is_no_identity() -> None:
    """And metadata that are no object are kept all the same."""
    read = draft(memory="x", metadata=["odd"])
    assert (read.is_identity, read.fields["metadata"]) == (False, {"metadata": ["odd"]})


@pytest.mark.parametrize(("count", "warns"), [(19, False), (20, True), (50, True), (100, True), (101, False), (1000, True)])
def test_a_count_of_exactly_one_page_is_remarked(count: int, *, warns: bool) -> None:
    """The list may have been cut."""
    assert (FORMAT.remark(count) is not None) is warns
