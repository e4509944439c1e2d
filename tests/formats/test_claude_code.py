"""Sessions of Claude Code: what the two said is read, and all else is counted by its name."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from memproc.formats import claude_code
from memproc.formats.draft import LeftOut
from tests.formats.reading import draft, drafts, faults, read

FORMAT = claude_code.FORMAT
FIXTURE = Path(__file__).parents[2] / "fixtures" / "claude-code.jsonl"
LINES = [orjson.loads(line) for line in FIXTURE.read_bytes().splitlines()]


def test_a_message_has_its_session_its_id_and_its_time():
    """The folder, the branch and the model are in the metadata."""
    (found,) = drafts(FORMAT, LINES[2])
    assert found.is_identity
    assert found.fields == {
        "content": "I will look at the parser first.",
        "kind": "message",
        "id": "u2",
        "subject": "assistant",
        "conversation": "s-code",
        "created_at": "2025-07-01T09:00:05.000Z",
        "metadata": {"cwd": "/home/ann/parser", "git_branch": "main", "model": "a-model"},
    }


def test_what_the_two_did_not_say_is_counted_by_kind():
    """Line by line."""
    counted = [[part.kind for part in read(FORMAT, line) if isinstance(part, LeftOut)] for line in LINES]
    assert counted == [
        ["other"],
        [],
        ["thinking", "tool"],
        ["tool"],
        ["hidden"],
        ["commands"],
        ["sidechains"],
        ["summaries"],
        ["other"],
        ["other"],
    ]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (2, "thinking", "Look first."),
        (2, "tool", "Read\nparser.py"),
        (3, "tool", "def parse(): ..."),
        (6, "sidechains", "The subagent found nothing."),
    ],
)
def test_it_is_read_on_request(number, kind, text):
    """Blocks with their texts, whole lines as messages."""
    assert text in [one.fields["content"] for one in drafts(FORMAT, LINES[number], kind)]


def test_broken_lines_are_faults():
    """A message that is none, and a content that is none."""
    assert faults(FORMAT, {"type": "user", "uuid": "u", "message": "Hello"}) == [("message", "dict_type")]
    wrong = {"type": "user", "uuid": "u", "sessionId": "s", "message": {"role": "user", "content": {"text": "Hello"}}}
    assert faults(FORMAT, wrong) == [("message.content", "string_type")]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "user", "message": {"role": "user", "content": "Hello"}},
        {"type": "user", "uuid": "u", "sessionId": "s", "message": "Hello"},
        {"type": "summary", "summary": "Likes tea", "content": "Likes tea"},
        {"type": "note", "sessionId": "s", "content": "Likes tea"},
        {"type": "note", "content": "Likes tea"},
    ],
)
def test_other_lines_are_not_taken_for_it(item):
    """A type alone says nothing."""
    assert not FORMAT.matches(item, frozenset())


@pytest.mark.parametrize(
    "item",
    [
        {"type": "permission-mode", "permissionMode": "default", "sessionId": "s"},
        {"type": "new-kind", "uuid": "u", "parentUuid": None, "sessionId": "s", "content": "Loaded"},
    ],
)
def test_lines_of_a_kind_that_is_not_known_are_counted(item):
    """The program adds kinds; none makes the file one of another format."""
    assert FORMAT.matches(item, frozenset())
    assert read(FORMAT, item) == [LeftOut("other")]


def test_a_line_without_a_role_has_its_type():
    """As the speaker."""
    item = {"type": "user", "uuid": "u", "sessionId": "s", "message": {"content": "Hello"}}
    assert draft(FORMAT, **item).fields["subject"] == "user"
