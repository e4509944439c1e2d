"""DeepSeek's export: it is told from ChatGPT's, whose tree it shares, and what was said is read."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

from memproc.formats import chatgpt, deepseek
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = deepseek.FORMAT
(TALK,) = orjson.loads((Path(__file__).parents[2] / "fixtures" / "deepseek.json").read_bytes())


def test_requests_and_responses_are_messages():
    """Of the newest branch, each under the id of its node."""
    found = drafts(FORMAT, TALK)
    assert [(one.fields["id"], one.fields["subject"], one.fields["content"]) for one in found] == [
        ("1", "user", "Snails eat my lettuce."),
        ("3", "assistant", "Copper tape around the bed keeps them out."),
    ]
    assert {one.fields["conversation"] for one in found} == {"d-1"}
    assert found[0].fields["created_at"] == "2025-03-30T04:49:37.000000+08:00"
    assert found[0].fields["metadata"] == {"title": "Garden", "model": "deepseek-chat"}


def test_the_rest_is_read_on_request():
    """And counted otherwise."""
    assert left_out(FORMAT, TALK) == {"side_branches": 1, "thinking": 1, "tool": 1}
    more = [one.fields["content"] for one in drafts(FORMAT, TALK, *FORMAT.options)]
    assert {"Plant something else.", "A barrier helps.", "copper tape"} <= set(more)


def test_it_is_not_taken_for_chatgpts():
    """Nor the other way round; a conversation without messages is empty."""
    assert not chatgpt.FORMAT.matches(TALK, frozenset())
    assert not FORMAT.matches({"mapping": {"1": {"message": {"author": {}, "content": {}}}}}, frozenset())
    assert read(FORMAT, {"mapping": {"root": {"message": None}}}) == [LeftOut("empty_conversations")]


def test_broken_parts_are_faults():
    """With their fragments."""
    assert faults(FORMAT, {"mapping": []}) == [("mapping", "dict_type")]
    item = deepcopy(TALK)
    item["mapping"]["3"]["message"]["fragments"] = [{"type": "RESPONSE", "content": 5}]
    assert faults(FORMAT, item) == [("mapping.3.message.content", "string_type")]
    item["mapping"]["3"]["message"] = {"inserted_at": "2026", "content": "Copper tape."}
    assert faults(FORMAT, item) == [("mapping.3.message.fragments", "tuple_type")]
    item["mapping"]["3"] = "Copper tape."
    assert ("mapping.3", "dict_type") in faults(FORMAT, {"mapping": {"3": item["mapping"]["3"]}})
