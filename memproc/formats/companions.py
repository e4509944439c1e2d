"""Files that lie beside the conversations in an export of ChatGPT or Claude, and hold no memories.

Rules: such a file is told by what is in it or by its name, and where a format reads its objects, only by both: a file of memories
that looks a little like one is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats.draft import Context, Format, Item, LeftOut, Part, told_elsewhere

_MARKS: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset(("email", "chatgpt_plus_user")), "the account of ChatGPT"),
    (frozenset(("conversation_id", "is_anonymous")), "the conversations of ChatGPT that were shared"),
    (frozenset(("conversation_id", "rating", "user_id")), "ratings of answers of ChatGPT"),
    (frozenset(("conversation_id", "evaluation_name")), "ratings of answers of ChatGPT"),
    (frozenset(("uuid", "full_name", "email_address")), "the account of Claude"),
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
    "users": "the account of Claude",
}


def companion_of(stem: str, objects: Sequence[Any], *, is_known: bool) -> str | None:
    """Return what a file of an export holds that is no file of memories; None if it may be one.

    `stem` is its name without the suffix, `objects` are its first ones. `is_known`: some format reads them.
    """
    told = next((what for marks, what in _MARKS if objects and all(marks <= one.keys() for one in objects)), None)
    named = _NAMES.get(stem.lower())
    return (named if told else None) if is_known else told or (named if objects else None)


def _read(_item: Item, _context: Context) -> Iterator[Part]:
    yield LeftOut("companions")


FORMAT = Format(
    name="companion",
    about="files beside the conversations in an export of ChatGPT or Claude, such as user.json: named and skipped",
    matches=told_elsewhere,
    read=_read,
)
