"""Stored records that are not judged again: they give the memory that the gate would give."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given

import memproc
from memproc.records import Memory, plain
from memproc.testing import records
from memproc.validation import validator
from memproc.validation.trusted import maybe_memory


@given(records())
def test_what_is_trusted_is_what_the_gate_gives(record):
    """Field by field, in the same order, and with the same fields set."""
    memory = memproc.validate(record).memory
    if memory is None:
        return
    stored = orjson.loads(orjson.dumps(plain(memory)))
    trusted, judged = maybe_memory(stored), validator(Memory)(stored)
    assert (trusted is None) == bool(memory.emotion or memory.relations)
    if trusted is not None:
        assert trusted == judged
        assert [*trusted.__dict__.items()] == [*judged.__dict__.items()]
        assert trusted.model_dump_json() == judged.model_dump_json()


@pytest.mark.parametrize(
    "more",
    [
        {"content": " "},
        {"importance": 7.0},
        {"importance": 1},
        {"created_at": "2025-01-15"},
        {"tags": [1]},
        {"own": "x"},
        {"id": " a"},
    ],
    ids=str,
)
def test_whatever_is_not_as_it_is_stored_goes_through_the_gate(more):
    """A person may have written it into the database."""
    assert maybe_memory({"content": "Prefers tea"}) == Memory(content="Prefers tea")
    assert maybe_memory({"content": "Prefers tea", **more}) is None
