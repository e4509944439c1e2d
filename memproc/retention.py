"""Retention: how long memories are kept, as rules, and which memories a rule means.

Facts: a rule has an age, or means what is past `valid_to`; a kind, a namespace and a tag narrow it. The age of a memory is counted
from `updated_at`, else `created_at`: when it was last said. A memory without either has no age.

Rules: years and months are those of the calendar, so `2y` before 29 February is 28 February. A memory is valid from `valid_from`
on, and until `valid_to`, which is the first moment at which it no longer is. All moments are handed in, as fixed-width UTC text.
"""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from memproc.errors import UsageError
from memproc.times import to_text

_AGE = re.compile(r"(\d{1,4}) ?(h|d|w|mo|y)", re.ASCII)
_HOURS = {"h": 1, "d": 24, "w": 7 * 24}
_MONTHS = {"mo": 1, "y": 12}
_FIRST = datetime(1, 1, 1, tzinfo=UTC)  # nothing is older
_NARROWING = ("kind", "namespace", "tag")
LONGEST_NAME = 1_000  # characters of what a rule is called


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionRule:
    """Which memories are to expire: those that meet all that the rule says.

    `older_than` is an age, such as "36h", "30d", "6w", "18mo" or "2y"; `past_valid_to` means memories whose `valid_to` has passed.
    A rule has at least one of the two. Raises UsageError if it has none, and on a value that cannot be.

    >>> RetentionRule(older_than="2y", kind="message").name
    'older than 2y, kind message'
    """

    older_than: str | None = None
    kind: str | None = None
    namespace: str | None = None
    tag: str | None = None
    past_valid_to: bool = False

    def __post_init__(self) -> None:
        """Check every value. Raises UsageError."""
        if self.older_than is not None:
            checked_age(self.older_than)
        if not isinstance(self.past_valid_to, bool):
            raise UsageError(f"past_valid_to={self.past_valid_to!r}: give True or False")
        if self.older_than is None and not self.past_valid_to:
            raise UsageError("a retention rule needs an age, as in older_than='2y', or past_valid_to")
        for name in _NARROWING:
            value = getattr(self, name)
            if value is not None and not (isinstance(value, str) and value.strip() and value.isprintable()):
                raise UsageError(f"{name}={value!r}: give a name, or leave it out")
        if len(self.name) > LONGEST_NAME:
            raise UsageError(f"a retention rule has at most {LONGEST_NAME:,} characters")

    @property
    def name(self) -> str:
        """What is expired by this rule is expired under this name, unless it is given another."""
        parts = [f"older than {self.older_than}"] if self.older_than is not None else []
        parts += ["past valid_to"] if self.past_valid_to else []
        parts += [f"{name} {getattr(self, name)}" for name in _NARROWING if getattr(self, name) is not None]
        return ", ".join(parts)

    def as_dict(self) -> dict[str, Any]:
        """Return what the rule says, as JSON values without what it leaves open."""
        return {name: value for name, value in asdict(self).items() if value not in (None, False)}

    def means(self, record: Mapping[str, Any], now: str) -> bool:
        """Return whether a plain memory is meant, but for its age.

        >>> RetentionRule(past_valid_to=True).means({"valid_to": "2024-01-01T00:00:00.000000Z"}, "2025-01-01T00:00:00.000000Z")
        True
        """
        return (
            self.kind in (None, record.get("kind"))
            and self.namespace in (None, record.get("namespace"))
            and (self.tag is None or self.tag in record.get("tags", ()))
            and (not self.past_valid_to or is_past(record, now))
        )


@dataclass(frozen=True, slots=True)
class Expired:
    """How many memories expired, came back or were purged, by kind and by namespace.

    `undated` are those that a rule means but for an age, as they have no date: they do not expire. `names` are what it is called:
    `restore_expired` takes them.
    """

    memories: int
    by_kind: Mapping[str, int]
    by_namespace: Mapping[str, int]
    undated: int
    names: tuple[str, ...]


def checked_age(age: object) -> str:
    """Return an age that a call was given. Raises UsageError on anything that is none."""
    if not (isinstance(age, str) and _AGE.fullmatch(age)):
        raise UsageError(f"older_than={age!r}: give a number with h, d, w, mo or y (hours, days, weeks, months, years), as in 30d")
    return age


def moment_before(now: str, age: str) -> str:
    """Return the moment that lies an age before another, as fixed-width text.

    >>> moment_before("2024-02-29T12:00:00.000000Z", "1y")
    '2023-02-28T12:00:00.000000Z'
    >>> moment_before("2024-03-01T12:00:00.000000Z", "36h")
    '2024-02-29T00:00:00.000000Z'
    """
    match = _AGE.fullmatch(age)
    if match is None:
        raise ValueError(age)
    count, unit = int(match[1]), match[2]
    moment = datetime.fromisoformat(now)
    if unit in _HOURS:
        hours = timedelta(hours=count * _HOURS[unit])
        return to_text(moment - hours if moment - _FIRST > hours else _FIRST)
    months = moment.year * 12 + moment.month - 1 - count * _MONTHS[unit]
    year, month = divmod(months, 12)
    if year < 1:
        return to_text(_FIRST)
    return to_text(moment.replace(year=year, month=month + 1, day=min(moment.day, monthrange(year, month + 1)[1])))


def is_past(record: Mapping[str, Any], moment: str) -> bool:
    """Return whether a plain memory is no longer valid at a moment."""
    valid_to = record.get("valid_to")
    return valid_to is not None and valid_to <= moment


def is_valid_at(record: Mapping[str, Any], moment: str) -> bool:
    """Return whether a plain memory is valid at a moment: no longer future, and not yet past."""
    valid_from = record.get("valid_from")
    return (valid_from is None or valid_from <= moment) and not is_past(record, moment)


def checked_rules(rules: object) -> tuple[RetentionRule, ...]:
    """Return retention rules that a call was given. Raises UsageError on anything else."""
    found = tuple(rules) if isinstance(rules, Iterable) else (None,)
    if not all(isinstance(rule, RetentionRule) for rule in found):
        raise UsageError(f"retention={rules!r}: give a list of RetentionRule")
    return found
