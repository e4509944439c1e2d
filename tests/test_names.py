"""Names: what shows nothing is no value, what programs write for "no id" is no id, and a name has no blanks at its ends."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

import memproc
from memproc.records import plain
from memproc.records.fields import NO_IDS
from tests.command_line import run_memproc

BLANK = ["", " ", "\t", "\u00a0", "\u200b", "\ufeff", " \u2060\u3000 "]
NAMES = ("namespace", "source", "subject", "conversation", "kind")
NO_ID = [*BLANK, *sorted(NO_IDS), *sorted(map(str.upper, NO_IDS)), "None", "NaN", "NaT", " null ", "N/A", "\u200bnan"]
ENDS = st.text(st.sampled_from(" \t\n\u00a0\u200b\ufeff\u2003\u2060"), max_size=3)


@pytest.fixture
def store():
    """Give an empty store."""
    with memproc.open("sqlite://") as opened:
        yield opened


@pytest.mark.parametrize("blank", BLANK, ids=ascii)
@pytest.mark.parametrize("name", [*NAMES, "id"])
def test_a_name_that_shows_nothing_is_no_value(name, blank):
    """The default holds, wherever a memory is made."""
    assert memproc.Memory(content="x", **{name: blank}) == memproc.Memory(content="x")
    assert memproc.validate({"content": "x", name: blank}).memory == memproc.Memory(content="x")


@pytest.mark.parametrize("word", NO_ID, ids=ascii)
def test_a_word_for_no_id_is_no_id(word):
    """In any case; as a tag or a name of another kind it is what it says."""
    assert memproc.Memory(content="x", id=word).id is None
    assert memproc.Memory(content="x", id=f"{word}7").id is not None
    assert memproc.Memory(content="x", subject="None", tags=["none"]).subject == "None"


@given(ENDS, ENDS)
def test_a_name_has_no_blanks_at_its_ends(before, behind):
    """Nor have the names in tags, relations and emotions."""
    name = f"{before}Ann  Lee{behind}"
    memory = memproc.Memory(
        content=name,
        tags=[name, before],
        relations=[{"type": name, "target": name}],
        emotion={"label": name},
        **dict.fromkeys([*NAMES, "id"], name),
    )
    assert memory.content == name
    told = plain(memory)
    assert {told[one] for one in [*NAMES, "id"]} == {"Ann  Lee"}
    assert (memory.tags, memory.relations[0].target, memory.emotion.label) == (("Ann  Lee",), "Ann  Lee", "Ann  Lee")
    assert plain(memproc.Memory(**told)) == told


@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_tags_that_show_nothing_vanish_and_a_link_to_nothing_is_a_fault(blank):
    """A place of a list is told as it was given."""
    assert memproc.Memory(content="x", tags=[blank, "a", None, float("nan")]).tags == ("a",)
    assert [fault.path for fault in memproc.validate({"content": "x", "tags": [blank, 5]}).errors] == ["tags.1"]
    faults = memproc.validate({"content": "x", "relations": [{"type": "about", "target": blank}]}).errors
    assert [(fault.path, fault.code) for fault in faults] == [("relations.0.target", "missing")]


def written(path, records: list[dict[str, Any]]):
    """Write records as the file's name says, and return its path."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as stream:
            table = csv.DictWriter(stream, [*records[0]])
            table.writeheader()
            table.writerows(records)
    else:
        path.write_bytes(b"\n".join(map(orjson.dumps, records)))
    return path


@pytest.mark.parametrize("way", ["iterable", "add", "a.jsonl", "a.csv", "command line"])
def test_records_without_an_id_are_no_versions_of_each_other(tmp_path, way):
    """Whatever stands in the place of the id, within a named source."""
    words = [*BLANK[1:], "None", "nan", "NULL", "n/a", "-", "NaT", "<NA>", "undefined"]
    texts = [f"The number of the room is {at}" for at in range(2 * len(words))]
    records = [
        {"id": word, "content": text, "created_at": f"2024-01-{at:02}"}
        for at, (word, text) in enumerate(zip([*words, *words], texts, strict=True), 1)
    ]
    with memproc.open(tmp_path / "m.db") as store:
        if way == "iterable":
            memproc.ingest(records, store, source="crm")
        elif way == "add":
            [store.add(record, source="crm") for record in records]
        elif way == "command line":
            path = written(tmp_path / "a.csv", records)
            assert run_memproc("ingest", path, "--into", tmp_path / "m.db", "--source", "crm")[0] == 0
        else:
            memproc.ingest(written(tmp_path / way, records), store, source="crm")
        assert store.count() == len(records)
        assert store.stats()["memories"] == len(records)


@pytest.mark.parametrize("way", ["iterable", "add", "a.jsonl", "a.csv", "transform"])
def test_one_person_is_one_namespace(tmp_path, store, way):
    """However her name was padded, in a record or by the caller; and who carries no name is whose the caller says."""
    records = [
        {"content": f"Fact number {at}", "namespace": name} for at, name in enumerate(["ann", "ann ", "\u200bann", " \u00a0", "\t"])
    ]
    if way == "iterable":
        memproc.ingest(records, store, namespace="ann\n")
    elif way == "add":
        [store.add(record, namespace=" ann") for record in records]
    elif way == "transform":
        assert {memproc.transform(record, namespace="ann ")[0].namespace for record in records} == {"ann"}
        return
    else:
        memproc.ingest(written(tmp_path / way, records), store, namespace=" ann ")
    assert {memory.namespace for memory in store} == {"ann"}
    assert len(store.find(namespace="ann ")) == len(store.find(namespace="ann")) == len(records)


@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_a_name_that_the_caller_gives_may_say_nothing(tmp_path, store, blank):
    """As an unset variable does: a source was not given then, and an id makes no identity. Nobody's namespace is refused: what is
    read would be put with that of others.
    """
    records = [{"id": "1", "content": "Prefers tea"}, {"id": "1", "content": "Owns a red bike"}]
    assert memproc.ingest(records, store, source=blank, format="json").stored == 2
    assert {(memory.namespace, memory.source) for memory in store} == {("default", "json")}
    with pytest.raises(memproc.UsageError, match="give a name, or leave it out"):
        memproc.ingest(records, store, namespace=blank, format="json")
    path = written(tmp_path / "a.csv", records)
    command = ["ingest", path, "--into", tmp_path / "n.db"]
    assert run_memproc(*command, "--namespace", blank)[0] == 2
    assert run_memproc(*command, "--source", blank)[0] == 0
    with memproc.open(tmp_path / "n.db") as other:
        assert {(memory.namespace, memory.source) for memory in other} == {("default", "csv")}


def test_a_name_that_is_asked_for_may_have_blanks_around_it(store):
    """As it may in a record."""
    store.add({"content": "Prefers tea", "namespace": "ann", "subject": "Ann", "tags": ["drinks"]})
    assert [
        len(store.find(**{name: f" {own}"})) for name, own in (("namespace", "ann"), ("subject", "Ann"), ("tag", "drinks"))
    ] == [1] * 3


@pytest.mark.parametrize("name", [5.5, True, ["ann"], b"ann"], ids=repr)
def test_a_name_that_is_no_text_is_wrong_use(store, name):
    """Said before anything is read."""
    for given_name in ({"namespace": name}, {"source": name}):
        with pytest.raises(memproc.UsageError, match="give text"):
            memproc.ingest([{"content": "x"}], store, **given_name)
        with pytest.raises(memproc.UsageError, match="give text"):
            store.add({"content": "x"}, **given_name)
    assert store.count() == 0


def test_a_blank_under_a_usual_name_gives_way_to_the_next(store):
    """A table has columns for both."""
    memproc.ingest([{"text": " ", "note": "Prefers tea", "user_id": "\u00a0", "user": "ann", "uuid": "7", "id": "\t"}], store)
    (memory,) = store
    (seen,) = store.trace(memory.id).observations
    assert (memory.content, memory.namespace, seen.record["id"]) == ("Prefers tea", "ann", "7")


FORMATS = {
    "mem0": {"memory": "Prefers tea", "hash": "1", "user_id": " ", "agent_id": "ann", "run_id": "\u200b", "session_id": "s"},
    "memproc-v0": {"text": "Prefers tea", "links": [{"to": "b", "type": " "}], "user": "ann ", "who": "\u00a0", "id": "None"},
    "claude": {"uuid": " ", "chat_messages": [{"uuid": "\u200b", "sender": " ", "role": "ann", "text": "Prefers tea"}]},
    "locomo": {"sample_id": " ", "conversation": {"speaker_a": "ann", "session_1": [{"speaker": "\t", "text": "Prefers tea"}]}},
}


@pytest.mark.parametrize("format", FORMATS)
def test_a_blank_in_an_export_is_no_value(format):
    """Of whichever system."""
    (memory,) = memproc.transform(FORMATS[format], format=format)
    told = plain(memory)
    assert told["content"] == "Prefers tea"
    assert "ann" in (told["namespace"], told.get("subject"))
    assert all(str(value).strip() and "\u200b" not in str(value) for value in told.values())
    assert "id" not in told


NONE_THEN = {
    "chatgpt": {
        "create_time": 1692633600,
        "mapping": {"a": {"message": {"author": {"role": "user"}, "create_time": ..., "content": {"parts": ["Prefers tea"]}}}},
    },
    "claude": {
        "created_at": "2023-08-21T16:00:00Z",
        "chat_messages": [{"sender": "user", "created_at": ..., "text": "Prefers tea"}],
    },
}


def filled(value: Any, nothing: object) -> Any:
    """Put a value in the place of each ellipsis."""
    if isinstance(value, dict):
        return {name: filled(item, nothing) for name, item in value.items()}
    return [filled(item, nothing) for item in value] if isinstance(value, list) else nothing if value is ... else value


@pytest.mark.parametrize("nothing", [0, None, "0001-01-01T00:00:00Z", -62135596800, 253402300799, "9999-12-31T23:59:59Z"])
@pytest.mark.parametrize("format", NONE_THEN)
def test_a_message_that_says_no_time_has_that_of_its_conversation(format, nothing):
    """In whichever way it says so."""
    (memory,) = memproc.transform(filled(NONE_THEN[format], nothing), format=format)
    assert memory.created_at == datetime(2023, 8, 21, 16, tzinfo=UTC)
    assert memory.metadata["created_at_from"] == "conversation"


@pytest.mark.parametrize("blank", BLANK, ids=ascii)
def test_a_blank_namespace_is_no_namespace_anywhere(store, blank):
    """Not the default, and not all: whoever gives it has a variable that is not set."""
    memproc.ingest([{"id": "1", "content": "Prefers tea"}], store, source="app")
    record = {"id": "2", "content": "Owns a red bike"}
    calls = [
        lambda: store.add(record, namespace=blank),
        lambda: store.upsert(record, namespace=blank, source="app"),
        lambda: store.get("1", source="app", namespace=blank),
        lambda: store.find(namespace=blank),
        lambda: store.find(subject=blank),
        lambda: store.find(tag=blank),
        lambda: store.forget(namespace=blank),
        lambda: memproc.ingest([record], store, namespace=blank),
        lambda: memproc.transform(record, namespace=blank),
    ]
    for call in calls:
        with pytest.raises(memproc.UsageError, match=r"(namespace|subject|tag)=.*: give a name, or leave it out"):
            call()
    assert [memory.content for memory in store] == ["Prefers tea"]


def test_a_blank_namespace_is_wrong_use_on_the_command_line(tmp_path):
    """Of what reads and of what writes."""
    path, store = written(tmp_path / "a.jsonl", [{"content": "Prefers tea"}]), tmp_path / "m.db"
    assert run_memproc("ingest", path, "--into", store)[0] == 0
    commands = [("add", store, "Has a cat"), ("migrate", path, "--into", store), ("expire", store, "--older-than", "2y")]
    for command in [*commands, ("find", store, "tea"), ("list", store), ("show", store, "1"), ("forget", store)]:
        code, out, told = run_memproc(*command, "--namespace", "")
        assert (code, out) == (2, ""), command
        assert "give a name, or leave it out" in told, command
