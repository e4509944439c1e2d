"""Chats of SillyTavern: who is named speaks, in the conversation of the head."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from memproc.formats import sillytavern
from memproc.formats.draft import Context, Draft, LeftOut
from memproc.sources.items import Place
from memproc.times import parse_time
from tests.formats.reading import draft, drafts, faults, left_out, read

FORMAT = sillytavern.FORMAT
FIXTURE = Path(__file__).parents[2] / "fixtures" / "sillytavern.jsonl"
HEAD, WELCOME, *OTHERS = (orjson.loads(line) for line in FIXTURE.read_bytes().splitlines())


def test_the_head_names_the_conversation():
    """The two, and the day that it began."""
    assert FORMAT.talk_of is not None
    talk = FORMAT.talk_of([HEAD, WELCOME], "")
    assert talk == "Ann / Mira / 2024-5-1@10h00m00s"
    assert read(FORMAT, HEAD) == [LeftOut("head_lines")]
    *_, found = FORMAT.read(OTHERS[0], Context(place=Place(talk, 2)))
    assert isinstance(found, Draft)
    assert (found.fields["subject"], found.fields["content"]) == ("Ann", "I look for my brother.")
    assert found.fields["conversation"] == talk
    assert FORMAT.talk_of([WELCOME], "").startswith("chat-")


def test_what_was_not_shown_is_counted():
    """Other answers, thoughts, and what the program says."""
    assert left_out(FORMAT, WELCOME) == {"swipes": 1, "thinking": 1}
    assert left_out(FORMAT, OTHERS[1]) == {"system": 1}
    assert [one.fields["content"] for one in drafts(FORMAT, WELCOME, "thinking")] == ["Welcome to the inn.", "A guest."]
    assert [one.fields["content"] for one in drafts(FORMAT, OTHERS[1], "system")] == ["The chat was saved."]


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        ("May 1, 2024 12:05am", "2024-05-01T00:05:00+00:00"),
        ("September 30, 2023 12:10pm", "2023-09-30T12:10:00+00:00"),
        ("2024-5-1 @10h 3m 59s 120ms", "2024-05-01T10:03:59+00:00"),
        ("2024-05-01T12:03:00.000Z", "2024-05-01T12:03:00+00:00"),
        (1714557780000, "2024-05-01T10:03:00+00:00"),
    ],
)
def test_its_dates_are_read(told, read_as):
    """In each of their forms; the text of those that need reading is kept."""
    found = draft(FORMAT, name="Ann", is_user=True, mes="Hello", send_date=told)
    moment = parse_time(found.fields["created_at"])
    assert moment is not None
    assert moment.isoformat() == read_as
    assert (found.fields["metadata"].get("created_at_raw") == told) == (isinstance(told, str) and "T" not in told)


def test_broken_lines_are_faults():
    """A line without its text; without a name the speaker is the user or the other."""
    assert faults(FORMAT, {"name": "Ann", "is_user": True}) == [("mes", "missing")]
    assert faults(FORMAT, {"name": "Ann", "is_user": True, "mes": 5}) == [("content", "string_type")]
    assert draft(FORMAT, name="", is_user=False, mes="Hello").fields["subject"] == "assistant"
    assert not FORMAT.matches({"name": "Ann", "text": "Hello", "is_user": True}, frozenset())
