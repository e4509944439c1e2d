"""The place of each item that is one message, or a whole conversation: which conversation it is, and the turn there.

An item is read by itself, and a message may hold neither. So they are told while the items pass, in the order of the file, also of
those that a resumed job passes over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Format
from memproc.records import is_mapping
from memproc.sources.decoding import item_of
from memproc.sources.items import Item, Piece, Place

MOST_CONVERSATIONS = 100_000  # whose messages are counted at once; of more, the one that was begun first is counted anew


def conversation_of(known: Format, sample: Sequence[Item], head: Mapping[str, Any], place: str) -> str | None:
    """Return the conversation that a source holds, None if in its format an item is not one message.

    `sample` are the first items, `place` is the path of the file without its suffix.
    """
    if known.talk_of is None:
        return None
    objects: list[Any] = [item.value for item in sample if is_mapping(item.value)]
    return messages.named(head, messages.TALK_IDS) or known.talk_of(objects, place)


def unnumbered(pieces: Iterator[Piece], conversation: str | None) -> Iterator[Piece]:
    """Return the items of a source that is no file, each with its place if it holds a conversation. No turn is told: a job that
    goes on in the middle could not count them.
    """
    if conversation is None:
        return pieces
    return (item._replace(place=item.place and item.place._replace(turn=None)) for item in placed(pieces, conversation, {}))


def with_places(pieces: Iterator[Piece], known: Format, conversation: str | None, head: Mapping[str, Any]) -> Iterator[Piece]:
    """Return the items of a source, each with its place if it holds a conversation, or several."""
    if known.made_ids is not None:
        return numbered(pieces, known.made_ids)
    return pieces if conversation is None else placed(pieces, conversation, head)


def numbered(pieces: Iterator[Piece], made_ids: Callable[[Any], Sequence[str]]) -> Iterator[Piece]:
    """Yield the items of some pieces, each with how many conversations before its own have the same id made for them."""
    counts: dict[str, int] = {}
    for piece in pieces:
        item = item_of(piece)
        before = []
        for made in made_ids(item.value) if isinstance(item.value, dict) else ():
            before.append(counts.get(made, 0))
            if not before[-1] and len(counts) >= MOST_CONVERSATIONS:
                del counts[next(iter(counts))]
            counts[made] = before[-1] + 1
        yield item._replace(place=Place(before=tuple(before))) if any(before) else item


def placed(pieces: Iterator[Piece], conversation: str, head: Mapping[str, Any]) -> Iterator[Item]:
    """Yield the items of some pieces, each with its place. `conversation` is for those that name none themselves, `head` what the
    file says before its list.
    """
    turns: dict[str, int] = {}
    short = {name: value for name, value in head.items() if messages.is_short(value)}
    for piece in pieces:
        item = item_of(piece)
        value: Any = item.value
        found = (messages.named(value, messages.CONVERSATIONS) if is_mapping(value) else None) or conversation
        turn = turns.get(found, 0)
        if not turn and len(turns) >= MOST_CONVERSATIONS:
            del turns[next(iter(turns))]
        turns[found] = turn + 1
        yield item._replace(place=Place(found, turn, short))
