"""Chats of Instagram and Messenger are read with their letters as they were meant."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

import memproc
from memproc.formats import instagram
from tests.formats.reading import drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "instagram.json"
CHAT = orjson.loads(FIXTURE.read_bytes())


def placed(tmp_path: Path, chat: object, name: str = "message_1.json") -> Path:
    """Write a chat into the folder that it has in a download."""
    folder = tmp_path / "messages" / "inbox" / "zoe_1767"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(orjson.dumps(chat))
    return folder / name


def test_a_chat_is_read() -> None:
    """Names and texts are mended; what has no words is counted."""
    found = [one.fields for one in drafts(instagram.FORMAT, CHAT)]
    assert [(one["subject"], one["content"], one["conversation"]) for one in found] == [
        ("Rui Pinto", "At the café, 😀", "zoe_1767"),
        ("Zoë", "Where are you?", "zoe_1767"),
    ]
    assert found[0]["metadata"] == {"title": "Zoë"}
    assert "id" not in found[0]
    assert left_out(instagram.FORMAT, CHAT) == {"media": 1}


def test_a_later_download_adds_what_is_new(tmp_path: Path) -> None:
    """The newest stands first, and the parts of a chat move on; a part too long for one record is read message by message."""
    new = {"sender_name": "Zoë".encode().decode("latin-1"), "timestamp_ms": 1767600090000, "content": "Nice!"}
    older = [{"sender_name": "Rui Pinto", "timestamp_ms": 1767500000000 + at, "content": "Good morning " * 20} for at in range(60)]
    longer = {**CHAT, "messages": [new, *CHAT["messages"], *older]}
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(placed(tmp_path, CHAT), store).stored == 2
        small = memproc.Settings(max_record_bytes=4_000)
        report = memproc.ingest(placed(tmp_path, longer), store, settings=small)
        assert (report.format, report.stored, report.duplicate) == ("instagram-messages", 61, 2)
        assert memproc.ingest(placed(tmp_path, longer, "message_2.json"), store).stored == 0
        assert {one.conversation for one in store} == {"zoe_1767"}


@pytest.mark.parametrize(
    ("chat", "conversation"),
    [
        ({**CHAT, "thread_path": None}, "Rui Pinto & Zoë"),
        ({"messages": CHAT["messages"]}, "chat-"),
    ],
)
def test_a_chat_without_a_path_is_known_by_who_takes_part(chat: dict[str, object], conversation: str) -> None:
    """Else as any chat without an id."""
    assert drafts(instagram.FORMAT, chat)[0].fields["conversation"].startswith(conversation)


def test_what_cannot_be_read_is_broken() -> None:
    """The fault names the place."""
    assert faults(instagram.FORMAT, {}) == [("messages", "missing")]
    assert faults(instagram.FORMAT, {"messages": [1]}) == [("messages.0", "dict_type")]
    odd = {"sender_name": "a", "timestamp_ms": 1767600000000, "content": {}}
    assert faults(instagram.FORMAT, {"messages": [odd]}) == [("messages.0.content", "string_type")]
    assert faults(instagram.MESSAGES, odd) == [("content", "string_type")]
