"""LoCoMo is read in both layouts, to the last turn."""

from __future__ import annotations

import os
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.draft import Broken, Draft
from memproc.formats.locomo import FORMAT
from tests.formats import reading

ROOT = Path(__file__).parents[2]
SAMPLE = orjson.loads((ROOT / "fixtures" / "locomo.json").read_bytes())[0]
ON_REQUEST = {"summaries": 2, "events": 2, "questions": 3}


read, drafts, left_out = (partial(each, FORMAT) for each in (reading.read, reading.drafts, reading.left_out))


def flat(sample: dict[str, Any]) -> dict[str, Any]:
    """Give a sample in the layout of the released zip."""
    sections = ("conversation", "observation", "session_summary", "event_summary")
    return {name: value for section in sections for name, value in sample[section].items()} | {"qa": sample["qa"]}


def without(draft: Draft, name: str) -> dict[str, Any]:
    """Give the fields but for one."""
    return {field: value for field, value in draft.fields.items() if field != name}


def test_a_turn_is_a_message_of_its_session() -> None:
    """The text of its time is kept, as no zone is given."""
    turn = drafts(SAMPLE)[0]
    assert turn.is_identity
    assert turn.raw == SAMPLE["conversation"]["session_1"][0]
    assert turn.fields == {
        "namespace": "talk-1",
        "conversation": "session_1",
        "created_at": "1:56 pm on 8 May, 2023",
        "content": "I adopted a hedgehog!",
        "kind": "message",
        "subject": "Ines",
        "id": "D1:1",
        "metadata": {"created_at_raw": "1:56 pm on 8 May, 2023"},
    }


def test_an_image_without_words_is_its_caption() -> None:
    """The metadata say so, and hold what else there is."""
    fields = drafts(SAMPLE)[2].fields
    assert fields["content"] == "a photo of a hedgehog on a scarf"
    assert fields["metadata"]["content_from"] == "blip_caption"
    assert set(fields["metadata"]) == {"content_from", "blip_caption", "img_url", "query", "re-download", "created_at_raw"}


def test_an_image_with_words_keeps_its_caption_aside() -> None:
    """The words are what was said."""
    fields = drafts(SAMPLE)[3].fields
    assert (fields["content"], fields["metadata"]["blip_caption"]) == ("Look at mine", "a photo of a tortoise")


def test_an_observation_is_a_fact_about_turns() -> None:
    """The turn ids in it are references: they make no identity."""
    facts = [draft for draft in drafts(SAMPLE) if draft.fields["kind"] == "fact"]
    assert [[relation["target"] for relation in fact.fields["relations"]] for fact in facts] == [
        ["D1:1"],
        ["D1:1", "D1:3"],
        ["D1:4"],
        ["D2:1", "D"],
    ]
    assert not any(fact.is_identity or "id" in fact.fields for fact in facts)
    assert (facts[3].fields["subject"], facts[3].fields["conversation"]) == ("Tomas", "session_2")


@pytest.mark.parametrize(("item", "namespace"), [(SAMPLE, "talk-1"), (flat(SAMPLE), "Ines & Tomas")])
def test_both_layouts_say_the_same(item: dict[str, Any], namespace: str) -> None:
    """Without an id a sample is named after its speakers."""
    assert FORMAT.matches(item, frozenset())
    assert [without(draft, "namespace") for draft in drafts(item, *ON_REQUEST)] == [
        without(draft, "namespace") for draft in drafts(SAMPLE, *ON_REQUEST)
    ]
    assert {draft.fields["namespace"] for draft in drafts(item, *ON_REQUEST)} == {namespace}


@pytest.mark.parametrize("item", [SAMPLE, flat(SAMPLE)])
def test_what_is_left_out_is_counted(item: dict[str, Any]) -> None:
    """An empty turn, a date without its session, and what is read on request."""
    assert left_out(item) == {"empty": 1, "dates_without_session": 1, **ON_REQUEST}


@pytest.mark.parametrize(
    ("kind", "texts"),
    [
        ("summaries", ["Ines and Tomas spoke of their animals.", "Tomas will learn pottery."]),
        ("events", ["Ines adopts a hedgehog.", "Tomas enrols in a pottery course."]),
        (
            "questions",
            [
                "question: What animal did Ines adopt? answer: a hedgehog",
                "question: When did Tomas start pottery? answer: 2023",
                "question: What instrument does Ines play?",
            ],
        ),
    ],
)
def test_what_is_left_out_is_read_on_request(kind: str, texts: list[str]) -> None:
    """As facts with a tag of their own."""
    usual = drafts(SAMPLE)
    more = [draft for draft in drafts(SAMPLE, kind) if draft not in usual]
    assert [draft.fields["content"] for draft in more] == texts
    assert {draft.fields["tags"] for draft in more} == {
        ({"summaries": "summary", "events": "event-summary"}.get(kind, "question"),)
    }
    assert kind not in left_out(SAMPLE, kind)


@pytest.mark.parametrize(
    ("item", "path", "code"),
    [
        ({}, "conversation", "missing"),
        ({"conversation": {"session_1": 7}}, "session_1", "tuple_type"),
        ({"conversation": {"session_1": ["hi"]}}, "session_1.0", "dict_type"),
        ({"session_1": [], "observation": 7}, "observation", "dict_type"),
        ({"session_1": [], "session_1_observation": []}, "session_1_observation", "dict_type"),
        ({"session_1": [], "session_1_observation": {"Ines": [[]]}}, "session_1_observation.Ines.0", "string_type"),
        (
            {"session_1": [], "observation": {"session_1_observation": {"Ines": 7}}},
            "observation.session_1_observation.Ines.0",
            "string_type",
        ),
    ],
)
def test_what_cannot_be_read_is_broken(item: dict[str, Any], path: str, code: str) -> None:
    """The fault names the place."""
    (fault,) = [part.fault for part in read(item) if isinstance(part, Broken)]
    assert (fault.path, fault.code) == (path, code)


def test_names_that_are_not_known_are_counted() -> None:
    """Nothing vanishes."""
    assert left_out({"session_1": [], "session_1_facts": {}, "conversation": 7}) == {
        "empty_sessions": 1,
        "unknown_fields": 2,
    }
    assert left_out({"conversation": {"session_1": [{}], "session_1_observation": {}}}) == {"empty": 1, "unknown_fields": 1}


@pytest.mark.costly
def test_all_of_locomo10_is_read() -> None:
    """5,882 turns and 2,541 observations, each valid, each turn an identity of its own."""
    data = Path(os.environ.get("MEMPROC_DATA", ROOT.parent / "shared" / "data")) / "locomo10.json"
    if not data.exists():
        pytest.skip(f"LoCoMo is not here: put locomo10.json at {data}, or name its folder in MEMPROC_DATA")
    samples = orjson.loads(data.read_bytes())
    found = [draft for sample in samples for draft in drafts(sample)]
    assert Counter(draft.fields["kind"] for draft in found) == {"message": 5882, "fact": 2541}
    assert len({(draft.fields["namespace"], draft.fields["id"]) for draft in found if draft.is_identity}) == 5882
    assert sum((Counter(left_out(sample)) for sample in samples), Counter()) == {
        "dates_without_session": 16,
        "summaries": 272,
        "events": 669,
        "questions": 1986,
    }


@pytest.mark.parametrize("section", ["conversation", "observation", "session_summary", "event_summary"])
def test_a_name_that_is_no_text_is_passed(section):
    """An iterable may hold what is no JSON; what stands under the name is counted or told, and no reader breaks."""
    for name in (1, None, ("session_1",)):
        strange = {**SAMPLE, section: {**SAMPLE[section], name: "odd"}, name: "odd"}
        before, found = (Counter(map(type, read(item, *ON_REQUEST))) for item in (SAMPLE, strange))
        assert FORMAT.matches(strange, frozenset())
        assert found[Draft] >= before[Draft]
        assert left_out(strange, *ON_REQUEST)["unknown_fields"] >= 1
