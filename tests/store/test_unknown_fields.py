"""A field that no memory has: `add` and `upsert` keep it in the metadata, and tell of it as `validate` does."""

from __future__ import annotations

import memproc
from memproc.records import Memory

RECORD = {"content": "Likes tea", "contents": "Likes coffee", "importance": 0.5, "colour": {"name": "red"}}


class Coloured(Memory):
    """A memory with a field of its own."""

    colour: dict[str, str]


def test_an_unknown_field_is_told_of_as_validation_does(fresh):
    """With its path, its value and the name that may be meant; nothing of it is lost."""
    with fresh() as store:
        added = store.add(RECORD)
        assert (added.outcome, added.faults) == ("stored", ())
        assert added.unknown == memproc.validate(RECORD).errors
        assert [fault.path for fault in added.unknown] == ["contents", "colour"]
        assert added.unknown[0].hint.startswith("did you mean content?")
        assert added.memory.metadata == {"contents": "Likes coffee", "colour": {"name": "red"}}
        assert store.add(RECORD).unknown == added.unknown
        put = store.upsert({**RECORD, "id": "1"}, source="app")
        assert (put.outcome, put.unknown) == ("stored", added.unknown)


def test_what_is_no_unknown_field_is_not_told_of(tmp_path):
    """A field by its usual name, what the caller put into the metadata, a field of the class, and legacy shapes."""
    with memproc.open(tmp_path / "m.db", schema=Coloured) as store:
        assert [fault.path for fault in store.add(RECORD).unknown] == ["contents"]
        assert store.add({"text": "Sings", "user": "ann", "colour": {}, "metadata": {"a": 1}}).unknown == ()
        assert store.add(Coloured(content="Dances", colour={}, metadata={"a": 1})).unknown == ()
    with memproc.open(tmp_path / "n.db") as store:
        assert store.add({"memory": "Likes badminton", "user_id": "ann", "hash": "x"}).unknown == ()
        assert store.add({"content": "Likes tea", "importance": 7, "colour": "red"}).unknown == ()


def test_redacted_it_quotes_no_value(tmp_path):
    """As all that a store tells."""
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(redact=True)) as store:
        (told,) = store.add({"content": "Likes tea", "colour": "red"}).unknown
        assert (told.code, told.path, told.value) == ("extra_forbidden", "", None)
