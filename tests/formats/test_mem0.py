"""A mem0 export keeps every field that says something."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

import memproc
from memproc.formats.draft import Broken, Context
from memproc.formats.mem0 import FORMAT
from memproc.validation import validate
from tests.formats import reading

RECORDS = orjson.loads((Path(__file__).parents[2] / "fixtures" / "mem0.json").read_bytes())["results"]
draft = partial(reading.draft, FORMAT)


def linked(source: str, target: str) -> dict[str, str]:
    """Make a relation as mem0's graph writes it."""
    return {"source": source, "relationship": "likes", "target": target}


def test_relations_beside_the_results_belong_to_the_memories_they_speak_of(tmp_path: Path) -> None:
    """The one that names the target, else the first of the source; of whom there is none, it is counted."""
    results = [
        {"id": "1", "memory": "Travels to Oslo", "user_id": "Alice_B", "hash": "h"},
        {"id": "2", "memory": "Likes badminton, as Rui does", "user_id": "Alice_B", "hash": "h"},
    ]
    links = [linked("alice_b", "badminton"), linked("alice_b", "tea"), linked("rui", "chess"), linked("bo", "tea"), "odd"]
    path = tmp_path / "mem0.json"
    path.write_bytes(orjson.dumps({"results": results, "relations": links}))
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(path, store)
        assert (report.format, report.stored, report.left_out) == ("mem0", 2, {"relations": 2})
        found = {one.content: [link.target for link in one.relations] for one in store}
        assert found == {"Travels to Oslo": ["tea"], "Likes badminton, as Rui does": ["badminton", "chess"]}
        path.write_bytes(orjson.dumps({"results": results}))
        assert memproc.ingest(path, store).stored == 0


def test_relations_of_a_long_file_are_counted(tmp_path: Path) -> None:
    """Its list is read record by record."""
    results = [{"id": str(at), "memory": f"Note {at} " + "x" * 100, "user_id": "alice", "hash": "h"} for at in range(800)]
    path = tmp_path / "mem0.json"
    path.write_bytes(orjson.dumps({"results": results, "relations": [linked("alice", "tea")]}))
    report = memproc.ingest(path, tmp_path / "m.db", settings=memproc.Settings(dedup="exact"))
    assert (report.stored, report.left_out) == (800, {"in the list 'relations'": 1})


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
