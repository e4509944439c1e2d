"""Objects of a program as records: memories, dictionaries that change, rows, mappings of any kind. None is lost, none raises."""

from __future__ import annotations

import csv
import io
from collections import ChainMap, OrderedDict, UserDict
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ConfigDict, Field, field_validator

import memproc
from memproc.records import plain
from memproc.testing import memories
from tests.exports import export_of
from tests.odd_values import NOTHING, Disguised, Endless, Failing, FailingDict, FailingUserDict, Mute

FAR = timezone(timedelta(hours=2))
ZERO = datetime(2024, 1, 1, 10, tzinfo=FAR)


class Note(memproc.Memory):
    """A memory that makes some of its fields itself, and has a rule that may not be run twice."""

    uid: UUID = Field(default_factory=uuid4)
    seen: datetime = Field(default_factory=lambda: datetime.now(FAR))
    stars: int | None = None

    @field_validator("stars", mode="before")
    @classmethod
    def from_words(cls, value: object) -> object:
        """Take "5 stars" and nothing else."""
        if isinstance(value, str) and value.endswith(" stars"):
            return int(value.removesuffix(" stars"))
        if value is None:
            return None
        raise ValueError("give it as in 5 stars")


class Open(memproc.Memory):
    """A memory that takes any field."""

    model_config = ConfigDict(extra="allow", frozen=True)


class Scaled(memproc.Memory):
    """A memory with another range than `Memory` has, and with another shape."""

    importance: int | None = Field(default=None, ge=0, le=10)  # type: ignore[assignment]
    metadata: list[int] = Field(default_factory=list)  # type: ignore[assignment]


@pytest.fixture
def store():
    """Give an empty store."""
    with memproc.open("sqlite://") as opened:
        yield opened


def records_in(store: memproc.Store) -> list[dict[str, Any]]:
    """Return the records of all observations, whole."""
    found = []
    for memory in store:
        assert memory.id
        found += [seen.record for seen in store.trace(memory.id).observations]
    return found


@pytest.mark.parametrize("schema", [memproc.Memory, Note])
@pytest.mark.parametrize("way", ["ingest", "add"])
def test_a_memory_is_stored_as_the_caller_holds_it(way, schema):
    """What it made itself is not made anew, and its rules are not run again; the same object again is the same observation."""
    note = Note(content="Prefers tea", stars="5 stars", seen=ZERO)
    with memproc.open("sqlite://", schema=schema) as store:
        for _ in range(2):
            if way == "ingest":
                memproc.ingest([note, note], store, schema=schema)
            else:
                added = store.add(note)
                assert isinstance(added.memory, schema)
        (record,) = records_in(store)
        (observation,) = store.trace(next(iter(store)).id).observations
        assert observation.times_seen == (4 if way == "ingest" else 2)
    expected = plain(note) | {"source": "json"}
    assert record == expected
    assert (record["uid"], record["stars"], record["seen"]) == (str(note.uid), 5, "2024-01-01T08:00:00.000000Z")


def test_the_fields_of_a_class_that_the_store_does_not_know_are_kept_and_told(tmp_path):
    """They are there when it is opened with the class."""
    note = Note(content="Prefers tea", stars="5 stars")
    report = memproc.ingest([note], tmp_path / "m.db")
    assert (report.stored, report.quarantined) == (1, 0)
    assert [told for told in report.notes if "Note" in told]
    assert not memproc.ingest([note], tmp_path / "n.db", schema=Note).notes
    with memproc.open(tmp_path / "m.db") as store:
        assert str(note.uid).encode() in export_of(store)
    with memproc.open(tmp_path / "m.db", schema=Note) as store:
        (found,) = store
        assert (found.uid, found.stars, found.seen) == (note.uid, 5, note.seen)


def test_a_memory_of_another_class_than_the_store_asks_for_is_a_record_like_any(store):
    """It is held to the schema."""

    class Strict(memproc.Memory):
        mood: str

    report = memproc.ingest(
        [memproc.Memory(content="Prefers tea"), Strict(content="Likes coffee", mood="calm")], store, schema=Strict
    )
    assert (report.stored, report.quarantined) == (1, 1)
    assert [(fault.path, fault.code) for one in store.quarantine() for fault in one.faults] == [("mood", "missing")]


@pytest.mark.costly
@given(memories())
def test_a_memory_and_its_fields_are_one_record(memory):
    """Given as an object or as a dictionary, and read back from either."""
    with memproc.open("sqlite://") as store:
        assert store.add(memory, source="app").outcome == "stored"
        assert store.add(plain(memory), source="app", format="memproc").outcome == "duplicate"


def test_a_class_that_takes_any_field_loses_none(store):
    """Neither as an object nor as a dictionary."""
    memproc.ingest([Open(content="Prefers tea", mood="calm", more={"a": [1]})], store, schema=Open)
    memproc.ingest([{"content": "Likes coffee", "mood": "calm", "more": {"a": [1]}}], store, schema=Open, format="memproc")
    assert [(one["mood"], one["more"]) for one in records_in(store)] == [("calm", {"a": [1]})] * 2


def test_a_class_may_have_another_range(store):
    """Its own rules count, and not those of the class that it changes."""
    report = memproc.ingest([Scaled(content="Prefers tea", importance=7, metadata=[1, 2])], store)
    assert report.quarantined == 0
    assert [(one["importance"], one["metadata"]) for one in records_in(store)] == [(7, [1, 2])]


def versions(one: str, other: str, **fields: Any) -> list[memproc.Memory]:
    """Give two memories of one id, a day apart."""
    return [memproc.Memory(content=text, created_at=f"2024-01-0{day}", **fields) for day, text in ((1, one), (2, other))]


def test_the_id_of_an_object_is_an_identity_only_within_a_source(store):
    """Its own, or the one that the caller names: else the ids of two programs would be versions of each other."""
    assert memproc.ingest(versions("Prefers tea", "Owns a red bike", id="1"), store).stored == 2
    named = versions("Drinks coffee", "Owns a blue car", id="1")
    assert [store.add(note, source="app").outcome for note in named] == ["stored", "merged"]
    own = versions("Likes snow", "Has two cats", id="2", source="crm")
    assert [store.add(note).outcome for note in own] == ["stored", "merged"]


def test_whose_an_object_is_it_says_itself_or_the_caller(store):
    """Its default is no word of anybody's."""
    notes = [memproc.Memory(content="Prefers tea"), memproc.Memory(content="Likes coffee", namespace="default")]
    memproc.ingest(notes, store, namespace="ann", source="app")
    assert {(one["content"], one["namespace"], one["source"]) for one in records_in(store)} == {
        ("Prefers tea", "ann", "app"),
        ("Likes coffee", "default", "app"),
    }


def test_an_object_among_dictionaries_of_another_format_is_what_it_is_alone(store):
    """Its company is no field of it."""
    memproc.ingest([{"text": "Likes coffee", "user_id": "ann"}, memproc.Memory(content="Prefers tea")], store)
    assert memproc.ingest([memproc.Memory(content="Prefers tea")], store).duplicate == 1
    assert memproc.ingest([memproc.Memory(content="Prefers tea")], store, format="mem0").duplicate == 1


def construct(**fields: object) -> memproc.Memory:
    """Make an object that nobody checked."""
    return memproc.Memory.model_construct(**fields)  # type: ignore[arg-type]


def spoilt(**fields: object) -> memproc.Memory:
    """Make an object, and change it behind pydantic's back."""
    made = memproc.Memory(content="Prefers tea")
    made.__dict__.update(fields)
    return made


def hollow() -> memproc.Memory:
    """Make an object without what each has."""
    made = memproc.Memory(content="Prefers tea")
    object.__delattr__(made, "__pydantic_fields_set__")
    return made


UNCHECKED = [
    (construct(content="Prefers tea", created_at=ZERO), {"created_at": "2024-01-01T08:00:00.000000Z"}),
    (construct(content="Prefers tea", created_at="2024-01-31"), {"created_at": "2024-01-31T00:00:00.000000Z"}),
    (construct(content="Prefers tea", valid_from=date(2024, 1, 31)), {"valid_from": "2024-01-31T00:00:00.000000Z"}),
    (construct(content="Prefers tea", tags=["a ", ""], importance=np.float32(0.5)), {"tags": ["a"], "importance": 0.5}),
    (construct(content="Prefers tea", emotion={"valence": 0.5}), {"emotion": {"valence": 0.5}}),
    (construct(content="Prefers tea", tags=None, metadata=None, kind=None, namespace=None), {}),
    (spoilt(metadata={"a": {"b": np.int64(1)}}), {"metadata": {"a": {"b": 1}}}),
    *((spoilt(created_at=nothing, importance=nothing, id=nothing, namespace=nothing), {}) for nothing in NOTHING),
    (construct(), "missing"),
    (construct(content=5), "string_type"),
    (construct(content="Prefers tea", created_at="soon"), "date_unparsable"),
    (construct(content="Prefers tea", importance=7), "less_than_equal"),
    (construct(content="Prefers tea", emotion={"valence": 9}), "less_than_equal"),
    (construct(content="Prefers tea", relations=[5]), "model_type"),
    (construct(content="Prefers tea", metadata={"a": object()}), "not_json"),
    (construct(content="Prefers tea", metadata={"a": "\ud800"}), "string_unicode"),
    (construct(content="Prefers tea", metadata=Endless()), "too_many_fields"),
    (construct(content="Prefers tea", metadata={"a": Mute()}), "not_json"),
    (spoilt(mood="calm"), "extra_forbidden"),
    (hollow(), "unreadable"),
]


@pytest.mark.parametrize(
    ("made", "expected"), UNCHECKED, ids=lambda value: str(value)[:30] if not isinstance(value, memproc.Memory) else ""
)
@pytest.mark.sampled(4)
def test_an_object_that_nobody_checked_is_stored_as_it_is_or_quarantined(store, made, expected):
    """It never raises, and `validate` says the same."""
    report = memproc.ingest([made], store)
    verdict = memproc.validate(made)
    assert (report.quarantined == 1) is isinstance(expected, str) is not verdict.ok
    if isinstance(expected, str):
        assert [fault.code for fault in store.quarantine()[0].faults] == [expected] == [fault.code for fault in verdict.errors]
        assert store.add(made).outcome == "quarantined"
        (rejected,) = memproc.transform(made)
        assert isinstance(rejected, memproc.Rejected)
    else:
        (record,) = records_in(store)
        base = {"content": "Prefers tea", "kind": "fact", "namespace": "default", "source": "json"}
        assert record == base | expected
        assert verdict.memory is made
        assert store.add(made).outcome == "duplicate"
        assert [plain(one) for one in memproc.transform(made)] == [record]


def changing(records: int) -> Any:
    """Give one dictionary again and again, changed."""
    record: dict[str, Any] = {"content": "", "tags": [], "metadata": {"deep": [{"at": [0]}]}}
    for at in range(records):
        record["content"] = f"The number of the day is {at}"
        record["tags"].append(f"t{at}")
        record["metadata"]["deep"][0]["at"][0] = at
        yield record
    record.clear()


@pytest.mark.parametrize("engine", ["sequential", "threads"])
@pytest.mark.parametrize("wrap", [dict, OrderedDict, UserDict, ChainMap], ids=lambda kind: kind.__name__)
def test_a_record_is_what_it_was_when_it_was_given(store, wrap, engine):
    """Whatever becomes of the dictionary afterwards, however deep it is changed."""
    kept = wrap()

    def given():
        for record in changing(30):
            kept.update(record)
            yield kept

    assert memproc.ingest(given(), store, engine=engine, settings=memproc.Settings(batch_size=7)).stored == 30
    found = {one["content"]: (one["tags"], one["metadata"]) for one in records_in(store)}
    assert found == {
        f"The number of the day is {at}": ([f"t{number}" for number in range(at + 1)], {"deep": [{"at": [at]}]}) for at in range(30)
    }


def test_an_object_that_is_changed_afterwards_is_kept_as_it_was(store):
    """Frozen as it is, it holds what is not."""

    def given():
        note = memproc.Memory(content="Prefers tea", metadata={"at": [0]})
        for at in range(3):
            note.metadata["at"][0] = at
            yield note

    memproc.ingest(given(), store)
    assert sorted(one["metadata"]["at"][0] for one in records_in(store)) == [0, 1, 2]


def test_what_was_read_before_a_generator_fails_is_in_the_store(store):
    """The error is the caller's, and is raised in its place."""

    def given():
        yield from changing(30)
        raise RuntimeError("the cursor is closed")

    with pytest.raises(RuntimeError, match="cursor"):
        memproc.ingest(given(), store)
    assert store.count() == 30


LYING: dict[str, Any] = {
    "endless": Endless(),
    "failing": Failing(),
    "a failing dict": FailingDict(content="x"),
    "a failing UserDict": FailingUserDict(content="x"),
    "mute": Mute(),
    "disguised": Disguised(),
    "a mute content": {"content": Mute()},
    **{
        f"{name} in metadata": {"content": "x", "metadata": {"a": odd}}
        for name, odd in {
            "mute": Mute(),
            "disguised": Disguised(),
            "failing": Failing(),
            "endless": Endless(),
            "a number as a name": {1: 2},
            "a set": {1},
        }.items()
    },
    "an iterator": {"content": "x", "tags": iter(["a", "b"])},
    "an object": object(),
    "a number": 5,
    "none": None,
    "text": "text",
    "a list": ["content"],
    "a number as a name": {5: 1, "content": "x"},
}


@pytest.mark.parametrize("name", LYING)
@pytest.mark.sampled(4)
def test_what_cannot_be_read_is_an_item_with_a_fault(name):
    """It ends no job, whatever it does; each way in says the same of it."""
    odd = LYING[name]
    good = [{"content": "Prefers tea"}, {"content": "Likes coffee"}]
    for engine in ("sequential", "threads"):
        with memproc.open("sqlite://") as store:
            report = memproc.ingest([good[0], odd, good[1]], store, engine=engine)
            assert (report.read, report.stored, report.quarantined) == (3, 2, 1)
            assert store.recount().is_whole
            assert store.quarantine()[0].raw
            assert store.add(odd).outcome == "quarantined"
            assert store.replay().quarantined == len(store.quarantine())
    assert not memproc.validate(odd).ok
    assert all(isinstance(found, memproc.Rejected) for found in memproc.transform(odd))


TABLE = "content,note\nPrefers tea,a\nLikes coffee,b,c,d\nOwns a bike\n"


@pytest.mark.parametrize("restkey", [None, "rest", 5])
def test_a_row_with_surplus_cells_is_quarantined_as_in_a_file(tmp_path, store, restkey):
    """Its cells do not vanish; a missing one cannot be told from one that says nothing."""
    report = memproc.ingest(csv.DictReader(io.StringIO(TABLE), restkey=restkey), store)
    assert (report.stored, report.quarantined) == (2, 1)
    (row,) = store.quarantine()
    assert (row.faults[0].code, row.raw) == ("row_invalid", b"Likes coffee,b,c,d")
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    with memproc.open("sqlite://") as other:
        memproc.ingest(path, other)
        assert (row.faults[0].code, row.raw) in [(one.faults[0].code, one.raw) for one in other.quarantine()]


def test_a_row_with_surplus_cells_may_come_by_any_way(store):
    """From a generator over the reader, one by one, to be checked."""
    rows = list(csv.DictReader(io.StringIO(TABLE)))
    assert memproc.ingest((dict(row) for row in rows), store).quarantined == 1
    assert store.add(rows[1]).outcome == "quarantined"
    assert [fault.code for fault in memproc.validate(rows[1]).errors] == ["row_invalid"]
    assert [one.faults[0].code for one in memproc.transform(rows[1])] == ["row_invalid"]


@pytest.mark.parametrize("nothing", NOTHING, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("format", ["memproc", "json"])
@pytest.mark.sampled(3)
def test_what_says_no_value_is_none_in_any_field(store, nothing, format):
    """A content that is none is missing; a field that nobody knows is not there."""
    fields = dict.fromkeys(memproc.Memory.model_fields, nothing)
    more = {"score": nothing} if format == "json" else {}
    assert memproc.ingest([{**fields, **more, "content": "Prefers tea"}], store, format=format).stored == 1
    (record,) = records_in(store)
    assert record == {"content": "Prefers tea", "kind": "fact", "namespace": "default", "source": format}
    assert memproc.ingest([{**fields, "namespace": "ann"}], store, format=format).quarantined == 1
    assert [(fault.path, fault.code) for one in store.quarantine() for fault in one.faults] == [("content", "missing")]
    for name in memproc.Memory.model_fields:
        assert memproc.validate({"content": "x", name: nothing}).ok is (name != "content")
        if name != "content":
            assert memproc.Memory(**{"content": "x", name: nothing}) == memproc.Memory(content="x")


def test_values_of_numpy_and_of_subclasses_are_stored_as_what_they_are(store):
    """And as the plain record is: they are one observation."""
    odd = {
        "content": np.str_("Prefers tea"),
        "id": np.int64(7),
        "importance": np.float32(0.5),
        "created_at": np.datetime64("2024-01-31T12:00:00.000000001", "ns"),
        "updated_at": type("Timestamp", (datetime,), {})(2024, 2, 1, tzinfo=UTC),
        "valid_from": date(2024, 1, 1),
        "tags": np.array(["a", "b"]),
        "metadata": OrderedDict(count=np.int64(3), flag=np.bool_(True), of=[np.float64(0.5)]),
        "emotion": {"valence": np.float64("nan"), "arousal": np.float32(0.25)},
    }
    same = {
        "content": "Prefers tea",
        "id": "7",
        "importance": 0.5,
        "created_at": "2024-01-31T12:00:00Z",
        "updated_at": "2024-02-01T00:00:00Z",
        "valid_from": "2024-01-01T00:00:00Z",
        "tags": ["a", "b"],
        "metadata": {"count": 3, "flag": True, "of": [0.5]},
        "emotion": {"arousal": 0.25},
    }
    assert store.add(odd).outcome == "stored"
    assert (store.add(same).outcome, store.add(same).reason) == ("duplicate", "same observation")
    assert memproc.Memory(**odd) == memproc.Memory(**same)  # type: ignore[arg-type]


@pytest.mark.costly
@given(st.lists(st.sampled_from(["good", *LYING]), max_size=5).filter(lambda names: set(names) != {"text"}))  # those are paths
def test_each_record_has_an_outcome(names):
    """Whatever it is, nothing is lost and nothing raises."""
    records = [LYING.get(name, {"content": "Prefers tea"}) for name in names]
    with memproc.open("sqlite://") as store:
        report = memproc.ingest(records, store)
        assert report.read == len(records) == report.stored + report.duplicate + report.merged + report.quarantined
        assert store.recount().is_whole
