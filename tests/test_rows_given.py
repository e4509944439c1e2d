"""What programs hold as rows and values is taken as they hold it: rows of databases, dataclasses, dates, decimals, UUIDs."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import ClassVar, NamedTuple
from uuid import UUID

import attrs
import numpy as np
import pytest
from sqlalchemy import create_engine, text

import memproc
from memproc.records import Outcome
from tests.odd_values import NOTHING


@dataclass
class Fact:
    """A memory as a program keeps it."""

    content: str
    user_id: str = "ann"
    tags: list[str] = field(default_factory=lambda: ["drinks"])
    KIND: ClassVar[str] = "no field"


@dataclass(frozen=True, slots=True)
class Slotted:
    """The same, without a dictionary."""

    content: str
    user_id: str
    tags: tuple[str, ...]


class Named(NamedTuple):
    """The same, as a tuple."""

    content: str
    user_id: str
    tags: list[str]


@attrs.define
class Attributes:
    """The same, of `attrs`."""

    content: str
    user_id: str
    tags: list[str]


def sqlite_rows():
    """Return a row of Python's sqlite3."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    return connection.execute("SELECT 'Prefers tea' AS content, 'ann' AS user_id, 'drinks' AS tags").fetchall()


def sqlalchemy_rows():
    """Return the rows of SQLAlchemy: a result, its rows, its mappings."""
    with create_engine("sqlite://").connect() as connection:
        asked = text("SELECT 'Prefers tea' AS content, 'ann' AS user_id, 'drinks' AS tags")
        return connection.execute(asked).all(), connection.execute(asked).mappings().all()


GIVEN = {
    "sqlite3": lambda: sqlite_rows()[0],
    "a row of SQLAlchemy": lambda: sqlalchemy_rows()[0][0],
    "a mapping of SQLAlchemy": lambda: sqlalchemy_rows()[1][0],
    "a dataclass": lambda: Fact("Prefers tea"),
    "one with slots": lambda: Slotted("Prefers tea", "ann", ("drinks",)),
    "a named tuple": lambda: Named("Prefers tea", "ann", ["drinks"]),
    "attrs": lambda: Attributes("Prefers tea", "ann", ["drinks"]),
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_row_is_a_record(name, tmp_path):
    """Added by itself, and in a list; its fields are those of a dictionary."""
    with memproc.open(tmp_path / "m.db") as store:
        added = store.add(GIVEN[name]())
        assert added.outcome is Outcome.STORED, added
        assert (added.memory.content, added.memory.namespace, added.memory.tags) == ("Prefers tea", "ann", ("drinks",))
        assert "metadata" not in added.memory.model_dump(exclude_defaults=True)
        assert memproc.ingest([GIVEN[name]()], store).duplicate == 1
    assert memproc.transform(GIVEN[name]())[0].content == "Prefers tea"


def test_a_result_of_sqlalchemy_is_its_rows(tmp_path):
    """While it is read."""
    with create_engine("sqlite://").connect() as connection, memproc.open(tmp_path / "m.db") as store:
        result = connection.execute(text("SELECT 'Prefers tea' AS content UNION ALL SELECT 'Has a dog'"))
        assert memproc.ingest(result, store).stored == 2


def test_a_row_with_two_values_of_one_name_is_rejected(tmp_path):
    """As a join gives them: which is meant cannot be known."""
    connection = sqlite3.connect(":memory:")
    connection.row_factory = sqlite3.Row
    row = connection.execute("SELECT 'Prefers tea' AS content, 1 AS id, 2 AS id").fetchone()
    (fault,) = memproc.validate(row).errors
    assert (fault.code, "'id'" in fault.message) == ("duplicate_name", True)
    with memproc.open(tmp_path / "m.db") as store:
        assert store.add(row).outcome is Outcome.QUARANTINED


class Loop:
    """A dataclass that is in itself."""

    def __new__(cls):
        """Make it."""
        made = Fact("Prefers tea")
        made.tags = made
        return made


def test_a_dataclass_that_is_in_itself_is_rejected():
    """Not read for ever."""
    assert memproc.validate(Loop()).errors


VALUES = [
    (date(2024, 1, 31), "2024-01-31"),
    (datetime(2024, 1, 31, 12), "2024-01-31T12:00:00+00:00"),  # noqa: DTZ001 - programs have such
    (datetime(2024, 1, 31, 12, tzinfo=UTC), "2024-01-31T12:00:00+00:00"),
    (time(9, 30), "09:30:00"),
    (timedelta(hours=1), "1:00:00"),
    (Decimal("12.50"), 12.5),
    (Decimal(5), 5),
    (Decimal("1e30"), 1e30),
    (Decimal("0.1000000000000000000001"), "0.1000000000000000000001"),
    (UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    (np.int64(5), 5),
    (np.float32(0.5), 0.5),
    (np.datetime64("2024-01-31T12:00", "ns"), "2024-01-31T12:00:00+00:00"),
    (Fact("Has a cat"), {"content": "Has a cat", "user_id": "ann", "tags": ["drinks"]}),
]


@pytest.mark.parametrize(("value", "kept"), VALUES, ids=lambda value: type(value).__name__)
def test_a_value_beside_a_memory_is_kept_as_json_says_it(value, kept):
    """In metadata, at any depth, given by whatever way."""
    for record in ({"content": "Prefers tea", "metadata": {"a": value, "b": [value]}}, memoryless(value)):
        memory = memproc.validate(record).memory
        assert memory.metadata == {"a": kept, "b": [kept]}
        assert type(memory.metadata["a"]) is type(kept)


def memoryless(value):
    """Return a memory object with a value in its metadata."""
    return memproc.Memory(content="Prefers tea", metadata={"a": value, "b": [value]})


def test_fields_take_dates_decimals_and_uuids():
    """As what they are."""
    memory = memproc.validate(
        {"content": "Prefers tea", "id": UUID(int=7), "importance": Decimal("0.25"), "created_at": date(2024, 1, 31)}
    ).memory
    assert memory.id == "00000000-0000-0000-0000-000000000007"
    assert memory.importance == 0.25
    assert memory.created_at == datetime(2024, 1, 31, tzinfo=UTC)


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: type(value).__name__)
def test_no_value_is_none_in_rows(nothing):
    """NaN, NaT and NA, in any row."""
    (memory,) = memproc.transform(Slotted("Prefers tea", nothing, nothing))
    assert (memory.namespace, memory.tags) == ("default", ())
