"""Slack's export: messages of their users, in the conversation of the channel."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import orjson
import pytest

import memproc
from memproc import Store
from memproc.formats import slack
from tests.formats.reading import draft, faults, left_out

FORMAT = slack.FORMAT
FIXTURE = Path(__file__).parents[2] / "fixtures" / "slack.json"
FIRST, ANSWER, JOIN, BOT, FILE = orjson.loads(FIXTURE.read_bytes())


def test_a_message_is_an_event_under_its_stamp():
    """The thread and the author's name are in the metadata."""
    assert draft(FORMAT, **FIRST).fields["metadata"]["user_name"] == "Ann Lee"
    fields = draft(FORMAT, **ANSWER).fields
    assert (fields["id"], fields["subject"], fields["content"]) == ("1700000060.000200", "U02", "I do")
    assert (fields["created_at"], fields["updated_at"]) == ("1700000060.000200", "1700000070.000000")
    assert fields["metadata"]["thread_ts"] == "1700000000.000100"
    assert draft(FORMAT, **BOT).fields["subject"] == "weather"


def test_what_the_service_says_is_counted():
    """Joins, and messages of only files."""
    assert left_out(FORMAT, JOIN) == {"service": 1}
    assert left_out(FORMAT, FILE) == {"media": 1}
    assert left_out(FORMAT, {"type": "team_join"}) == {"service": 1}
    assert faults(FORMAT, {"type": "message", "user": "U01", "ts": "1700000000.000100"}) == [("text", "missing")]


def test_the_days_of_a_channel_are_one_conversation(tmp_path):
    """Named after the folder; another channel is another."""
    days = [
        tmp_path / "garden" / "2023-11-14.json",
        tmp_path / "garden" / "2023-11-15.json",
        tmp_path / "house" / "2023-11-14.json",
    ]
    for day in days:
        day.parent.mkdir(exist_ok=True)
        copy(FIXTURE, day)
    with Store(tmp_path / "m.db") as store:
        memproc.ingest(days, store)
        assert sorted(one.conversation or "" for one in store.find(limit=10)) == ["garden"] * 3 + ["house"] * 3


@pytest.mark.parametrize(
    "item",
    [
        {"type": "message", "user": "ann", "text": "Likes tea"},
        {"type": "message", "user": "ann", "text": "Likes tea", "ts": "yesterday"},
        {"type": "message", "text": "Likes tea", "ts": "1700000000.000100"},
        {"type": "note", "user": "ann", "text": "Likes tea", "ts": "1700000000.000100"},
    ],
)
def test_other_records_are_not_taken_for_it(item):
    """Without the stamp, the author or the type."""
    assert not FORMAT.matches(item, frozenset())
