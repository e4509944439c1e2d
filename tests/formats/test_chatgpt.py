"""A ChatGPT export is read as it was shown, and all that is left out is counted."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.chatgpt import FORMAT
from memproc.formats.draft import Broken
from memproc.validation import validate
from tests.formats import reading

TALKS = orjson.loads((Path(__file__).parents[2] / "fixtures" / "chatgpt.json").read_bytes())
read, drafts, left_out = (partial(each, FORMAT) for each in (reading.read, reading.drafts, reading.left_out))


def talk(*messages: dict[str, Any] | None, **fields: Any) -> dict[str, Any]:
    """Make a conversation of one branch: m0, m1, ..."""
    nodes = {
        f"m{number}": {"id": f"m{number}", "parent": f"m{number - 1}" if number else None, "message": message}
        for number, message in enumerate(messages)
    }
    return {"id": "c", "current_node": f"m{len(messages) - 1}", "mapping": nodes, **fields}


def said(text: object = "hello", **fields: Any) -> dict[str, Any]:
    """Make a message of a user."""
    return {"author": {"role": "user"}, "content": {"content_type": "text", "parts": [text]}, "create_time": 1700000000.0, **fields}


def contents(item: dict[str, Any], *include: str) -> list[str]:
    """Give the texts read, in order."""
    return [draft.fields["content"] for draft in drafts(item, *include)]


def test_only_the_branch_that_was_shown_is_read() -> None:
    """The answer made again and the hidden messages are left out."""
    assert contents(TALKS[0]) == [
        "I am a nurse and live with two cats.",
        "Answer in short sentences.",
        "I moved to Lisbon last week.",
        "Moved to Lisbon in January 2025.",
        "What a view!\nShall I look for a flat?",
        "print('rent')",
    ]


def test_what_is_left_out_is_counted() -> None:
    """Each message of the first conversation is read or counted; the root holds none."""
    assert left_out(TALKS[0]) == {"hidden": 1, "side_branches": 1, "tool": 1, "empty": 1}


def test_a_message_is_an_event_under_its_own_id() -> None:
    """Its speaker is the subject; namespace and source are left to the caller."""
    message = drafts(TALKS[0])[2]
    assert message.is_identity
    assert message.raw == {**TALKS[0]["mapping"]["m1"]["message"]}
    assert message.fields == {
        "id": "m1",
        "content": "I moved to Lisbon last week.",
        "kind": "message",
        "subject": "user",
        "conversation": "talk-1",
        "created_at": 1736616594.24054,
        "tags": (),
        "metadata": {"title": "Moving house"},
    }


def test_a_saved_memory_is_a_fact_about_the_user() -> None:
    """What ChatGPT wrote to its memory is the most valuable record of the file."""
    fact = drafts(TALKS[0])[3]
    assert fact.is_identity
    fields = {"id": "m3", "kind": "fact", "subject": "user", "tags": ("saved-memory",)}
    assert fields.items() <= fact.fields.items()


def test_custom_instructions_are_facts_without_an_id() -> None:
    """They are repeated in each conversation: an id would keep the repeats apart."""
    about_user, about_model = drafts(TALKS[0])[:2]
    assert (about_user.fields["subject"], about_model.fields["subject"]) == ("user", "assistant")
    for fact in (about_user, about_model):
        assert "id" not in fact.fields
        assert not fact.is_identity
        assert (fact.fields["kind"], fact.fields["tags"]) == ("fact", ("custom-instructions",))


def test_an_editable_context_holds_custom_instructions_too() -> None:
    """Newer exports give them as the content of the message."""
    content = {"content_type": "user_editable_context", "user_profile": "I row.", "user_instructions": " "}
    message = said(content=content, metadata={"is_visually_hidden_from_conversation": True})
    assert contents(talk(message)) == ["I row."]


def test_images_are_noted() -> None:
    """Parts without text are kept as metadata."""
    (image,) = drafts(TALKS[0])[4].fields["metadata"]["assets"]
    assert image["asset_pointer"] == "file-service://file-x"


def test_how_a_message_was_made_is_noted() -> None:
    """The model, the language of code, and what kind of content it was."""
    metadata = drafts(TALKS[0])[5].fields["metadata"]
    assert metadata == {"title": "Moving house", "model": "gpt-4o", "content_type": "code", "language": "python"}


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (said(metadata={"is_visually_hidden_from_conversation": True}), "hidden"),
        (said(author={"role": "system"}), "system"),
        (said(author={"role": "tool"}), "tool"),
        (said(recipient="python"), "tool"),
        (said(content={"content_type": "thoughts", "thoughts": [{"summary": "s", "content": "hello"}]}), "thinking"),
        (said(content={"content_type": "reasoning_recap", "content": "hello"}), "thinking"),
    ],
)
def test_a_message_left_out_is_read_on_request(message: dict[str, Any], kind: str) -> None:
    """It is counted under the name that includes it."""
    assert left_out(talk(message)) == {kind: 1}
    assert contents(talk(message)) == []
    assert contents(talk(message), kind) == ["hello"]


def test_a_message_left_out_for_two_reasons_needs_both() -> None:
    """Hidden tool output is not read by asking for tools alone."""
    message = said(author={"role": "tool"}, metadata={"is_visually_hidden_from_conversation": True})
    assert left_out(talk(message), "tool") == {"hidden": 1}
    assert contents(talk(message), "tool", "hidden") == ["hello"]


def test_side_branches_are_read_on_request_and_tagged() -> None:
    """The answer made again can be had."""
    side = drafts(TALKS[0], "side_branches")[-1]
    assert (side.fields["id"], side.fields["tags"]) == ("m2", ("side-branch",))
    assert left_out(TALKS[0], "side_branches")["side_branches"] == 0


@pytest.mark.parametrize("current", [None, "gone", 7, ["m2"]])
def test_without_a_current_node_the_newest_leaf_is_shown(current: object) -> None:
    """A dangling current_node is as good as none."""
    item = {**TALKS[1], "current_node": current}
    assert contents(item) == ["Which bread keeps longest?", "Sourdough, about five days."]
    assert left_out(item) == {"thinking": 1, "side_branches": 1}


def test_a_cycle_ends() -> None:
    """Two nodes that are each other's parents are read once each."""
    item = talk(said("one"), said("two"))
    item["mapping"]["m0"]["parent"] = "m1"
    assert contents(item) == ["one", "two"]
    assert sorted(contents({**item, "current_node": None})) == ["one", "two"]


@pytest.mark.parametrize(
    ("times", "created_at", "origin"),
    [
        ({"create_time": 1600000000.0}, 1600000000.0, "conversation"),
        ({"create_time": 0}, 1700000000.0, "earliest_message"),
        ({"create_time": None}, 1700000000.0, "earliest_message"),
    ],
)
def test_a_message_without_a_time_takes_another(times: dict[str, Any], created_at: float, origin: str) -> None:
    """The order is stable over exports, and the metadata tell which it was."""
    item = talk(said("dated later", create_time=1700000009.0), said("dated"), said("undated", create_time=None), **times)
    fields = drafts(item)[-1].fields
    assert fields["created_at"] == created_at
    assert fields["metadata"]["created_at_from"] == origin


def test_the_update_of_the_conversation_is_the_last_resort() -> None:
    """With no time anywhere there is none: never now."""
    with_update, without = (
        drafts(talk(said(create_time=None), **times))[0].fields for times in ({"update_time": 1650000000.0}, {})
    )
    assert (with_update["created_at"], with_update["metadata"]) == (1650000000.0, {"created_at_from": "conversation_update"})
    assert ("created_at" in without, without["metadata"]) == (False, {})


@pytest.mark.parametrize(
    ("item", "path", "code"),
    [
        ({"id": "c"}, "mapping", "missing"),
        ({"mapping": []}, "mapping", "dict_type"),
        ({"mapping": {"m0": 7}}, "mapping.m0", "dict_type"),
        (talk("text"), "mapping.m0.message", "dict_type"),
        (talk(said(author="user")), "mapping.m0.message.author", "dict_type"),
        (talk(said(content="text")), "mapping.m0.message.content", "dict_type"),
        (talk(said(metadata=[1])), "mapping.m0.message.metadata", "dict_type"),
    ],
)
def test_what_cannot_be_read_is_broken(item: dict[str, Any], path: str, code: str) -> None:
    """The fault names the place."""
    (fault,) = [part.fault for part in read(item) if isinstance(part, Broken)]
    assert (fault.path, fault.code) == (path, code)


@pytest.mark.parametrize("item", [{"mapping": {}}, talk(None)])
def test_a_conversation_without_messages_is_counted(item: dict[str, Any]) -> None:
    """Nothing vanishes."""
    assert left_out(item) == {"empty_conversations": 1}


def test_a_message_without_an_id_has_that_of_its_node() -> None:
    """They are the same wherever both are given; a null is no id."""
    (draft,) = drafts(talk(said(id=None)))
    assert (draft.fields["id"], draft.is_identity) == ("m0", True)


def test_a_wrong_id_is_for_validation_to_judge() -> None:
    """The reader hands it over as it is."""
    (part,) = read(talk(said(id={"a": 1})))
    assert [fault.path for fault in validate(part.fields).errors] == ["id"]


@pytest.mark.parametrize(
    ("item", "is_chatgpt"),
    [
        (talk(said()), True),
        ({"mapping": {"m0": {"message": {"author": {"role": "user"}}}}}, True),
        ({"mapping": {}, "create_time": 1700000000.0}, True),
        ({"mapping": {}}, False),
        ({"mapping": {"1": {"message": {"model": "m", "fragments": [{"type": "REQUEST", "content": "hi"}]}}}}, False),
        ({"mapping": {"name": "column"}}, False),
    ],
)
def test_a_conversation_is_told_by_its_messages(item: dict[str, Any], *, is_chatgpt: bool) -> None:
    """DeepSeek has a mapping too, and its messages have neither author nor content."""
    assert FORMAT.matches(item, frozenset()) is is_chatgpt


def test_saved_memories_are_read_from_the_list_a_conversation_began_with() -> None:
    """Each is a fact of the user with its own date, the same in each conversation that repeats it."""
    facts = [draft for draft in drafts(TALKS[2]) if "saved-memory" in draft.fields["tags"]]
    assert [draft.fields for draft in facts] == [
        {
            "content": "Eats no eggs.",
            "kind": "fact",
            "subject": "user",
            "tags": ("saved-memory",),
            "created_at": "2025-01-20",
            "metadata": {"created_at_raw": "2025-01-20"},
        },
        {"content": "Has an oven\nwithout a light.", "kind": "fact", "subject": "user", "tags": ("saved-memory",)},
    ]
    assert not any(draft.is_identity for draft in facts)


def test_a_list_of_saved_memories_without_numbers_is_one_memory() -> None:
    """Nothing of it is lost."""
    content = {"content_type": "model_editable_context", "model_set_context": "Eats no eggs.\nRows."}
    assert contents(talk(said(author={"role": "system"}, content=content))) == ["Eats no eggs.\nRows."]


def test_instructions_are_read_without_what_they_are_wrapped_in() -> None:
    """So that they are the same facts as in the other form."""
    first, third = (
        [draft.fields["content"] for draft in drafts(item) if "custom-instructions" in draft.fields["tags"]]
        for item in (TALKS[0], TALKS[2])
    )
    assert first == third == ["I am a nurse and live with two cats.", "Answer in short sentences."]


@pytest.mark.parametrize("text", ["The user provided the wrong number.", "The user provided the keys:\n``` ```"])
def test_an_instruction_that_only_begins_like_the_wrapping_is_kept(text: str) -> None:
    """What is not wrapped is said as it is."""
    assert contents(talk(said(content={"content_type": "user_editable_context", "user_profile": text}))) == [text]


def test_without_parents_all_nodes_are_the_branch() -> None:
    """They are read in the order of their times; one without a time stays behind the one before it."""
    messages = [said("two", create_time=1700000002.0), said("then", create_time=None), said("one", create_time=1700000001.0)]
    item = {"id": "c", "mapping": {f"n{number}": {"message": message} for number, message in enumerate(messages)}}
    assert contents(item) == ["one", "two", "then"]
    assert left_out(item) == {}


def test_children_tell_the_branch_where_parents_do_not() -> None:
    """Either is enough."""
    item = talk(said("one"), said("two"), said("two, made again", create_time=1700000001.0), current_node="m1")
    for node in item["mapping"].values():
        del node["parent"]
    item["mapping"]["m0"]["children"] = ["m1", "m2"]
    assert contents(item) == ["one", "two"]
    assert left_out(item) == {"side_branches": 1}


def test_the_names_of_files_are_kept() -> None:
    """As the message names them."""
    assert drafts(TALKS[2])[4].fields["metadata"] == {"title": "A cake", "attachments": ["recipe.pdf"]}


def test_text_under_an_unknown_name_is_a_fault() -> None:
    """It is not empty: the fault says where its text may be."""
    (part,) = read(talk(said(content={"content_type": "new_kind", "words": "I row."})))
    assert isinstance(part, Broken)
    assert (part.fault.path, part.fault.code) == ("mapping.m0.message.content", "missing")
    assert "words" in part.fault.message
