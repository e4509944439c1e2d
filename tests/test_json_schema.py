"""The JSON Schema of a memory: what it accepts, the gate accepts."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import Field

import memproc
from memproc.records import plain
from memproc.testing import memories
from tests.command_line import as_json, run_memproc


class Note(memproc.Memory):
    """A class with fields of many kinds, one of them of memproc's own with another range."""

    mood: int | None = Field(default=None, ge=0, le=10)
    importance: float | None = Field(default=None, ge=1, le=9)
    title: str
    anything: Any = None
    more: dict[str, Any] | None = None
    some: list[Any] | None = None
    by_name: dict[str, int] | None = None
    spoken: tuple[str, ...] = ()


MEMORY, NOTE = (Draft202012Validator(memproc.json_schema(schema)) for schema in (memproc.Memory, Note))
TEXTS = st.sampled_from(("tea", "", " ", "\u200b", "\ufe0f", "\U000e0100", "a\0b", "\0", "\u3000", "x" * 1_001, "田中", "é\n"))
TIMES = st.sampled_from(
    (
        *(
            "2024-01-31",
            "2024-02-29",
            "2023-02-29",
            "1900-02-29",
            "2000-02-29",
            "2024-02-30",
            "2024-04-31",
            "0000-01-01",
            "0001-01-01",
        ),
        *(
            "2024-01-31T10:00Z",
            "2024-01-31 10:00:00.123456789+23:59",
            "2024-01-31T24:00:00Z",
            "2024-01-31T10",
            "9999-12-31",
            "soon",
        ),
        *("0001-01-01T00:00:00+23:00", "9999-12-30T23:59:59-23:59", "2024-01-31\n", "2024-01-31T10:00:00z", "03/04/2024", ""),
        *("0001-01-01", "soon"),
        *(0, -1, 2024, 20240131, 45321.5, 315532799, 315532800, 4102444800, 4102444801, 1692633600.5, 1692633600123, True, 10**18),
    )
) | st.datetimes(timezones=st.just(UTC) | st.none()).map(datetime.isoformat)
NUMBERS = st.sampled_from((0, 1, -1, 0.5, 1.0, 1.5, -0.5, 7, 2**63, -(2**63), 2**64, 1e300, True, "0.5"))
JSON = st.recursive(
    st.none() | st.booleans() | TEXTS | NUMBERS | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(TEXTS | st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
RELATIONS = st.fixed_dictionaries(
    {"type": TEXTS, "target": TEXTS},
    optional={"target_kind": st.sampled_from(("memory", "entity", "other", None)), "weight": NUMBERS, "valid_from": TIMES},
)
FIELDS = {
    **dict.fromkeys(("namespace", "source", "subject", "conversation", "kind"), TEXTS | st.none()),
    **dict.fromkeys(("created_at", "updated_at", "valid_from", "valid_to"), TIMES | st.none()),
    "id": TEXTS | st.integers() | st.sampled_from((True, "nan", None)),
    "tags": st.lists(TEXTS | st.none(), max_size=2) | st.none() | TEXTS,
    "importance": NUMBERS | st.none(),
    "emotion": st.none()
    | st.dictionaries(st.sampled_from(("label", "valence", "intensity", "source", "mood")), TEXTS | NUMBERS, max_size=2),
    "relations": st.none() | st.lists(RELATIONS | JSON, max_size=2),
    "metadata": st.none() | st.dictionaries(TEXTS, JSON, max_size=2),
}
RECORDS = st.fixed_dictionaries({"content": TEXTS}, optional={**FIELDS, "unknown": JSON})
NOTES = st.fixed_dictionaries(
    {"content": st.just("tea"), "title": TEXTS},
    optional={
        "mood": NUMBERS | st.none(),
        "importance": NUMBERS | st.none(),
        "anything": JSON,
        "more": JSON,
        "some": JSON,
        "by_name": st.dictionaries(TEXTS, NUMBERS, max_size=2),
        "spoken": st.lists(TEXTS, max_size=2),
    },
)


@pytest.mark.costly
@settings(max_examples=100)
@given(RECORDS)
def test_what_the_schema_accepts_the_gate_accepts(record):
    """Whatever is in it."""
    accepted = MEMORY.is_valid(record)
    event(f"accepted: {accepted}")
    if accepted:
        assert memproc.validate(record).ok


@pytest.mark.parametrize("name", sorted(FIELDS))
@settings(max_examples=25)
@given(data=st.data())
def test_each_field_by_itself_is_no_wider_than_the_gate(name, data):
    """So that one bad field does not hide another."""
    record = {"content": "tea", name: data.draw(FIELDS[name])}
    if MEMORY.is_valid(record):
        assert memproc.validate(record).ok


@settings(max_examples=80)
@given(NOTES)
def test_the_schema_of_a_class_of_ones_own_is_no_wider_either(record):
    """With fields of any type, and one of memproc's own with another range."""
    if NOTE.is_valid(record):
        assert memproc.validate(record, schema=Note).ok


@given(memories())
def test_the_plain_form_of_a_memory_is_accepted(memory):
    """As an export has it."""
    MEMORY.validate(json.loads(json.dumps(plain(memory))))


@pytest.mark.parametrize(
    ("record", "accepted"),
    [
        ({"content": "tea"}, True),
        ({"content": "tea", "id": 5, "created_at": 1692633600, "valid_to": "2024-01-31", "importance": 1}, True),
        ({"content": "tea", "namespace": None, "kind": None, "tags": None, "relations": None, "metadata": None}, True),
        ({"content": "tea", "source": " ", "metadata": {"a": [1, None, {"b": True}]}}, True),
        ({"content": "tea", "relations": [{"type": "about", "target": "田中"}]}, True),
        ({}, False),
        ({"content": None}, False),
        ({"content": " "}, False),
        ({"content": "tea", "mood": 1}, False),
        ({"content": "tea", "importance": 2}, False),
        ({"content": "tea", "created_at": "soon"}, False),
        ({"content": "tea", "metadata": {"a\0": 1}}, False),
        ({"content": "tea", "metadata": {"a": 2**64}}, False),
        ({"content": "tea", "relations": [{"type": "about", "target": "\u200b"}]}, False),
    ],
)
def test_what_is_accepted_and_what_is_not(record, accepted):
    """By the schema and by the gate alike."""
    assert (MEMORY.is_valid(record), memproc.validate(record).ok) == (accepted, accepted)


def test_the_schema_is_one_of_draft_2020_12():
    """And says of which class it is, in one line."""
    for schema in (memproc.Memory, Note):
        made = memproc.json_schema(schema)
        Draft202012Validator.check_schema(made)
        assert made["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert (made["title"], "\n" in made["description"]) == (schema.__name__, False)
    assert set(memproc.json_schema(Note)["required"]) == {"content", "title"}
    assert memproc.json_schema(Note)["properties"]["importance"]["anyOf"][0] == {"type": "number", "minimum": 1, "maximum": 9}


def test_the_command_prints_it(tmp_path, monkeypatch):
    """Of the class that --schema names."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "my_notes.py").write_text("from memproc import Memory\n\n\nclass Mine(Memory):\n    mood: int = 0\n")
    assert as_json(run_memproc("schema")) == memproc.json_schema()
    assert "mood" in as_json(run_memproc("schema", "--schema", "my_notes:Mine"))["properties"]
