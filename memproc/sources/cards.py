"""The activities in the HTML of Google's "My Activity": each is a card, `{"activity": html}`.

Rules: such HTML is told by its first card, which stands behind a long style sheet, and not by the name of the file, which is in the
language of the account. Other HTML holds no cards. What is behind a card belongs to it, up to the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO

from memproc.sources.items import Item
from memproc.sources.streams import from_start
from memproc.sources.texts import text_item

_STARTS = (b"<!doctype html", b"<html")
_CARD = b'<div class="outer-cell'
_LONGEST_HEAD_BYTES = 1 << 22  # before the first card
_READ_BYTES = 1 << 16


def maybe_cards(stream: IO[bytes], start: bytes, limit_bytes: int) -> tuple[Iterator[Item] | None, IO[bytes]]:
    """Return the cards of a text that begins with `start`, None if it holds none, and the stream to go on with."""
    if not start.lstrip().lower().startswith(_STARTS):
        return None, stream
    head = bytearray()
    while len(head) < _LONGEST_HEAD_BYTES and (piece := stream.read(_READ_BYTES)):
        head += piece
        if _CARD in head[-_READ_BYTES - len(_CARD) :]:
            break
    at = head.find(_CARD)
    stream = from_start(bytes(head), stream)
    return (None if at < 0 else _cards(stream, limit_bytes)), stream


def _cards(stream: IO[bytes], limit_bytes: int) -> Iterator[Item]:
    """Yield the cards. Of one that is longer than a record may be, the middle is left out."""
    held, at = bytearray(), 0  # the card at hand, and from where on the next has to be looked for
    while piece := stream.read(_READ_BYTES):
        held += piece
        while (found := held.find(_CARD, at)) >= 0:
            if held.startswith(_CARD):
                yield _card(held[:found], limit_bytes)
            del held[:found]
            at = len(_CARD)
        at = max(at, len(held) - len(_CARD) + 1)
        if len(held) > limit_bytes + 2 * len(_CARD):
            del held[limit_bytes + 1 : -len(_CARD)]
            at = limit_bytes + 1
    if held.startswith(_CARD):
        yield _card(held, limit_bytes)


def _card(raw: bytearray, limit_bytes: int) -> Item:
    return text_item({"activity": raw.decode("utf-8", "surrogateescape")}, limit_bytes)
