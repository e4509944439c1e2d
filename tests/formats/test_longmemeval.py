"""LongMemEval: each question is a namespace, each session a conversation with its date."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import orjson

from memproc.formats import longmemeval
from memproc.formats.draft import LeftOut
from tests.formats.reading import drafts, faults, left_out, read

FORMAT = longmemeval.FORMAT
(QUESTION,) = orjson.loads((Path(__file__).parents[2] / "fixtures" / "longmemeval.json").read_bytes())


def test_a_message_has_its_question_its_session_and_its_date():
    """And says whether it has the answer."""
    found = drafts(FORMAT, QUESTION)
    assert [one.fields["content"] for one in found] == [
        "My cat only eats salmon.",
        "Cats are choosy.",
        "What is a sonnet?",
        "A poem of fourteen lines.",
    ]
    shared = {
        "namespace": "q-7",
        "conversation": "s-1",
        "created_at": "2023/06/20 (Tue) 02:21",
        "subject": "user",
        "kind": "message",
    }
    assert shared.items() <= found[0].fields.items()
    assert found[0].fields["metadata"]["has_answer"] is True
    assert found[2].fields["conversation"] == "s-2"
    assert all(one.is_identity for one in found)


def test_the_question_is_read_on_request():
    """As a fact, with its answer if that is short."""
    assert left_out(FORMAT, QUESTION) == {"questions": 1, "system": 1}
    *_, asked = drafts(FORMAT, QUESTION, "questions")
    assert asked.fields["content"] == "question: What does Ann's cat eat? answer: salmon"
    assert (asked.fields["kind"], asked.fields["namespace"], asked.fields["tags"]) == ("fact", "q-7", ("question",))
    *_, longer = drafts(FORMAT, {**QUESTION, "answer": ["salmon"]}, "questions")
    assert longer.fields["content"] == "question: What does Ann's cat eat?"


def test_a_session_without_an_id_or_a_date_is_read():
    """Its first messages name it."""
    item = {name: value for name, value in QUESTION.items() if not name.endswith(("_ids", "_dates"))}
    found = drafts(FORMAT, item)
    assert len({one.fields["conversation"] for one in found}) == 2
    assert not any("created_at" in one.fields for one in found)


def test_broken_parts_are_faults():
    """With their fragments."""
    assert faults(FORMAT, {"question_id": "q"}) == [("haystack_sessions", "missing")]
    item = deepcopy(QUESTION)
    item["haystack_sessions"] = ["Hello", [{"role": "user"}, "Hello"], []]
    assert faults(FORMAT, item) == [
        ("haystack_sessions.0", "tuple_type"),
        ("haystack_sessions.1.0", "dict_type"),
        ("haystack_sessions.1.1", "dict_type"),
    ]
    assert LeftOut("empty_conversations") in read(FORMAT, item)
