"""A Claude export is read block by block, its memories cut where their author cut them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.claude import CONVERSATIONS, MEMORIES
from tests.formats.reading import drafts, faults, left_out

FIXTURES = Path(__file__).parents[2] / "fixtures"
TALKS = orjson.loads((FIXTURES / "claude.json").read_bytes())
KEPT = orjson.loads((FIXTURES / "claude-memories.json").read_bytes())


def talk(**message: Any) -> dict[str, Any]:
    """Make a conversation of one message."""
    return {"uuid": "c", "chat_messages": [{"uuid": "m", "sender": "human", **message}]}


def test_a_message_is_an_event_under_its_own_uuid() -> None:
    """Account and title are kept; whose memories these are is left to the caller."""
    message = drafts(CONVERSATIONS, TALKS[0])[0]
    assert message.is_identity
    assert message.fields == {
        "id": "m1",
        "content": "I have a small balcony that faces north.",
        "kind": "message",
        "subject": "human",
        "conversation": "c1",
        "created_at": "2025-01-15T10:00:00Z",
        "updated_at": "2025-01-15T10:00:00Z",
        "metadata": {
            "title": "Planning a garden",
            "account": "a1",
            "files": [{"file_name": "balcony.png"}],
            "attachments": [{"file_name": "plan.txt", "file_type": "txt", "file_size": 21}],
        },
    }


def test_blocks_are_preferred_to_the_plain_text() -> None:
    """A null text is no text, and without blocks the plain text is taken."""
    texts = [draft.fields["content"] for draft in drafts(CONVERSATIONS, TALKS[0])]
    assert texts[1:] == ["Ferns do well there.", "Only the plain text is filled here."]


def test_what_is_left_out_is_counted() -> None:
    """Thoughts, tools, files and empty messages are not memories unless asked for."""
    assert left_out(CONVERSATIONS, TALKS[0]) == {"thinking": 1, "tool": 2, "attachments": 1, "empty": 1}
    assert left_out(CONVERSATIONS, TALKS[1]) == {"summaries": 1}


@pytest.mark.parametrize(
    ("talk_number", "kind", "texts"),
    [
        (0, "thinking", ["North means shade."]),
        (0, "tool", ["web_search\nplants for shade", "web_search\nFerns like shade."]),
        (0, "attachments", ["Balcony: 2 m by 3 m."]),
        (1, "summaries", ["They spoke about tea."]),
    ],
)
def test_what_is_left_out_is_read_on_request(talk_number: int, kind: str, texts: list[str]) -> None:
    """It is no identity: such a part has no id of its own."""
    usual = drafts(CONVERSATIONS, TALKS[talk_number])
    more = [draft for draft in drafts(CONVERSATIONS, TALKS[talk_number], kind) if draft not in usual]
    assert [draft.fields["content"] for draft in more] == texts
    assert not any(draft.is_identity for draft in more)
    assert left_out(CONVERSATIONS, TALKS[talk_number], kind)[kind] == 0


def test_a_part_of_a_message_points_to_it() -> None:
    """Two tool calls of one message stay two events."""
    tools = [draft.fields for draft in drafts(CONVERSATIONS, TALKS[0], "tool") if "tool" in draft.fields.get("tags", ())]
    assert [tool["id"] for tool in tools] == ["m2#1", "m2#2"]
    assert {tool["relations"][0]["target"] for tool in tools} == {"m2"}


def test_an_undated_message_takes_the_time_of_the_conversation() -> None:
    """And says so."""
    fields = drafts(CONVERSATIONS, TALKS[0])[2].fields
    assert fields["created_at"] == TALKS[0]["created_at"]
    assert fields["metadata"]["created_at_from"] == "conversation"


def test_the_variant_with_messages_and_roles_is_read() -> None:
    """Its content may be plain text; fields without a place go to metadata."""
    fields = drafts(CONVERSATIONS, TALKS[1])[0].fields
    assert (fields["content"], fields["subject"]) == ("I stopped drinking coffee.", "human")
    assert fields["metadata"] == {"account": "a1", "parent_message_uuid": "root"}


@pytest.mark.parametrize(
    ("item", "is_claude"),
    [
        ({"chat_messages": []}, True),
        ({"chat_messages": None}, False),
        ({"messages": [{"uuid": "m", "sender": "human"}]}, True),
        ({"messages": [{"uuid": "m", "role": "user", "role_type": "user"}]}, False),
        ({"messages": [{"role": "user", "content": "hi"}]}, False),
        ({"messages": ["hi"]}, False),
    ],
)
def test_a_conversation_is_told_by_its_shape(item: dict[str, Any], *, is_claude: bool) -> None:
    """Zep's messages have a role type, OpenAI's have no uuid."""
    assert CONVERSATIONS.matches(item, frozenset()) is is_claude


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({}, ("chat_messages", "missing")),
        ({"chat_messages": {}}, ("chat_messages", "tuple_type")),
        ({"chat_messages": ["hi"]}, ("chat_messages.0", "dict_type")),
        (talk(content={"type": "text"}), ("chat_messages.0.content", "tuple_type")),
        (talk(content=[7]), ("chat_messages.0.content.0", "dict_type")),
        (talk(content=[{"type": "text", "text": 7}]), ("chat_messages.0.content.0", "dict_type")),
        (talk(attachments=7), ("chat_messages.0.attachments", "tuple_type")),
        (talk(attachments=["a.txt"]), ("chat_messages.0.attachments.0", "dict_type")),
    ],
)
def test_what_cannot_be_read_is_broken(item: dict[str, Any], fault: tuple[str, str]) -> None:
    """The fault names the place."""
    assert faults(CONVERSATIONS, item) == [fault]


@pytest.mark.parametrize(
    ("item", "counts"),
    [
        ({"chat_messages": []}, {"empty_conversations": 1}),
        (talk(text=" "), {"empty": 1}),
        (talk(text="hi", content=[{"type": "token_budget"}]), {"other_blocks": 1}),
    ],
)
def test_what_holds_no_words_is_counted(item: dict[str, Any], counts: dict[str, int]) -> None:
    """Nothing vanishes."""
    assert left_out(CONVERSATIONS, item) == counts


def test_memories_are_cut_at_headings_items_and_paragraphs() -> None:
    """What is nested in an item stays with it."""
    cut = [(draft.fields["content"], draft.fields["tags"]) for draft in drafts(MEMORIES, KEPT[0])]
    assert cut == [
        ("Dana is a vet in Porto and runs a clinic\nwith two colleagues.", ("work-context",)),
        ("Has a greyhound called Kiki", ("personal-context",)),
        ("Plays in a brass band:\n- the trombone\n- on Thursdays", ("personal-context",)),
        ("Bought a second-hand van", ("recent-months",)),
        ("Is learning to sail", ("recent-months",)),
        ("The van needs new tyres.", ("recent-months",)),
        ("A newsletter about urban bees.", ("purpose-context",)),
    ]


def test_a_memory_is_a_fact_without_an_id() -> None:
    """It says from which section, account and project it is."""
    fact = drafts(MEMORIES, KEPT[0])[-1]
    assert not fact.is_identity
    assert "conversation" not in fact.fields
    assert fact.fields["metadata"] == {"account": "a1", "project": "0b7c-project", "section": "Purpose & context"}
    assert drafts(MEMORIES, KEPT[0])[3].fields["metadata"]["section"] == "Brief history > Recent months"


def test_headings_without_text_are_counted() -> None:
    """A heading with a deeper one below has something to say."""
    assert left_out(MEMORIES, KEPT[0]) == {"headings": 1, "empty": 1}


def test_memory_files_are_read() -> None:
    """What is said of the file is kept."""
    (fact,) = drafts(MEMORIES, KEPT[1])
    assert (fact.fields["content"], fact.fields["metadata"]) == (
        "Likes answers without headings",
        {"account": "a1", "path": "preferences.md"},
    )


@pytest.mark.parametrize(
    ("markdown", "texts"),
    [
        ("one\ntwo\n\nthree", ["one\ntwo", "three"]),
        ("- one\n- two", ["one", "two"]),
        ("* one\n  goes on\n+ two", ["one\ngoes on", "two"]),
        ("1. one\n2) two", ["one", "two"]),
        ("In 2024. It rained", ["In 2024. It rained"]),
        ("2024. It rained", ["2024. It rained"]),
        ("#hashtag", ["#hashtag"]),
        ("**bold** and not", ["**bold** and not"]),
        ("**one** and **two**", ["**one** and **two**"]),
        ("text\n***\ntext", ["text", "text"]),
        ("-", ["-"]),
        ("one\r\n\r\ntwo", ["one", "two"]),
    ],
)
def test_markdown_is_cut_into(markdown: str, texts: list[str]) -> None:
    """The forms that people and models write."""
    assert [draft.fields["content"] for draft in drafts(MEMORIES, {"conversations_memory": markdown})] == texts


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({"conversations_memory": 7}, ("conversations_memory", "string_type")),
        ({"project_memories": {"p": ["x"]}}, ("project_memories.p", "string_type")),
        ({"memory_files": [{"content": {}}]}, ("memory_files.0", "string_type")),
        ({"memory_files": 7}, ("memory_files.0", "string_type")),
    ],
)
def test_memories_that_cannot_be_read_are_broken(item: dict[str, Any], fault: tuple[str, str]) -> None:
    """The fault names the place."""
    assert faults(MEMORIES, item) == [fault]


@pytest.mark.parametrize("item", [{}, {"conversations_memory": None}, {"conversations_memory": "\n"}, {"memory_files": []}])
def test_memories_that_say_nothing_are_counted(item: dict[str, Any]) -> None:
    """Nothing vanishes."""
    assert left_out(MEMORIES, item) == {"empty": 1}
