"""LibreChat's export: the branch that is shown is read, whether its messages stand in a list or in each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson

from memproc.formats import librechat
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = librechat.FORMAT
TALK = orjson.loads((Path(__file__).parents[2] / "fixtures" / "librechat.json").read_bytes())


def flat(item: dict[str, Any]) -> dict[str, Any]:
    """Give the same conversation as a list of messages."""
    first = item["messages"][0]
    second, third = first["children"]
    every = [first, second, third, *third["children"]]
    return {**item, "messages": [{name: value for name, value in one.items() if name != "children"} for one in every]}


def test_the_last_answers_are_read():
    """With their senders and their times, in both layouts."""
    found = drafts(FORMAT, TALK)
    assert [(one.fields["subject"], one.fields["content"]) for one in found] == [
        ("User", "I practise the piano at six."),
        ("Helper", "What do you play?"),
        ("User", "Schubert."),
    ]
    assert found[1].fields == {
        "content": "What do you play?",
        "kind": "message",
        "id": "m3",
        "subject": "Helper",
        "conversation": "l-1",
        "created_at": "2025-05-01T06:00:09.000Z",
        "metadata": {"title": "Piano", "model": "a-model"},
    }
    assert [one.fields for one in drafts(FORMAT, flat(TALK))] == [one.fields for one in found]


def test_other_answers_thoughts_and_tools_are_read_on_request():
    """And counted otherwise."""
    assert left_out(FORMAT, TALK) == left_out(FORMAT, flat(TALK)) == {"side_branches": 1, "thinking": 1, "tool": 1}
    more = [one.fields["content"] for one in drafts(FORMAT, TALK, *FORMAT.options)]
    assert {"That is early.", "Ask for the piece."} <= set(more)


def test_what_follows_another_answer_is_not_shown_either():
    """In a list the branch is told by the ids."""
    item = flat(TALK)
    item["messages"].insert(2, {**item["messages"][3], "messageId": "m5", "parentMessageId": "m2"})
    assert left_out(FORMAT, item)["side_branches"] == 2


def test_messages_without_links_are_all_shown():
    """An older export."""
    item = flat(TALK)
    for message in item["messages"]:
        del message["parentMessageId"]
    assert len(drafts(FORMAT, item)) == 4


def test_broken_parts_are_faults():
    """With their fragments."""
    assert faults(FORMAT, {"conversationId": "l"}) == [("messages", "missing")]
    broken = {"conversationId": "l", "messages": ["Hello", {"messageId": "m", "children": [{"messageId": "n", "text": "Hi"}]}]}
    assert faults(FORMAT, broken) == [(f"messages.{path}", "dict_type") for path in ("0", "1", "1.children.0")]
    assert read(FORMAT, {"messages": []}) == [LeftOut("empty_conversations")]
    assert not FORMAT.matches({"conversationId": "l", "messages": [{"role": "user", "content": "Hi"}]}, frozenset())
