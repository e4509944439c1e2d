"""An application's own schema goes from version to version: small steps, wherever an older record comes from."""

from __future__ import annotations

from typing import ClassVar

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import memproc
from memproc.testing import texts


class First(memproc.Memory):
    """The schema as it was at first."""

    mood: str | None = None
    stars: int = 0


class Second(memproc.Memory):
    """A mood became a feeling."""

    feeling: str | None = None
    stars: int = 0
    schema_version: int = 2


def to_second(record):
    """Rename the mood."""
    mood = record.pop("mood", None)
    return record | ({"feeling": mood} if mood is not None else {})


def to_third(record):
    """Give the stars as importance; the scale ended at five, and nothing had checked that."""
    stars = min(max(record.pop("stars", 0), 0), 5)
    return {**record, "importance": stars / 5} if stars else record


class Mine(memproc.Memory):
    """The schema as it is."""

    feeling: str | None = None
    schema_version: int = 3
    migrations: ClassVar = {1: to_second, 2: to_third}


OLD = {"content": "Prefers tea", "mood": "calm", "stars": 4, "schema_version": 1}
NOW = {"content": "Prefers tea", "feeling": "calm", "importance": 0.8}


def told(memory):
    """Return what the versions differ in."""
    return {name: getattr(memory, name) for name in NOW}


@pytest.mark.parametrize("record", [OLD, {**OLD, "schema_version": "1"}, {**NOW, "schema_version": 3}, NOW])
def test_a_record_of_any_version_is_read(record):
    """One that names none is of the newest."""
    (memory,) = memproc.transform(record, schema=Mine)
    assert told(memory) == told(memproc.validate(record, schema=Mine).memory) == NOW
    assert memory.schema_version == 3
    assert memory.metadata == {}


def test_the_record_given_is_left_as_it_is():
    """Steps may change what they get."""
    record = {**OLD}
    memproc.validate(record, schema=Mine)
    assert record == OLD


versions_before = st.fixed_dictionaries(
    {"content": texts()}, optional={"mood": st.none() | st.text(max_size=9), "stars": st.integers(-9, 99), "tags": st.just(["tea"])}
)


@given(versions_before)
def test_each_step_takes_whatever_the_version_before_accepts(record):
    """So no record that was stored once is refused later."""
    first = memproc.validate(record, schema=First).memory
    assume(first is not None)
    second = memproc.validate(to_second(first.model_dump(exclude_none=True)), schema=Second)
    assert second.ok, second.errors
    third = memproc.validate(second.memory.model_dump(exclude_none=True), schema=Mine)
    assert third.ok, third.errors
    assert third.memory.content == first.content


def raising(_record):
    """Fail, as a step may."""
    raise KeyError("mood")


@pytest.mark.parametrize(
    ("steps", "record", "code", "told"),
    [
        ({1: raising}, OLD, "migration_failed", "the step from version 1 raised KeyError"),
        ({1: lambda _record: None}, OLD, "migration_failed", "the step from version 1 gave NoneType"),
        ({1: to_second}, {**NOW, "schema_version": 9}, "newer_schema", "was written by a newer"),
        ({5: to_second}, {**OLD, "schema_version": 4}, "older_schema", "is older than"),
    ],
)
def test_a_record_that_no_step_can_bring_here_is_quarantined(fresh, steps, record, code, told):
    """With the category that says why; mended steps take it."""

    def schema_with(steps):
        newest = max(steps) + 1

        class Broken(memproc.Memory):
            feeling: str | None = None
            stars: int = 0
            schema_version: int = newest
            migrations = steps

        return Broken

    with fresh() as store:
        report = memproc.ingest([record, {"content": "Likes milk"}], store, schema=schema_with(steps))
        assert (report.stored, report.quarantined, report.errors) == (1, 1, {"transform": 1})
        (bad,) = store.quarantine()
        assert bad.faults[0].code == code
        assert bad.faults[0].message.startswith(told)
        mended = schema_with(dict.fromkeys(range(1, 9), to_second))
        assert store.replay(schema=mended).stored == 1


def test_a_store_gives_memories_of_the_newest_version(tmp_path):
    """Whether it was stored before there were versions, or by an older one; nothing in it was changed for that."""
    with memproc.open(tmp_path / "m.db", schema=First) as store:
        store.add({name: value for name, value in OLD.items() if name != "schema_version"})
    with memproc.open(tmp_path / "m.db", schema=Second) as store:
        store.add({"content": "Likes milk", "feeling": "glad", "stars": 5})
    with memproc.open(tmp_path / "m.db", schema=Mine) as store:
        assert sorted((one.content, one.feeling, one.importance) for one in store) == [
            ("Likes milk", "glad", 1.0),
            ("Prefers tea", "calm", 0.8),
        ]
        added = store.add(OLD)
        assert added.outcome == "duplicate"
        assert store.recount().is_whole


@pytest.mark.parametrize("is_full", [False, True])
def test_an_export_of_an_older_version_is_read(tmp_path, is_full):
    """Also one from before the schema had versions, as memproc marks its lines."""
    with memproc.open(tmp_path / "old.db", schema=First) as store:
        store.add({name: value for name, value in OLD.items() if name != "schema_version"})
        store.export(tmp_path / "old.jsonl", full=is_full)
    with memproc.open(tmp_path / "new.db", schema=Mine) as store:
        report = memproc.ingest(tmp_path / "old.jsonl", store, schema=Mine)
        assert (report.stored, report.quarantined) == (1, 0)
        assert [told(one) for one in store] == [NOW]


@pytest.mark.costly
@pytest.mark.parametrize("engine", ["threads", "processes"])
def test_workers_migrate_too(tmp_path, engine):
    """The steps go along with the schema."""
    report = memproc.ingest([OLD, NOW], tmp_path / "m.db", schema=Mine, engine=engine)
    assert (report.stored, report.duplicate, report.quarantined) == (1, 1, 0)


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"migrations": {1: to_second}}, "give it the field schema_version: int = 2"),
        ({"migrations": {1: to_second}, "schema_version": 3}, "leads to version 2"),
        ({"migrations": {1: to_second, 3: to_third}, "schema_version": 4}, "one from each version to the next"),
        ({"migrations": {"1": to_second}, "schema_version": 2}, "one from each version to the next"),
        ({"migrations": {1: "to_second"}, "schema_version": 2}, "each step is a function"),
    ],
)
def test_migrations_that_lead_nowhere_are_refused(fields, why):
    """Where the class is made."""
    annotations = {name: int for name in fields if name == "schema_version"}
    with pytest.raises(memproc.UsageError, match=why):
        type("Other", (memproc.Memory,), {"__module__": __name__, "__annotations__": annotations, **fields})


def test_a_schema_without_migrations_may_have_a_field_of_that_name():
    """What it means is its own business."""

    class Other(memproc.Memory):
        schema_version: str = "a"

    assert memproc.validate({"content": "Prefers tea", "schema_version": "z"}, schema=Other).memory.schema_version == "z"
