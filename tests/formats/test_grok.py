"""Grok's export: messages of the human and the assistant, in the namespace of the user."""

from __future__ import annotations

from pathlib import Path

import orjson

from memproc.formats import grok
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = grok.FORMAT
WHOLE = orjson.loads((Path(__file__).parents[2] / "fixtures" / "grok.json").read_bytes())


def test_a_response_is_a_message():
    """Under its id, with its time in either form."""
    first, second = drafts(FORMAT, WHOLE)
    assert first.fields == {
        "content": "My chain squeaks.",
        "kind": "message",
        "id": "r-1",
        "namespace": "ann",
        "subject": "human",
        "conversation": "g-1",
        "created_at": "1738108800000",
        "metadata": {"title": "Bicycle", "created_at_raw": "1738108800000"},
    }
    assert (second.fields["subject"], second.fields["created_at"]) == ("assistant", "2025-01-29T00:00:05Z")
    assert second.fields["metadata"]["model"] == "grok-2"


def test_a_conversation_by_itself_is_read_the_same():
    """As an element of the list."""
    one, other = WHOLE["conversations"]
    assert [found.fields for found in drafts(FORMAT, one)] == [found.fields for found in drafts(FORMAT, WHOLE)]
    assert left_out(FORMAT, other) == {"empty_conversations": 1}


def test_broken_parts_are_faults():
    """With their fragments."""
    assert faults(FORMAT, {"conversation": {}}) == [("responses", "missing")]
    assert faults(FORMAT, {"conversations": ["Hello"]}) == [("conversations.0.responses", "missing")]
    item = {"conversation": {"id": "g"}, "responses": [{"response": {"text": "Hello"}}, "Hello"]}
    assert faults(FORMAT, item) == [("responses.0", "dict_type"), ("responses.1", "dict_type")]
    assert read(FORMAT, {"conversations": []}) == [LeftOut("empty_conversations")]
    assert not FORMAT.matches({"conversation": "c1", "responses": ["Hello"]}, frozenset())
