"""Files of chats: each is told its own format, every message is read once, and reading the file again adds nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

import memproc
from memproc import Store
from memproc.formats import (
    chats,
    claude_code,
    codex,
    copilot,
    deepseek,
    discord,
    grok,
    instagram,
    librechat,
    longmemeval,
    openwebui,
    sillytavern,
    slack,
    telegram,
)
from tests.formats.reading import left_out

FIXTURES = Path(__file__).parents[2] / "fixtures"
FILES = {
    "chats.json": (chats.CHATS, 11),
    "messages.json": (chats.MESSAGES, 5),
    "claude-code.jsonl": (claude_code.FORMAT, 2),
    "codex.jsonl": (codex.FORMAT, 2),
    "deepseek.json": (deepseek.FORMAT, 2),
    "copilot.csv": (copilot.FORMAT, 2),
    "instagram.json": (instagram.FORMAT, 2),
    "discord.json": (discord.FORMAT, 2),
    "grok.json": (grok.FORMAT, 2),
    "librechat.json": (librechat.FORMAT, 3),
    "longmemeval.json": (longmemeval.FORMAT, 4),
    "openwebui.json": (openwebui.FORMAT, 5),
    "sillytavern.jsonl": (sillytavern.FORMAT, 3),
    "slack.json": (slack.FORMAT, 3),
    "telegram.json": (telegram.FORMAT, 3),
}


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_read_once_however_often(name, tmp_path):
    """With all that is left out of it, too: ids do not depend on what is included."""
    known, count = FILES[name]
    with Store(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURES / name, store)
        assert report.format == known.name
        assert len(store.find(limit=100)) == count
        more = memproc.ingest(FIXTURES / name, store, include=known.options)
        assert len(store.find(limit=100)) == count + more.stored
        again = memproc.ingest(FIXTURES / name, store)
        assert (again.read, again.duplicate) == (count, count)
        assert not store.reviews()
        assert not store.quarantine()


def test_the_messages_of_a_file_have_conversations(tmp_path):
    """Each of them: an event without one would be the same as another of the same words."""
    with Store(tmp_path / "m.db") as store:
        memproc.ingest([FIXTURES / name for name in FILES], store)
        found = store.find(limit=100)
        assert len(found) == sum(count for _, count in FILES.values())
        assert all(one.conversation and one.subject and one.kind == "message" for one in found)


EMPTY = {
    "deepseek": (deepseek.FORMAT, {"id": "c", "inserted_at": "2025-03-21T10:00:00Z", "mapping": {"root": {"message": None}}}),
    "discord": (discord.FORMAT, {"guild": {"id": "1"}, "channel": {"id": "2"}, "messages": []}),
    "instagram": (instagram.FORMAT, {"participants": [], "messages": [], "thread_path": "inbox/a"}),
    "librechat": (librechat.FORMAT, {"conversationId": "c", "endpoint": "a-host", "messages": []}),
    "longmemeval": (longmemeval.FORMAT, {"question_id": "q", "haystack_sessions": [[]], "haystack_dates": ["2025/03/21"]}),
    "openwebui": (openwebui.FORMAT, {"id": "c", "chat": {"history": {"messages": {}, "currentId": None}, "messages": []}}),
    "telegram": (telegram.FORMAT, {"name": "Tom", "type": "private_supergroup", "id": 1, "messages": []}),
}


@pytest.mark.parametrize("name", EMPTY)
def test_a_conversation_without_messages_is_told_by_what_stands_around_it(name):
    """It is counted; a file of nothing else is no unknown file. A list without messages alone tells nothing."""
    known, item = EMPTY[name]
    assert known.matches(item, frozenset())
    assert left_out(known, item)["empty_conversations"] == 1
    assert not known.matches({"id": "c", "type": "other", "messages": [], "mapping": {}, "chat": {}}, frozenset())
