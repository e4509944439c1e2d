"""What is to be found, and the patterns by which the database looks for it in the texts of records."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import orjson
from sqlalchemy import Column, ColumnElement, bindparam, func

from memproc.dedup.keys import Key, namespace_number
from memproc.errors import UsageError
from memproc.store.rows.observations import to_key

FIRST_AT_ONCE = 128
KEY_BYTES = 16
LONGEST_PATTERN = 1_000  # characters of a text that the database looks for: SQLite refuses patterns of more than 50,000 bytes
_RUNS = re.compile("[A-Za-z0-9]+")
_DATE = re.compile("(-?[0-9]{1,18})?")
_BEFORE_ALL_DATES = -(2**62)


class Place(NamedTuple):
    """Where a memory stands among all, the newest first: its date in microseconds since 1970, or None, and its id."""

    date: int | None
    id: Key

    @property
    def rank(self) -> tuple[int, Key]:
        """What orders places: the later ones of two stand first."""
        return _BEFORE_ALL_DATES if self.date is None else self.date, self.id

    def __str__(self) -> str:
        """Return it as a cursor."""
        return f"{'' if self.date is None else self.date}.{self.id.hex()}"


@dataclass(frozen=True)
class Wanted:
    """What the database is to look for: a namespace, dates from `since` until before `until` in microseconds since 1970, values
    that the record must hold by what they are (a field, "tag", "emotion" or "relation"), the canonical text that its content must
    hold, the place behind which to begin, whether also what has expired, and about how many will be taken.
    """

    namespace: str | None = None
    since: int | None = None
    until: int | None = None
    holds: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    after: Place | None = None
    expired: bool = False
    at_once: int = FIRST_AT_ONCE

    @cached_property
    def run(self) -> str:
        """The longest run of letters and digits of the text, in lower case, where that is in ASCII."""
        return max(_RUNS.findall(self.text), key=len, default="").lower() if self.text.isascii() else ""

    @property
    def is_text_asked(self) -> bool:
        """Whether the database can look for the text."""
        return bool(self.run) or not self.text.isascii()

    @cached_property
    def namespace_number(self) -> int | None:
        """What the database calls the namespace."""
        return None if self.namespace is None else namespace_number(_unicode(self.namespace))

    def spans(self, date: int | None) -> bool:
        """Tell whether a date lies within what is asked for."""
        if self.since is None and self.until is None:
            return True
        return date is not None and (self.since is None or date >= self.since) and (self.until is None or date < self.until)


def place_of(cursor: str) -> Place:
    """Return the place that a cursor names. Raises UsageError on what is no cursor.

    >>> str(place_of("12.000102030405060708090a0b0c0d0e0f"))
    '12.000102030405060708090a0b0c0d0e0f'
    """
    date, _, identifier = cursor.partition(".")
    key = to_key(identifier)
    if len(key) != KEY_BYTES or not _DATE.fullmatch(date):
        raise UsageError(f"after={cursor!r}: give the last memory of the page before, or what store.cursor gives for it")
    return Place(int(date) if date else None, key)


def pattern_of_value(value: str) -> str:
    """Return the pattern of a record that holds a value, or the beginning of a long one."""
    return pattern_of(orjson.dumps(_unicode(value)).decode())


def pattern_of(text: str) -> str:
    """Return the pattern of what holds a text, or the beginning of a long one."""
    return "%" + text[:LONGEST_PATTERN].replace("/", "//").replace("%", "/%").replace("_", "/_") + "%"


def may_hold(record: Column[str], is_ascii: Callable[[Column[str]], ColumnElement[bool]], *, has_run: bool) -> ColumnElement[bool]:
    """Return whether the content of a record may hold a canonical text, which has a run of letters and digits, or is not ASCII.

    Of a content in ASCII the canonical text has the same letters and digits in the same places, but for case; any other is let
    through. In the text of a record such a run stands as it is, for what JSON escapes is neither.
    """
    return ~is_ascii(record) | func.lower(record).like(bindparam("run"), escape="/") if has_run else ~is_ascii(record)


def _unicode(text: str) -> str:
    """Return a text that can be looked for. What holds one with lone surrogates no record can be, which the caller tells."""
    return text.encode("utf-8", "replace").decode()
