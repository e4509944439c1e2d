"""Telegram's export: messages of their senders, in the conversation of their chat."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

import memproc
from memproc import Store
from memproc.formats import chats, detect, telegram
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = telegram.FORMAT
ACCOUNT = orjson.loads((Path(__file__).parents[2] / "fixtures" / "telegram.json").read_bytes())
CHAT = ACCOUNT["chats"]["list"][0]


def test_a_message_is_an_event_of_its_sender():
    """The pieces of its text are joined as they stand; the account is the namespace."""
    found = drafts(FORMAT, ACCOUNT)
    assert [(one.fields["subject"], one.fields["content"]) for one in found] == [
        ("Ann", "The address is Hill Street 4."),
        ("Tom", "ok"),
        ("user902", "ok"),
    ]
    assert found[1].fields == {
        "content": "ok",
        "kind": "message",
        "id": "3",
        "namespace": "900",
        "subject": "Tom",
        "conversation": "11",
        "created_at": "1706781720",
        "updated_at": "1706781900",
        "metadata": {"title": "Tom", "reply_to_message_id": 2, "created_at_raw": "1706781720", "updated_at_raw": "1706781900"},
    }
    assert found[2].fields["created_at"] == "2024-02-01T10:04:00"


def test_a_chat_by_itself_names_no_account():
    """Its messages are the same but for the namespace."""
    found = drafts(FORMAT, CHAT)
    assert [one.fields["id"] for one in found] == ["2", "3", "5"]
    assert not any("namespace" in one.fields for one in found)
    assert detect([CHAT], frozenset()) is FORMAT


def test_a_chat_that_is_too_long_for_one_record_is_read_message_by_message(tmp_path):
    """With the same ids, conversation and title."""
    path = tmp_path / "result.json"
    path.write_bytes(orjson.dumps(CHAT))
    with Store(tmp_path / "m.db") as store:
        report = memproc.ingest(path, store)
        assert (report.format, store.count()) == ("telegram", 3)
        report = memproc.ingest(path, store, settings=memproc.Settings(max_record_bytes=500))
        assert (report.format, report.read, store.count()) == ("telegram-messages", 3, 3)
        assert not store.quarantine()


def test_what_nobody_wrote_is_counted():
    """What the service says, pictures, and chats without messages."""
    assert left_out(FORMAT, ACCOUNT) == {"service": 1, "media": 1, "empty_conversations": 1}


def test_broken_parts_are_faults():
    """With their fragments."""
    item = deepcopy(CHAT)
    item["messages"] += ["Hello", {"type": "message", "date": "2024-01-01"}, {"type": "message", "text": ["a", 5]}]
    assert faults(FORMAT, item) == [
        ("messages.5", "dict_type"),
        ("messages.6.text", "missing"),
        ("messages.7.content", "string_type"),
    ]
    assert faults(FORMAT, {"messages": {}}) == [("messages", "tuple_type")]
    assert faults(FORMAT, {"chats": {"list": ["Hello", {}]}}) == [
        ("chats.list.0", "dict_type"),
        ("chats.list.1.messages", "missing"),
    ]
    assert read(FORMAT, {"messages": []}) == [LeftOut("empty_conversations")]


def test_a_chat_of_another_program_is_not_taken_for_it():
    """Messages without the type and the date."""
    item = {"type": "chat", "messages": [{"from": "Ann", "text": "Hello"}]}
    assert detect([item], frozenset()) is chats.CHATS
