"""Sessions of Codex: what the two said is read, in the session that the first line names."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from memproc.formats import codex
from memproc.formats.draft import Context, Draft, LeftOut
from memproc.sources.items import Place
from tests.formats.reading import draft, drafts, faults, left_out, read

FORMAT = codex.FORMAT
FIXTURE = Path(__file__).parents[2] / "fixtures" / "codex.jsonl"
LINES = [orjson.loads(line) for line in FIXTURE.read_bytes().splitlines()]


def test_a_message_is_an_event_of_the_session():
    """Under its turn, as few have an id."""
    assert FORMAT.talk_of is not None
    place = Place(FORMAT.talk_of(LINES, ""), 3)
    (found,) = FORMAT.read(LINES[3], Context(place=place))
    assert isinstance(found, Draft)
    assert found.fields["content"] == "The colour of the site is green."
    assert (found.fields["subject"], found.fields["conversation"]) == ("user", "rollout-1")
    assert found.fields["id"].startswith("3-")
    assert found.is_identity
    own = {**LINES[3], "payload": {**LINES[3]["payload"], "id": "m1"}}
    assert draft(FORMAT, **own).fields["id"] == "m1"


def test_without_its_first_line_what_was_said_names_the_session():
    """A file that was cut."""
    assert FORMAT.talk_of is not None
    assert FORMAT.talk_of(LINES[1:], "").startswith("chat-")


def test_everything_else_is_counted_by_kind():
    """Line by line: events repeat messages."""
    counted = [[part.kind for part in read(FORMAT, line) if isinstance(part, LeftOut)] for line in LINES]
    assert counted == [["other"], ["system"], ["hidden"], [], ["other"], ["thinking"], ["tool"], ["tool"], []]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [(5, "thinking", "Look for the style sheet."), (6, "tool", 'shell\n{"command": ["ls"]}'), (7, "tool", "style.css")],
)
def test_it_is_read_on_request(number, kind, text):
    """As what the assistant did."""
    (found,) = drafts(FORMAT, LINES[number], kind)
    assert (found.fields["subject"], found.fields["content"]) == ("assistant", text)


def test_broken_lines_are_faults():
    """A payload that is none, and a content that is none."""
    assert faults(FORMAT, {"type": "response_item", "payload": "Hello"}) == [("payload", "dict_type")]
    wrong = {"type": "response_item", "payload": {"type": "message", "role": "user", "content": 5}}
    assert faults(FORMAT, wrong) == [("payload.content", "string_type")]
    assert left_out(FORMAT, {"type": "response_item", "payload": {"type": "ghost_snapshot"}}) == {"other_parts": 1}
