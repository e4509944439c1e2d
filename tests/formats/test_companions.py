"""What lies beside the conversations of an export is named and skipped, and nothing that may be a memory is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import pytest

import memproc
from memproc.formats.companions import companion_of

CHAT = Path(__file__).parents[2] / "fixtures" / "chatgpt.json"
USER = {"id": "user-x", "email": "dana@example.org", "chatgpt_plus_user": True}
RATING = {"id": "f", "conversation_id": "c", "user_id": "u", "rating": "thumbs_down", "content": "{}"}


@pytest.mark.parametrize(
    ("stem", "one", "is_known", "is_companion"),
    [
        ("user", USER, False, True),
        ("renamed", USER, False, True),
        ("Sora", {"anything": 1}, False, True),
        ("message_feedback", RATING, True, True),
        ("chats", RATING, True, False),
        ("users", {"content": "Ann rows"}, True, False),
        ("users", {"uuid": "a", "full_name": "Dana", "email_address": "dana@example.org"}, False, True),
        ("users", {"id": "U1", "team_id": "T1", "name": "ann", "profile": {"real_name": "Ann"}}, False, True),
        ("channels", {"id": "C1", "name": "choir", "created": 1742500000, "creator": "U1", "members": []}, False, True),
        ("channels", {"id": "C1", "name": "choir"}, False, False),
        ("facts", {"anything": 1}, False, False),
    ],
)
def test_a_companion_is_told(stem: str, one: dict[str, Any], *, is_known: bool, is_companion: bool) -> None:
    """By what it holds or by its name, and by both where a format reads it."""
    assert (companion_of(stem, [one], is_known=is_known) is not None) is is_companion


def test_a_list_without_objects_is_no_companion() -> None:
    """Its name alone says nothing."""
    assert companion_of("user", [], is_known=False) is None


def write(path: Path, value: object) -> Path:
    """Write a JSON file."""
    path.write_bytes(orjson.dumps(value))
    return path


def test_companions_are_skipped_and_named(tmp_path: Path) -> None:
    """Whatever is said to include, all else is read, and read again it is the same."""
    files = [write(tmp_path / "user.json", USER), CHAT, write(tmp_path / "message_feedback.json", [RATING])]
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(files, store, include=["side_branches"])
        alone = memproc.ingest(CHAT, store, include=["side_branches"])
        assert (report.read, report.stored, report.left_out["companions"]) == (alone.read, store.count(), 2)
        assert "user.json holds the account of ChatGPT" in report.notes
        assert alone.stored == 0


def test_companions_alone_are_refused_by_name(tmp_path: Path) -> None:
    """There is nothing to read."""
    with pytest.raises(memproc.UsageError, match=r"^user\.json holds the account of ChatGPT, and no memories: "):
        memproc.ingest(write(tmp_path / "user.json", USER), tmp_path / "m.db")


def test_conversations_in_an_object_are_read(tmp_path: Path) -> None:
    """The list may be wrapped."""
    wrapped = write(tmp_path / "wrapped.json", {"conversations": orjson.loads(CHAT.read_bytes())})
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(wrapped, store).format == "chatgpt"
        assert memproc.ingest(CHAT, store).stored == 0


def test_the_users_of_slack_are_not_called_an_account_of_claude():
    """A file is called by what is in it, where that is known."""
    assert companion_of("users", [{"id": "U1", "team_id": "T1", "profile": {}}], is_known=False) == "the users of Slack"
    assert companion_of("users", [{"anything": 1}], is_known=False) == "a list of users"
