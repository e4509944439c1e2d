"""Files that hold no memories: beside the conversations in an export of ChatGPT, Claude or Slack, or beside the notes of a folder.

Rules: such a file is told by what is in it or by its name, and where a format reads its objects, only by both: a file of memories
that looks a little like one is read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats.draft import Context, Format, Item, LeftOut, Part, told_elsewhere

_MARKS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(("email", "chatgpt_plus_user")), "the account of ChatGPT"),
    (frozenset(("conversation_id", "is_anonymous")), "the conversations of ChatGPT that were shared"),
    (frozenset(("conversation_id", "rating", "user_id")), "ratings of answers of ChatGPT"),
    (frozenset(("conversation_id", "evaluation_name")), "ratings of answers of ChatGPT"),
    (frozenset(("uuid", "full_name", "email_address")), "the account of Claude"),
    (frozenset(("id", "team_id", "profile")), "the users of Slack"),
    (frozenset(("id", "created", "creator", "members")), "the channels of Slack"),
)
_NAMES = {
    "ads": "advertisements that ChatGPT showed",
    "conversation_asset_file_names": "names of files of ChatGPT",
    "export_manifest": "the list of an export of ChatGPT",
    "group_chats": "group chats of ChatGPT",
    "library_files": "the list of files of ChatGPT",
    "message_feedback": "ratings of answers of ChatGPT",
    "model_comparisons": "ratings of answers of ChatGPT",
    "shared_conversations": "the conversations of ChatGPT that were shared",
    "shopping": "what ChatGPT noted of shopping",
    "sora": "what was made with Sora",
    "user": "the account of ChatGPT",
    "user_settings": "the settings of ChatGPT",
    "users": "a list of users",
}


_LINK = re.compile(r"\[[^\]\n]{1,300}\]\([^()\s]{1,500}\)")
_OF_DAY = re.compile(r"(?:.* > )?\d{4}-\d\d-\d\d\b.*")


def companion_of(stem: str, objects: Sequence[Any], *, is_known: bool) -> str | None:
    """Return what a file of an export holds that is no file of memories; None if it may be one.

    `stem` is its name without the suffix, `objects` are its first ones. `is_known`: some format reads them.
    """
    told = next((what for marks, what in _MARKS if objects and all(marks <= one.keys() for one in objects)), None)
    named = _NAMES.get(stem.lower())
    told_of_notes = _of_notes(stem.lower(), objects)
    if told_of_notes is not None:
        return told_of_notes
    return (named if told else None) if is_known else told or (named if objects else None)


def _of_notes(stem: str, objects: Sequence[Any]) -> str | None:
    """Return what a list of texts beside notes holds that says nothing itself: links to all of them, or what was changed when."""
    texts = [(one.get("bullet", one.get("paragraph")), one.get("section")) for one in objects if "heading" not in one]
    if stem in ("index", "memory") and texts and all(isinstance(text, str) and _LINK.match(text) for text, _ in texts):
        return "the index of a folder of notes"
    if stem == "log" and texts and all(isinstance(section, str) and _OF_DAY.fullmatch(section) for _, section in texts):
        return "the log of a folder of notes"
    return None


def _read(_item: Item, _context: Context) -> Iterator[Part]:
    yield LeftOut("companions")


FORMAT = Format(
    name="companion",
    about="files beside an export of ChatGPT, Claude or Slack, such as user.json, and indexes of notes: named and skipped",
    matches=told_elsewhere,
    read=_read,
)
