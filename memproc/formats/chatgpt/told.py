"""What a hidden message tells ChatGPT of the user: custom instructions and saved memories.

Facts: custom instructions are in `metadata.user_context_message_data` of a hidden message with empty parts, in some exports in a
`user_editable_context`, where older ones wrap them in words of OpenAI's. The saved memories that a conversation began with are in
the `model_set_context` of a `model_editable_context`: numbered, each with its date in brackets.

Rules: the wrapping is no part of an instruction, so that both forms are one memory. A saved memory is known by its text alone: it
is repeated in many conversations, and belongs to none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.chatgpt.branches import moment
from memproc.values import is_empty

SPEAKS_OF = {
    "about_user_message": "user",
    "about_model_message": "assistant",
    "user_profile": "user",
    "user_instructions": "assistant",
}
_WRAPPER = "The user provided the "
_FENCE = "```"
_NUMBERED = re.compile(r"^[ \t]*\d{1,5}\.[ \t]+(?=\[)", re.MULTILINE)
_DATED = re.compile(r"\[([^\]\n]{1,40})\](?:\.| -)?[ \t]*")
_UNDATED = "unknown"


def instructions_of(message: Mapping[str, Any]) -> dict[str, Any]:
    """Return the custom instructions in a message by their names."""
    content = message.get("content") or {}
    given = (message.get("metadata") or {}).get("user_context_message_data")
    if not isinstance(given, dict):
        given = content if content.get("content_type") == "user_editable_context" else {}
    return {name: _unwrapped(given[name]) for name in SPEAKS_OF if not is_empty(given.get(name))}


def _unwrapped(text: object) -> object:
    r"""Return an instruction without the words of OpenAI's around it.

    >>> _unwrapped("The user provided the additional info about how they would like you to respond:\n```Be brief.```")
    'Be brief.'
    """
    if not isinstance(text, str) or not text.startswith(_WRAPPER):
        return text
    inner = text.rstrip().removesuffix(_FENCE).partition(_FENCE)[2].strip()
    return inner or text


def saved_memories(message: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """Return the saved memories that a message lists: texts and dates."""
    content = message.get("content") or {}
    listed = content.get("model_set_context")
    return [dated(text) for text in _entries(listed)] if isinstance(listed, str) else []


def _entries(listed: str) -> Iterator[str]:
    """Yield the entries of a numbered list, of which each may have several lines; all of it if nothing is numbered."""
    yield from (text for part in _NUMBERED.split(listed) if (text := part.strip()))


def dated(entry: str) -> tuple[str, str | None]:
    """Return the text of a saved memory and its date. What stands in the brackets and is no date stays in the text.

    >>> dated("[2025-01-02]. Rows on Sundays"), dated("[unknown] - Rows"), dated("[sic] rows")
    (('Rows on Sundays', '2025-01-02'), ('Rows', None), ('[sic] rows', None))
    """
    found = _DATED.match(entry)
    text = entry[found.end() :] if found else ""
    if found is None or not text:
        return entry, None
    if moment(found[1]) is not None:
        return text, found[1]
    return (text, None) if found[1].strip().lower() == _UNDATED else (entry, None)
