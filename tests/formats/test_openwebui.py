"""Open WebUI's export: the branch that was shown is read, in the namespace of its user."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

from memproc.formats import openwebui
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = openwebui.FORMAT
TREE, LIST = orjson.loads((Path(__file__).parents[2] / "fixtures" / "openwebui.json").read_bytes())


def test_the_shown_branch_is_read():
    """From its root to the current message."""
    found = drafts(FORMAT, TREE)
    assert [one.fields["id"] for one in found] == ["a", "c", "d"]
    assert found[1].fields == {
        "content": "How warm is the kitchen?",
        "kind": "message",
        "id": "c",
        "namespace": "ann",
        "subject": "assistant",
        "conversation": "w-1",
        "created_at": 1744577570,
        "metadata": {"title": "Bread", "model": "a-model"},
    }


def test_other_branches_and_thoughts_are_read_on_request():
    """And counted otherwise."""
    assert left_out(FORMAT, TREE) == {"side_branches": 1, "thinking": 1}
    more = [one.fields["content"] for one in drafts(FORMAT, TREE, "side_branches", "thinking")]
    assert {"Buy yeast.", "Is it cold?"} <= set(more)


def test_without_a_current_message_the_newest_leaf_is_shown():
    """A cycle ends where it closes."""
    item = deepcopy(TREE)
    item["chat"]["history"]["currentId"] = "gone"
    item["chat"]["history"]["messages"]["b"]["timestamp"] = 1744577999
    assert [one.fields["id"] for one in drafts(FORMAT, item)] == ["a", "b"]
    for message in item["chat"]["history"]["messages"].values():
        message["parentId"] = "b"
    assert "b" in [one.fields["id"] for one in drafts(FORMAT, item)]


def test_an_old_export_has_only_the_list():
    """Its messages have no ids: their turns are."""
    found = drafts(FORMAT, LIST)
    assert [one.fields["content"] for one in found] == ["How long does green tea steep?", "Two minutes."]
    assert [one.fields["id"].partition("-")[0] for one in found] == ["1", "2"]
    assert {one.fields["conversation"] for one in found} == {"w-2"}
    assert left_out(FORMAT, LIST) == {"system": 1, "tool": 1}


def test_broken_parts_are_faults():
    """With their fragments."""
    assert faults(FORMAT, {"chat": "Hello"}) == [("chat", "dict_type")]
    item = deepcopy(TREE)
    item["chat"]["history"]["messages"]["d"] = "16 degrees."
    assert faults(FORMAT, item) == [("chat.history.messages.d", "dict_type")]
    assert read(FORMAT, {"chat": {}}) == [LeftOut("empty_conversations")]
    assert not FORMAT.matches({"chat": {"messages": ["Hello"]}}, frozenset())
