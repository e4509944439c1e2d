"""The records of an answer that is one JSON value: the elements of a list in it.

Rules: a page is whole or it is asked for again: JSON that cannot be read has broken off. The list is the answer itself or stands at
the path that the caller names; it is not guessed. Each record keeps the bytes that the server sent.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import blake2b
from typing import Any

import orjson

from memproc.errors import OversizedError, SourceEndedError
from memproc.sources.decoding import decode
from memproc.sources.elements import array_elements, list_at
from memproc.sources.items import Item
from memproc.sources.rest.client import Body
from memproc.sources.rest.paging import MISSING, Answer, name_shown, names_in, value_at
from memproc.sources.rest.retrying import PassingError
from memproc.sources.sniffing import BOM
from memproc.validation import in_one_line

MAY_BE_JSON = ("json", "javascript", "plain", "octet-stream")
MOST_OBJECTS, MOST_VALUES = 2_000_000, 5_000_000  # in an answer, each of which takes many times its bytes
SHOWN_BYTES, START_CHARS = 400, 60  # of an answer that is something else


class Page:
    """A page that was received whole: its records, as often as they are asked for, and what it answers."""

    def __init__(self, body: Body, raw: bytes, records: str | None, *, hide: Callable[[str], str] = str) -> None:
        """Read the bytes of a body; `hide` takes secrets out of what messages show. Raises PassingError if they broke off,
        SourceEndedError if there is no list where it should be, OversizedError if they hold too much.
        """
        self._body, self._raw, self._records, self._hide = body, raw.removeprefix(BOM), records, hide
        self._count = 0
        self.digest = blake2b(raw, digest_size=8).digest()
        self.unread = Counter[str]()  # objects in other lists, by name
        self._value: Any = self._read()
        self._check_list()

    def items(self, passed: int = 0) -> Iterator[tuple[int, Item]]:
        """Yield the records behind so many, with their numbers from 1."""
        found = self._elements()
        self._count = len(found)
        for number, raw in enumerate(found[passed:], passed + 1):
            yield number, decode(raw)

    def answer(self) -> Answer:
        """Return what the page says of the next one, after its records were read."""
        return Answer(self._body.url, self._value, self._body.next_link, self._count, self._hide)

    def place_of(self, kept: str, at: int) -> int:
        """Return how many records stand up to the one of a hash: at its old place, or where it is first. 0 if it is not there."""
        hashes = [hash_of(item) for _, item in self.items()]
        if hashes[at - 1 : at] == [kept]:
            return at
        return hashes.index(kept) + 1 if kept in hashes else 0

    def close(self) -> None:
        """Close nothing: all of it was received."""

    def _read(self) -> Any:
        """Return the value that the body is. Raises PassingError or SourceEndedError if it is none."""
        if not self._raw.strip():
            return []
        if self._raw.count(b"{") + self._raw.count(b"[") > MOST_OBJECTS or self._raw.count(b",") > MOST_VALUES:
            told = f"{MOST_OBJECTS:,} objects and lists, or {MOST_VALUES:,} values"
            raise OversizedError(f"the answer holds more than {told}: ask for smaller pages")
        try:
            return orjson.loads(self._raw)
        except orjson.JSONDecodeError:
            told = f"the answer is no JSON that is whole, but {self._body.kind or 'of no kind'}"
            if self._body.kind and not any(kind in self._body.kind for kind in MAY_BE_JSON):
                begins = in_one_line(self._hide(self._raw[:SHOWN_BYTES].decode("utf-8", "replace")), START_CHARS)
                raise SourceEndedError(f"{told}, which begins {begins!r}: is a key missing, or the address wrong?") from None
            raise PassingError(told) from None

    def _check_list(self) -> None:
        if self._records is None:
            if isinstance(self._value, list):
                return
            lists = [name for name, value in self._value.items() if isinstance(value, list)] if self._has_names else []
            shown = name_shown(lists[0], self._hide) if lists else ""
            told = f"records={shown!r} (--records {shown})" if lists else f"records, of {names_in(self._value, self._hide)}"
            raise SourceEndedError(f"the answer is no list: name where in it the records are, as in {told}")
        found = value_at(self._value, self._records)
        if found is MISSING or not isinstance(found, list | None):
            has = names_in(self._value, self._hide)
            raise SourceEndedError(f"no list is at records={self._records} in the answer, which has {has}")

    @property
    def _has_names(self) -> bool:
        return isinstance(self._value, dict)

    def _elements(self) -> list[bytes]:
        """Return the bytes of the records: those that were sent, where the list stands at a path of names that are there once."""
        found = self._value if self._records is None else value_at(self._value, self._records)
        if not found:
            return []
        self.unread.clear()
        stream, limit_bytes = io.BytesIO(self._raw), len(self._raw) + 1
        if self._records is None:
            elements = array_elements(stream, limit_bytes)
        else:
            names = [self._records] if self._records in self._value else self._records.split(".")
            _, elements = list_at(stream, names, limit_bytes, self.unread)
        cut = [element.raw for element in elements]
        return cut if len(cut) == len(found) else list(map(orjson.dumps, found))


def hash_of(item: Item) -> str:
    """Return a short hash of what the server sent for a record."""
    return blake2b(item.raw or b"", digest_size=8).hexdigest()
