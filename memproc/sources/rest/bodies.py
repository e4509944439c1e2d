"""The records of a page: the elements of a JSON list, or JSON lines.

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

LINES = ("ndjson", "jsonl", "jsonlines", "json-lines", "json-seq", "stream+json")
MAY_BE_JSON = ("json", "javascript", "plain", "octet-stream")
MOST_OBJECTS, MOST_VALUES = 2_000_000, 5_000_000  # in an answer, each of which takes many times its bytes
SHOWN_BYTES, START_CHARS = 400, 60  # of an answer that is something else
TAIL_BYTES = 1 << 16
_OF_SEQUENCES = b"\x1e"  # before each text of application/json-seq


class Page:
    """A page that was received whole: its records, as often as they are asked for, and what it answers. Close it."""

    def __init__(self, body: Body, records: str | None, *, hide: Callable[[str], str] = str) -> None:
        """Read a body; `hide` takes secrets out of what messages show. Raises PassingError if the body broke off, SourceEndedError
        if there is no list where it should be, OversizedError if it holds too much.
        """
        self._body, self._records, self._hide = body, records, hide
        self._value: Any = None
        self._raw = b""
        self._count = 0
        self.digest = body.digest
        self.unread = Counter[str]()  # objects in other lists, by name
        try:
            self._is_lines = any(name in body.kind for name in LINES) or not self._is_one_value()
            if self._is_lines:
                _check_end(body.file)
            else:
                self._check_list()
        except BaseException:
            self.close()
            raise

    def items(self) -> Iterator[Item]:
        """Yield the records in order."""
        self._count = 0
        for raw in self._lines() if self._is_lines else self._elements():
            self._count += 1
            yield decode(raw)

    def answer(self) -> Answer:
        """Return what the page says of the next one, after its records were read."""
        return Answer(self._body.url, self._value, self._body.next_link, self._count, self._hide)

    def place_of(self, kept: str, at: int) -> int:
        """Return how many records stand up to the one of a hash: at its old place, or where it is first. 0 if it is not there."""
        hashes = [hash_of(item) for item in self.items()]
        if hashes[at - 1 : at] == [kept]:
            return at
        return hashes.index(kept) + 1 if kept in hashes else 0

    def close(self) -> None:
        """Forget the body."""
        self._body.file.close()

    def _is_one_value(self) -> bool:
        """Read the body as JSON, and return whether it is one value; if not, it is lines. Raises PassingError if neither."""
        self._raw = self._body.file.read().removeprefix(BOM)
        if not self._raw.strip():
            self._value = []
            return True
        if self._raw.count(b"{") + self._raw.count(b"[") > MOST_OBJECTS or self._raw.count(b",") > MOST_VALUES:
            told = f"{MOST_OBJECTS:,} objects and lists, or {MOST_VALUES:,} values"
            raise OversizedError(f"the answer holds more than {told}: ask for smaller pages")
        try:
            self._value = orjson.loads(self._raw)
        except orjson.JSONDecodeError:
            first, _, rest = self._raw.lstrip().partition(b"\n")
            if rest.strip() and not decode(first).fault:
                self._raw = b""
                return False
            told = f"the answer is no JSON that is whole, but {self._body.kind or 'of no kind'}"
            if self._body.kind and not any(kind in self._body.kind for kind in MAY_BE_JSON):
                begins = in_one_line(self._hide(self._raw[:SHOWN_BYTES].decode("utf-8", "replace")), START_CHARS)
                raise SourceEndedError(f"{told}, which begins {begins!r}: is a key missing, or the address wrong?") from None
            raise PassingError(told) from None
        return True

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

    def _lines(self) -> Iterator[bytes]:
        self._body.file.seek(0)
        for line in self._body.file:
            if raw := line.strip(b" \t\r\n" + _OF_SEQUENCES):
                yield raw


def hash_of(item: Item) -> str:
    """Return a short hash of what the server sent for a record."""
    return blake2b(item.raw or b"", digest_size=8).hexdigest()


def _check_end(file: Any) -> None:
    """Raise PassingError if the last line broke off: it has no end, and is no JSON."""
    size = file.seek(0, io.SEEK_END)
    file.seek(max(size - TAIL_BYTES, 0))
    tail = file.read()
    file.seek(0)
    last = tail.rpartition(b"\n")[2].strip(b" \t\r" + _OF_SEQUENCES)
    if last and b"\n" in tail and decode(last).fault:
        raise PassingError("the answer ends within a line of JSON")
