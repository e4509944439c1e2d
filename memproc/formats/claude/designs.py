"""What the chats of Claude's designs say in another place than other conversations.

Facts: the `content` of a message is an object with the words in `contentBlocks` or in a `content` of its own, and the author's
account and name. The conversation names its `project`.
"""

from __future__ import annotations

from typing import Any

from memproc.formats.draft import without_nones

_MOVED = frozenset(("id", "role", "content", "contentBlocks", "timestamp", "authorAccountUuid", "authorName"))


def unfolded(message: dict[str, Any]) -> dict[str, Any]:
    """Return a message with its words where other conversations have them; any other message unchanged."""
    inner = message.get("content")
    if not isinstance(inner, dict) or ("contentBlocks" not in inner and "content" not in inner):
        return message
    blocks = inner.get("contentBlocks")
    words = {"content": inner.get("content") if blocks in (None, []) else blocks, "text": inner.get("content")}
    rest = {name: value for name, value in inner.items() if name not in _MOVED}
    return {**rest, **message, **words, **without_nones({"author_name": inner.get("authorName")})}


def author_of(message: object) -> object:
    """Return the account of the author of a message, or None."""
    inner = message.get("content") if isinstance(message, dict) else None
    return inner.get("authorAccountUuid") if isinstance(inner, dict) else None


def project_of(given: object) -> dict[str, Any]:
    """Return what metadata say of a project: its uuid, and its name."""
    if not isinstance(given, dict):
        return {}
    return without_nones({"project": given.get("uuid"), "project_name": given.get("name")})
