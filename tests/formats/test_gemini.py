"""The activity of Gemini is read as prompts and answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

from memproc.formats.gemini import FORMAT, text_of_html
from tests.formats.reading import drafts, faults, left_out

DONE = orjson.loads((Path(__file__).parents[2] / "fixtures" / "gemini.json").read_bytes())


def test_a_prompt_and_its_answer_are_two_events() -> None:
    """Without the word before the prompt and without markup; they have no id, for the file has none."""
    asked, answered = drafts(FORMAT, DONE[0])
    assert asked.fields == {
        "content": "Which tea keeps me awake least?",
        "kind": "message",
        "subject": "user",
        "created_at": "2026-03-04T05:06:07.890Z",
        "metadata": {"attachedFiles": ["shelf.jpg"]},
    }
    assert answered.fields["content"] == "Try rooibos & mint:\nno caffeine\nno sugar"
    assert answered.fields["subject"] == "assistant"
    assert not asked.is_identity


def test_the_word_before_a_prompt_is_in_the_language_of_the_account() -> None:
    """An empty answer is counted."""
    assert [draft.fields["content"] for draft in drafts(FORMAT, DONE[1])] == ["Ich ziehe nach Faro", "Wie schön!"]
    assert left_out(FORMAT, DONE[1]) == {"empty": 1}


def test_an_activity_without_an_answer_is_read_on_request() -> None:
    """It may be a prompt whose answer was deleted, and is mostly none."""
    assert left_out(FORMAT, DONE[2]) == {"activities": 1}
    assert [draft.fields["content"] for draft in drafts(FORMAT, DONE[2], "activities")] == ["Used an Assistant feature"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("plain", "plain"),
        ("<p>one<br>two</p>", "one\ntwo"),
        ("<style>p {}</style><p>one</p><script>x</script>", "one"),
        ("<p>a &lt; b<p", "a < b<p"),
        ("</p></style>", ""),
    ],
)
def test_html_loses_its_markup(html: str, text: str) -> None:
    """Also where it is broken."""
    assert text_of_html(html) == text


@pytest.mark.parametrize(
    ("item", "fault"),
    [
        ({}, ("title", "missing")),
        ({"title": "x", "safeHtmlItem": ["x"]}, ("safeHtmlItem.0.html", "string_type")),
    ],
)
def test_what_cannot_be_read_is_broken(item: dict[str, Any], fault: tuple[str, str]) -> None:
    """The fault names the place."""
    assert faults(FORMAT, item) == [fault]


def test_another_product_is_none_of_its() -> None:
    """Takeout has such a file for each product."""
    assert not FORMAT.matches({"header": "YouTube", "title": "Watched", "time": "2026", "products": ["YouTube"]}, frozenset())
