"""Which messages of a Claude conversation are no longer shown.

Facts: messages name their `parent_message_uuid`; the first of a conversation name one that is not in the list, a row of zeros. An
edited prompt or another answer has the parent of what it replaces, and the list holds both. What is shown ends with
`current_leaf_message_uuid` where that is given, and with the last of the list otherwise.

Rules: a conversation in which a message has no parent has no branches. A parent that was taken out of the list (not that of the
first message) is replaced by the message before.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def side_branches(messages: Sequence[Any], leaf: object) -> frozenset[int]:
    """Return the numbers of the messages that are not between the first and the one that is shown last."""
    kept = {number: message for number, message in enumerate(messages) if isinstance(message, dict)}
    parents = {number: message.get("parent_message_uuid") for number, message in kept.items()}
    if not all(isinstance(parent, str) for parent in parents.values()) or not kept:
        return frozenset()
    numbers = {message["uuid"]: number for number, message in kept.items() if isinstance(message.get("uuid"), str)}
    first = parents[min(kept)]
    above = {
        number: numbers.get(parent, None if parent == first else previous)
        for (number, parent), previous in zip(parents.items(), (None, *kept), strict=False)
    }
    at: int | None = numbers.get(leaf, max(kept)) if isinstance(leaf, str) else max(kept)
    shown: set[int] = set()
    while at is not None and at not in shown:
        shown.add(at)
        at = above[at]
    return frozenset(kept) - shown
