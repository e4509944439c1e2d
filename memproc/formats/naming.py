"""The names in records that were all rejected, and the mapping that they suggest. Pure; advice only.

Strategy: collect the names with a value in the first few records, those of nested objects with dots. For the content propose the
name that sounds like text and holds the longest text; if no name sounds like text, propose none.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Self

from memproc.formats.usual_names import USUAL_NAMES
from memproc.records import Memory, Rejected
from memproc.sources.decoding import decode
from memproc.sources.labels import NAMES_SHOWN, name_shown

LOOKED_AT = 20
LONGEST_BYTES = 1 << 20
LEVELS = 3
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+")
_LIKE_TEXT = frozenset(
    (*USUAL_NAMES["content"], "contents", "texts", "description", "summary", "statement", "sentence", "comment", "remark")
) | {"entry", "document", "snippet", "transcript", "words", "msg", "txt", "notes", "memo"}
_FIELDS = frozenset((*Memory.model_fields, *(name for names in USUAL_NAMES.values() for name in names)))
_OFF_SCALE = ("importance", "less_than_equal")
_LIKE_A_TITLE = ("name", "title", "heading")  # of a list of pages, where each is all there is


class Names:
    """The names in the first rejected records, collected as they come."""

    def __init__(self) -> None:
        self._lengths: dict[str, int] = {}  # by name, in order of appearance, how many characters of text it held
        self._looked_at = 0
        self._lacks_text = self._is_off_scale = False
        self._wrong: set[str] = set()  # the fields that are

    def note(self, rejected: Iterable[Rejected]) -> None:
        """Look at rejected records, until enough have been looked at."""
        for one in rejected:
            if self._looked_at >= LOOKED_AT:
                return
            self._looked_at += 1
            self._wrong.update(found.path.partition(".")[0] for found in one.faults)
            self._lacks_text |= any((found.path, found.code) == ("content", "missing") for found in one.faults)
            self._is_off_scale |= any((found.path, found.code) == _OFF_SCALE for found in one.faults)
            value = decode(one.raw).value if len(one.raw) <= LONGEST_BYTES else None
            if isinstance(value, Mapping):
                self._note(value)

    @classmethod
    def of_values(cls, values: Iterable[Mapping[str, object]]) -> Self:
        """Return the names in objects without text under a usual name."""
        names = cls()
        names._lacks_text = True
        for value in islice(values, LOOKED_AT):
            names._note(value)
        return names

    def _note(self, value: Mapping[str, object]) -> None:
        for name, length in _named(value, "", LEVELS):
            self._lengths[name] = self._lengths.get(name, 0) + length

    @property
    def all(self) -> list[str]:
        """All names, in order of appearance."""
        return [*self._lengths]

    @property
    def shown(self) -> str:
        """The first names, for a message."""
        more = ", ..." if len(self._lengths) > NAMES_SHOWN else ""
        return ", ".join(map(name_shown, [*self._lengths][:NAMES_SHOWN])) + more

    @property
    def like_text(self) -> str | None:
        """The name that may hold the content, or None."""
        like = [name for name, length in self._lengths.items() if length and not _LIKE_TEXT.isdisjoint(_words(name))]
        like = like or [name for name, length in self._lengths.items() if length and name.lower() in _LIKE_A_TITLE]
        return max(like, key=self._lengths.__getitem__, default=None)

    @property
    def only_wrong(self) -> str | None:
        """The one field of a memory that is wrong in all records, so that these are of no other format; None if there is none."""
        wrong = next(iter(self._wrong)) if len(self._wrong) == 1 else None
        return wrong if wrong in _FIELDS and wrong not in USUAL_NAMES["content"] else None

    def advice(self, *, redact: bool) -> str:
        """Return which names there are, and what to do; with `redact` no names are shown."""
        if self.only_wrong and not self._is_off_scale:
            return f"nothing but {'one field' if redact else self.only_wrong} is wrong in what was read: mend that"
        if redact or not self._lengths:
            return "name its format with --format, or say where the fields are with --map FIELD=NAME"
        what = f"what was read has {self.shown}"
        if self._is_off_scale and not self._lacks_text:
            return "importance runs from 0 to 1: divide it by its scale, or leave it in the metadata with --map importance=none"
        if not self._lacks_text:
            return f"{what}: mend what is wrong with these, or name another format with --format"
        proposed = f"--map {shlex.quote(f'content={self.like_text}')}" if self.like_text else "--map content=NAME"
        return f"{what}: try {proposed}, or name its format with --format"


def _named(value: Mapping[str, object], before: str, levels: int) -> Iterator[tuple[str, int]]:
    """Yield each name with the number of characters of text that it holds."""
    for key, held in value.items():
        name = f"{before}{key}"
        if isinstance(held, Mapping) and held and levels > 1:
            yield from _named(held, f"{name}.", levels - 1)
        elif held is not None and held != "":
            yield name, len(held) if isinstance(held, str) else 0


def _words(name: str) -> set[str]:
    return {word.lower() for word in _WORD.findall(name.rpartition(".")[2])}
