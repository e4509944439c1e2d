"""A Claude export is read block by block, its memories cut where their author cut them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.claude import CONVERSATIONS, MEMORIES, PROJECTS
from tests.formats.reading import drafts, faults, left_out

FIXTURES = Path(__file__).parents[2] / "fixtures"
TALKS = orjson.loads((FIXTURES / "claude.json").read_bytes())
KEPT = orjson.loads((FIXTURES / "claude-memories.json").read_bytes())
MADE = orjson.loads((FIXTURES / "claude-projects.json").read_bytes())


def talk(**message: Any) -> dict[str, Any]:
    """Make a conversation of one message."""
    return {"uuid": "c", "chat_messages": [{"uuid": "m", "sender": "human", **message}]}


def test_a_message_is_an_event_under_its_own_uuid() -> None:
    """The account says whose it is; the title is kept."""
    message = drafts(CONVERSATIONS, TALKS[0])[0]
    assert message.is_identity
    assert message.fields == {
        "id": "m1",
        "namespace": "a1",
        "content": "I have a small balcony that faces north.",
        "kind": "message",
        "subject": "human",
        "conversation": "c1",
        "created_at": "2025-01-15T10:00:00Z",
        "updated_at": "2025-01-15T10:00:00Z",
        "metadata": {
            "title": "Planning a garden",
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
    assert (fields["namespace"], fields["metadata"]) == ("a1", {"parent_message_uuid": "root"})


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
        (talk(text="hi", content=[{"type": "token_budget"}]), {"other_blocks": 1, "empty": 1}),
        (talk(text="hi", content=[{"type": "text", "text": None}]), {}),
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
    assert fact.fields["namespace"] == "a1"
    assert fact.fields["metadata"] == {"project": "0b7c-project", "section": "Purpose & context"}
    assert drafts(MEMORIES, KEPT[0])[3].fields["metadata"]["section"] == "Brief history > Recent months"


def test_headings_without_text_are_counted() -> None:
    """A heading with a deeper one below has something to say."""
    assert left_out(MEMORIES, KEPT[0]) == {"headings": 1, "empty": 1}


def test_memory_files_are_read() -> None:
    """What is said of the file is kept."""
    fact = drafts(MEMORIES, KEPT[1])[0]
    assert (fact.fields["content"], fact.fields["metadata"]) == (
        "Likes answers without headings",
        {"path": "preferences.md"},
    )


def test_the_head_of_a_memory_file_is_no_fact() -> None:
    """It describes the file; the date of the file is that of its facts, and how a fact is known is a tag."""
    facts = [draft.fields for draft in drafts(MEMORIES, KEPT[1])[1:]]
    assert [(fact["content"], fact["tags"]) for fact in facts] == [("Lives in Faro", ("stated",)), ("Speaks French", ("inferred",))]
    for fact in facts:
        assert (fact["namespace"], fact["updated_at"]) == ("a1", "2026-09-20T08:00:00.000000+00:00")
        assert fact["metadata"] == {
            "path": "/people/tom.md",
            "name": "tom",
            "description": "A brother: lives abroad",
            "sources": ["chat"],
        }


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


def test_only_the_branch_that_was_shown_is_read() -> None:
    """A prompt that was edited away is left out; a message of thoughts alone says nothing, whatever its plain text is."""
    assert [draft.fields["content"] for draft in drafts(CONVERSATIONS, TALKS[2])] == ["My dog is seven", "A good age."]
    assert left_out(CONVERSATIONS, TALKS[2]) == {"side_branches": 1, "thinking": 1, "empty": 1}


def test_side_branches_are_read_on_request_and_tagged() -> None:
    """With all that they hold."""
    first = drafts(CONVERSATIONS, TALKS[2], "side_branches")[0]
    assert (first.fields["id"], first.fields["tags"]) == ("n1", ("side-branch",))


def test_summaries_stand_for_hidden_thoughts() -> None:
    """Where the thoughts themselves are given, the summaries say nothing more."""
    thoughts = [draft.fields for draft in drafts(CONVERSATIONS, TALKS[2], "thinking") if "thinking" in draft.fields.get("tags", ())]
    assert [thought["content"] for thought in thoughts] == ["Looked up the age of dogs."]
    both = talk(content=[{"type": "thinking", "thinking": "It rains.", "summaries": [{"summary": "Rain"}]}])
    assert [draft.fields["content"] for draft in drafts(CONVERSATIONS, both, "thinking")] == ["It rains."]


def chain(*parents: str | None, **fields: Any) -> dict[str, Any]:
    """Make a conversation of messages m0, m1, ... with these parents."""
    messages = [
        {"uuid": f"m{number}", "sender": "human", "text": f"said {number}", "parent_message_uuid": parent}
        for number, parent in enumerate(parents)
    ]
    return {"uuid": "c", "chat_messages": messages, **fields}


@pytest.mark.parametrize(
    ("item", "shown"),
    [
        (chain("0", "m0", "m0"), [0, 2]),
        (chain("0", "m0", "m0", current_leaf_message_uuid="m1"), [0, 1]),
        (chain("0", "m0", "m0", current_leaf_message_uuid="gone"), [0, 2]),
        (chain("0", "0", "m1"), [1, 2]),
        (chain("0", "m0", "removed"), [0, 1, 2]),
        (chain("m1", "m0"), [0, 1]),
        (chain("m0", "m1"), [1]),
        (chain(None, "m0", "m0"), [0, 1, 2]),
    ],
)
def test_the_branch_ends_with_what_was_shown_last(item: dict[str, Any], shown: list[int]) -> None:
    """That is the last message or the one named; without parents there are no branches, and a cycle ends."""
    read = [draft.fields["content"] for draft in drafts(CONVERSATIONS, item)]
    assert read == [f"said {number}" for number in shown]
    assert left_out(CONVERSATIONS, item)["side_branches"] == len(item["chat_messages"]) - len(shown)


def test_the_chat_of_a_design_is_read() -> None:
    """Its words are inside an object; its author is the account."""
    asked, answered = (draft.fields for draft in drafts(CONVERSATIONS, TALKS[3]))
    assert (asked["content"], answered["content"]) == ("Make the title larger.", "It is larger now.")
    assert (asked["subject"], asked["namespace"], answered["namespace"]) == ("user", "a1", "a1")
    assert answered["metadata"] == {"title": "Poster", "project": "p1", "project_name": "Spring fair"}
    assert asked["metadata"]["author_name"] == "Dana"


def test_a_project_gives_facts() -> None:
    """Its description, its instructions, and each document under the id that it has."""
    facts = drafts(PROJECTS, MADE[0])
    assert [(fact.fields["content"], fact.fields["tags"], fact.is_identity) for fact in facts] == [
        ("All that is said about the fair.", ("project",), False),
        ("Answer in two sentences.", ("custom-instructions",), False),
        ("# Stalls\nTwelve, along the river.", ("project-doc",), True),
    ]
    assert {fact.fields["namespace"] for fact in facts} == {"a1"}
    assert facts[2].fields["metadata"] == {"project": "p1", "project_name": "Spring fair", "file_name": "stalls.md"}
    assert facts[2].fields["created_at"] == "2026-09-01T10:05:00.000000+00:00"


def test_what_a_project_does_not_say_is_counted() -> None:
    """An empty document, a project without anything."""
    assert [left_out(PROJECTS, item) for item in MADE] == [{"empty": 1}, {"empty": 1}]
    assert faults(PROJECTS, {"docs": ["text"]}) == [("docs.0", "dict_type")]


@pytest.mark.parametrize(
    ("item", "is_project"),
    [
        (MADE[1], True),
        ({"docs": [{"filename": "a", "content": "b"}]}, True),
        ({"docs": ["a"]}, False),
        ({"docs": 3, "prompt_template": ""}, False),
    ],
)
def test_a_project_is_told_by_its_documents(item: dict[str, Any], *, is_project: bool) -> None:
    """A list named docs is not enough."""
    assert PROJECTS.matches(item, frozenset()) is is_project
