"""The messages of LangChain, in each form that it writes."""

from __future__ import annotations

import pytest

from memproc.formats import chats, detect, langchain
from tests.formats.reading import drafts, left_out

HUMAN = {"type": "human", "data": {"content": "My dog is called Rex.", "additional_kwargs": {}, "type": "human", "id": None}}
AI = {"type": "ai", "data": {"content": [{"type": "text", "text": "A good name."}], "tool_calls": [], "id": "run-1"}}
DUMPED = {
    "lc": 1,
    "type": "constructor",
    "id": ["langchain", "schema", "messages", "HumanMessage"],
    "kwargs": {"content": "My dog is called Rex.", "type": "human"},
}
CHUNK = {"type": "AIMessageChunk", "data": {"content": "A good name.", "type": "AIMessageChunk"}}
ROW = {"id": 4, "session_id": "s1", "message": AI}


@pytest.mark.parametrize(
    ("item", "subject"), [(HUMAN, "human"), (AI, "ai"), (DUMPED, "human"), (CHUNK, "ai"), (ROW, "ai")], ids=str
)
def test_each_form_is_a_message(item, subject):
    """Told by its shape, with the type as the subject."""
    assert detect([item], frozenset()) is chats.MESSAGES
    (found,) = drafts(chats.MESSAGES, item)
    assert found.fields["subject"] == subject
    assert found.fields["content"] in ("My dog is called Rex.", "A good name.")
    assert not found.fields["metadata"]


def test_the_message_has_its_id_and_the_row_its_session():
    """The id of a row is none of the message."""
    (found,) = drafts(chats.MESSAGES, ROW)
    assert found.fields["id"] == "run-1"
    assert found.fields["conversation"] == "s1"


def test_tools_are_left_out():
    """Their messages, and calls of them beside an empty content, also where the provider's names are kept."""
    assert left_out(chats.MESSAGES, {"type": "tool", "data": {"content": "42", "tool_call_id": "c"}}) == {"tool": 1}
    called = {"content": "", "tool_calls": [{"name": "add", "args": {"a": 1}, "id": "c", "type": "tool_call"}]}
    assert left_out(chats.MESSAGES, {"type": "ai", "data": called}) == {"tool": 1}
    kept = {"content": "", "additional_kwargs": {"tool_calls": [{"id": "c", "function": {"name": "add"}}]}}
    assert left_out(chats.MESSAGES, {"type": "ai", "data": kept}) == {"tool": 1}


def test_a_conversation_of_them_is_a_chat():
    """In a list of an object."""
    item = {"thread_id": "t1", "messages": [HUMAN, AI]}
    assert detect([item], frozenset()) is chats.CHATS
    assert [one.fields["subject"] for one in drafts(chats.CHATS, item)] == ["human", "ai"]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "human", "data": {"name": "Ann"}},
        {"type": "note", "data": {"content": "Likes tea"}},
        {"type": "constructor", "id": ["langchain", "Document"], "kwargs": {"content": "Likes tea"}},
        {"message": {"text": "Likes tea"}},
        {"type": None, "data": None},
    ],
)
def test_anything_else_is_as_it_was(item):
    """A record of a table, a document."""
    assert langchain.plain(item) is item
