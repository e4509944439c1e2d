"""Any JSON objects and rows: usual names, names of the schema in use, and what becomes of the rest."""

from __future__ import annotations

import json

import pytest
from pydantic import Field

import memproc
from memproc import Outcome
from memproc.formats import generic
from memproc.formats.draft import Broken, Context, Draft
from memproc.validation import validate

FIELDS = frozenset(memproc.Memory.model_fields)


class Ticket(memproc.Memory):
    """A schema with fields of its own, some of which are usual names of others."""

    priority: int | None = Field(default=None, ge=1, le=5)
    user: str | None = None
    note: str | None = None


def drafted(item, **said):
    """Return what is read of an item."""
    (part,) = generic.read(item, Context(**{"fields": FIELDS, **said}))
    return part


@pytest.mark.parametrize("give", [iter, lambda records: records], ids=["iterator", "list"])
def test_fields_of_a_schema_are_reached(fresh, give):
    """By their own names, also where these are usual names of other fields; metadata gets what no field takes."""
    record = {"content": "Cannot log in", "priority": 2, "user": "ann", "note": "urgent", "colour": "red"}
    with fresh() as store:
        memproc.ingest(give([record]), store, schema=Ticket)
        ((kept,),) = [[seen.record for seen in store.trace(memory.id).observations] for memory in store]
        assert {name: kept.get(name) for name in ("priority", "user", "note", "namespace", "metadata")} == {
            "priority": 2,
            "user": "ann",
            "note": "urgent",
            "namespace": "default",
            "metadata": {"colour": "red"},
        }
    (ticket,) = memproc.transform(record, schema=Ticket)
    assert (ticket.priority, ticket.user, ticket.metadata) == (2, "ann", {"colour": "red"})
    (memory,) = memproc.transform(record)
    assert (memory.namespace, memory.metadata) == ("ann", {"priority": 2, "note": "urgent", "colour": "red"})


def test_columns_and_mappings_reach_fields_of_a_schema(fresh, tmp_path):
    """As text that the schema reads; faults are those of the schema."""
    table = tmp_path / "t.csv"
    table.write_text("content,priority,who\nCannot log in,2,ann\nNo sound,9,\n")
    with fresh() as store:
        report = memproc.ingest(table, store, schema=Ticket)
        assert (report.stored, report.quarantined) == (1, 1)
        assert store.quarantine()[0].faults[0].path == "priority"
    (ticket,) = memproc.transform(
        {"text": "No sound", "how": {"bad": 4}}, schema=Ticket, mapping={"priority": "how.bad"}, format="json"
    )
    assert ticket.priority == 4
    assert store is not None


RECORDS = {
    "emotion": {"emotion": {"label": "fear", "intensity": 0.7, "source": "user"}},
    "emotion, wrong": {"emotion": {"label": "fear", "intensity": 7}},
    "emotion, unknown field": {"emotion": {"labl": "fear"}},
    "relations": {"relations": [{"type": "about", "target": "Rui", "target_kind": "entity", "weight": 0.5}]},
    "relations, wrong": {"relations": [{"type": "about", "weight": 5}]},
    "validity": {"valid_from": "2025-01-01T00:00:00Z", "valid_to": "2026-01-01T00:00:00Z"},
    "validity, wrong": {"valid_from": "the week after Easter"},
    "importance, wrong": {"importance": 7},
    "importance, no number": {"importance": "high"},
    "metadata": {"metadata": {"a": {"b": [1, None, "x"]}}},
    "metadata, wrong": {"metadata": {"a": 2**70}},
    "tags": {"tags": ["a", "b"]},
    "tags, wrong": {"tags": ["a", 5]},
    "id, wrong": {"id": True},
    "no text": {"content": 5},
    "empty": {"content": "", "importance": 7},
    "none": {"content": None},
}


@pytest.mark.parametrize("record", RECORDS.values(), ids=RECORDS)
def test_fields_of_a_memory_are_read_as_the_schema_reads_them(record):
    """With the same faults in the same order: usual names make nothing looser."""
    record = {"content": "Likes tea", **record}
    part = drafted(record)
    assert isinstance(part, Draft)
    read, checked = validate(part.fields), validate(record)
    assert read.errors == checked.errors
    assert read.memory == checked.memory


def test_the_first_usual_name_wins_and_nothing_is_lost():
    """Whatever the order in the record; an empty one does not win."""
    assert drafted({"body": "b", "text": "t", "memory": ""}).fields == {"content": "t", "metadata": {"body": "b"}}
    assert drafted({"text": "t", "body": "b"}).fields == drafted({"body": "b", "text": "t"}).fields
    assert drafted({"text": "t", "user": "u", "tenant": 5, "user_id": 7}).fields == {
        "content": "t",
        "namespace": "7",
        "metadata": {"user": "u", "tenant": 5},
    }
    assert drafted({"content": "", "text": "t"}).fields == {"content": "t"}


@pytest.mark.parametrize(
    ("beside", "fields"),
    [
        ({}, {"metadata": {"from": "ann", "to": "bob"}}),
        ({"subject": "Seeds"}, {"subject": "ann", "kind": "message", "metadata": {"to": "bob", "subject": "Seeds"}}),
        ({"thread_id": "t1"}, {"conversation": "t1", "subject": "ann", "kind": "message", "metadata": {"to": "bob"}}),
    ],
)
def test_what_goes_from_one_to_another_is_a_message_if_more_says_so(beside, fields):
    """A subject or a conversation; without them it may be a journey."""
    assert drafted({"text": "Order them", "from": "ann", "to": "bob", **beside}).fields == {"content": "Order them", **fields}


@pytest.mark.parametrize("word", ["N/A", "null", "None", "NaN", "-", " n/a "])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
def test_a_word_for_no_name_names_nobody(word, suffix, tmp_path):
    """Not whose a memory is, of whom, nor where it was said; the next usual name counts. As text or a tag it is what it says."""
    rows = [
        {"content": word, "namespace": word, "subject": word, "conversation": word},
        {"content": "Likes tea", "user_id": word, "user": "ann"},
    ]
    path = tmp_path / f"rows{suffix}"
    if suffix == ".csv":
        columns = [*rows[0], "user_id", "user"]
        lines = [",".join(columns), *(",".join(row.get(name, "") for name in columns) for row in rows)]
    else:
        lines = [json.dumps(row) for row in rows]
    path.write_text("\n".join(lines))
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(path, store).stored == 2
        told = {memory.content.strip(): (memory.namespace, memory.subject, memory.conversation) for memory in store}
    assert told == {word.strip(): ("default", None, None), "Likes tea": ("ann", None, None)}


@pytest.mark.parametrize("name", ["Na", "Nil"])
def test_a_word_that_is_a_name_too_is_one(name):
    """People are called so."""
    assert drafted({"text": "t", "user": name, "subject": name}).fields == {"content": "t", "namespace": name, "subject": name}


def test_a_mapping_goes_first():
    """Its path may be a usual name of another field, which then has none."""
    said = {"mapping": {"subject": "user", "content": "body.text"}}
    part = drafted({"user": "ann", "text": "old", "body": {"text": "new"}}, **said)
    assert part.fields == {"subject": "ann", "content": "new", "metadata": {"text": "old", "body": {"text": "new"}}}
    assert isinstance(drafted({"text": "old"}, **said), Broken)


def test_an_id_is_an_identity_within_a_named_source_only():
    """Named in the record or by the caller."""
    assert not drafted({"id": 1, "content": "x"}).is_identity
    assert not drafted({"id": 1, "content": "x", "source": ""}).is_identity
    assert drafted({"id": 1, "content": "x", "source": "app"}).is_identity
    assert drafted({"id": 1, "content": "x"}, source="app").is_identity


def test_odd_values_are_no_values_or_are_judged(fresh):
    """Nothing raises: a value may be anything."""
    with fresh() as store:
        assert store.add({"content": "Likes tea", "subject": "", "odd": 1j}).outcome is Outcome.QUARANTINED
        assert store.add({"content": "Likes tea", None: 5, "subject": None}).outcome is Outcome.QUARANTINED, "a cell too many"
