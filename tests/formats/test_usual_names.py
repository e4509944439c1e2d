"""Names of columns and keys: whose they are, however they are spelt."""

from __future__ import annotations

import json

import pytest

import memproc
from memproc.errors import SourceError
from memproc.formats import generic
from memproc.formats.draft import Context, Draft, LeftOut
from memproc.formats.usual_names import NO_CLAIM, USUAL_NAMES, claim_on

FIELDS = frozenset(memproc.Memory.model_fields)


def fields_of(**item):
    """Return the fields of the draft of an item."""
    part, *_ = generic.read(item, Context(fields=FIELDS))
    assert isinstance(part, Draft)
    return part.fields


@pytest.mark.parametrize("spelt", ["USER_ID", "userid", "userID", "userId", "user id", " User-Id ", "username", "OWNER"])
def test_a_name_is_known_without_case_and_what_stands_between_its_words(spelt):
    """In tables and JSON alike."""
    assert fields_of(**{"TEXT": "Likes tea", spelt: "ann"}) == {"content": "Likes tea", "namespace": "ann"}


@pytest.mark.parametrize("spelt", ["conversationId", "sessionId", "threadId", "chatId", "CONVERSATION ID"])
def test_a_conversation_is_known_by_any_of_its_names(spelt):
    """So that what was said twice was said in two talks."""
    assert fields_of(content="hi", **{spelt: "c1"}) == {"content": "hi", "conversation": "c1"}


def test_the_usual_spelling_goes_before_others():
    """Whatever their order; the others go to the metadata."""
    both = {"content": "hi", "user_id": "ann", "USERID": "bob"}
    reverse = dict(reversed(both.items()))
    assert fields_of(**both) == fields_of(**reverse) == {"content": "hi", "namespace": "ann", "metadata": {"USERID": "bob"}}


def test_a_field_of_the_schema_keeps_its_spellings():
    """A subclass with a field `user` has the column `User` in it."""
    assert claim_on("User", FIELDS)[0] == "namespace"
    assert claim_on("User", FIELDS | {"user"})[0] == "user"
    assert {claim_on(name, FIELDS)[0] for name in ("", " ", 5, None, "users", ("a",))} == {NO_CLAIM[0]}
    assert {field: {claim_on(name, FIELDS)[0] for name in names} for field, names in USUAL_NAMES.items()} == {
        field: {field} for field in USUAL_NAMES
    }


def test_the_subject_of_a_mail_is_no_subject_of_a_memory():
    """The one that it comes from is."""
    mail = {"FROM": "Ann", "TO": "Bob", "SUBJECT": "Boats", "CONTENT": "The boat is ready", "CONVERSATION ID": "c1"}
    expected = {"content": "The boat is ready", "conversation": "c1", "kind": "message", "subject": "Ann"}
    assert fields_of(**mail) == {**expected, "metadata": {"TO": "Bob", "subject": "Boats"}}
    assert fields_of(content="Sails", subject="Ann", metadata={"from": "x", "to": "y"})["subject"] == "Ann"


def test_a_turn_of_a_chat_is_no_fact():
    """What was said twice in two talks are two messages; other types of content say nothing."""
    assert fields_of(content="hi", conversationId="c1", contentType="userInput")["kind"] == "message"
    assert "kind" not in fields_of(content="hi", conversationId="c1", contentType="text/plain")
    assert "kind" not in fields_of(content="hi", contentType="userInput")


LABELLED = {
    "key and value": ({"key": "likes_tea", "value": "yes"}, "likes_tea: yes"),
    "key and number": ({"key": "age", "value": 41}, "age: 41"),
    "key and truth": ({"Key": "has_dog", "Value": True}, "has_dog: true"),
    "title and content": ({"title": "Breakfast", "content": "Eats porridge"}, "Breakfast: Eats porridge"),
    "title that is said again": ({"title": "Porridge", "content": "Eats porridge"}, "Eats porridge"),
    "title of a conversation": ({"title": "Breakfast", "content": "Eats porridge", "chat_id": "c"}, "Eats porridge"),
    "title of a message": ({"title": "Breakfast", "content": "Eats porridge", "type": "message"}, "Eats porridge"),
    "title that is none": ({"title": 5, "content": "Eats porridge"}, "Eats porridge"),
}


@pytest.mark.parametrize(("item", "content"), LABELLED.values(), ids=LABELLED)
def test_a_text_keeps_the_key_or_title_that_it_needs(item, content):
    """Which stays in the metadata too."""
    assert fields_of(**item)["content"] == content
    assert generic.matches(item, FIELDS)


NO_MEMORIES = {
    "settings": {"name": "an-app", "version": "2", "message": "Hello", "scripts": {"start": "x"}},
    "translation": {"id": "hello", "message": "Good day"},
    "log": {"level": "info", "time": 1735689600000, "message": "listening"},
    "log of a user": {"severity": "WARN", "user": "ann", "body": "slow query"},
    "value alone": {"value": "blue"},
    "blank key": {"key": " ", "value": "blue"},
}


@pytest.mark.parametrize("item", NO_MEMORIES.values(), ids=NO_MEMORIES)
def test_words_of_settings_translations_and_logs_are_no_memories_alone(item, tmp_path):
    """The file is refused with a mapping that reads it all the same."""
    assert not generic.matches(item, FIELDS)
    (tmp_path / "a.json").write_text(json.dumps([item]))
    with pytest.raises(SourceError, match="is in no known format"):
        memproc.ingest(tmp_path / "a.json", tmp_path / "m.db")


def test_beside_what_a_memory_has_they_are():
    """Whose it is, when it was, or what it is about."""
    for beside in ({"user": "ann"}, {"created": "2025-01-01"}, {"tags": ["tea"]}, {"sessionId": "c"}, {"speaker": "Ann"}):
        assert generic.matches({"message": "Likes tea", **beside}, FIELDS)
        assert generic.matches({"BODY": "Likes tea", **beside}, FIELDS)


def test_embeddings_are_left_out_and_counted():
    """A list that is called one, or that is as long as one; other numbers stay, as does JSON text that is no object."""
    long = [0.5] * 40
    item = {"text": "Likes tea", "embedding": [0.1, 0.2], "v": long, "scores": [1, 2], "metadata": {"x": long, "n": 1}}
    drafted, left = generic.read(item, Context(fields=FIELDS))
    assert drafted.fields["metadata"] == {"scores": [1, 2], "n": 1}
    assert left == LeftOut("embeddings", 3)
    drafted, left = generic.read({"content": "Likes tea", "metadata": {"vector": long}}, Context(fields=FIELDS))
    assert drafted.fields == {"content": "Likes tea"}
    assert left == LeftOut("embeddings")


def test_metadata_as_json_text_is_read():
    """As databases keep it."""
    assert fields_of(text="x", metadata='{"mood": "calm"}')["metadata"] == {"mood": "calm"}
    assert fields_of(text="x", metadata='{"mood": ')["metadata"] == {"metadata": '{"mood": '}
    assert fields_of(text="x", metadata="[1]")["metadata"] == {"metadata": "[1]"}


TAGS = {
    '["tea", "home"]': ["tea", "home"],
    "['tea','home']": ["tea", "home"],
    "{tea,home}": ["tea", "home"],
    '{"green tea",NULL,"a\\"b"}': ["green tea", 'a"b'],
    "[tea, home]": ["tea", "home"],
    "[]": [],
    "{}": [],
    "[1, null]": ["1"],
    "tea; home,": ["tea", "home"],
    "[" * 500 + "]" * 500: None,
}


@pytest.mark.parametrize(("cell", "tags"), TAGS.items(), ids=range(len(TAGS)))
def test_tags_in_a_cell_may_be_a_list(cell, tags):
    """As JSON, Python or PostgreSQL write it."""
    found = fields_of(content="x", tags=cell)["tags"]
    assert found == tags if tags is not None else all(isinstance(tag, str) for tag in found)
