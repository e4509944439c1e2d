"""Channels of Discord: messages of their authors, in the conversation of the channel."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

from memproc.formats import discord
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = discord.FORMAT
CHANNEL = orjson.loads((Path(__file__).parents[2] / "fixtures" / "discord.json").read_bytes())


def test_a_message_is_an_event_of_its_author():
    """By the nickname, else the name; the channel and the server are in the metadata."""
    first, answer = drafts(FORMAT, CHANNEL)
    assert first.fields == {
        "content": "We rehearse on Thursdays now.",
        "kind": "message",
        "id": "11",
        "subject": "Ann",
        "conversation": "2",
        "created_at": "2024-03-01T18:01:00+00:00",
        "updated_at": "2024-03-01T18:05:00+00:00",
        "metadata": {"channel": "rehearsals", "guild": "Choir", "author_id": "900"},
    }
    assert answer.fields["subject"] == "tom"
    assert answer.fields["metadata"].items() >= {"is_bot": True, "answers": "11"}.items()


def test_what_nobody_wrote_is_counted():
    """Joins, and messages of only files."""
    assert left_out(FORMAT, CHANNEL) == {"service": 1, "media": 1}


def test_broken_parts_are_faults():
    """With their fragments."""
    item = deepcopy(CHANNEL)
    item["messages"] += ["Hello", {"id": "20", "author": "ann", "content": "Hello"}]
    assert faults(FORMAT, item) == [("messages.4", "dict_type"), ("messages.5", "dict_type")]
    assert faults(FORMAT, {"messages": []}) == [("messages", "missing")]
    assert read(FORMAT, {"channel": {}, "messages": []}) == [LeftOut("empty_conversations")]
    assert not FORMAT.matches({"channel": {"id": 1}, "messages": [{"author": "ann", "content": "Hello"}]}, frozenset())
