"""Observations: accepted records with their keys, and what each fact merges by."""

from __future__ import annotations

from typing import NamedTuple

from memproc.dedup.keys import Key, content_parts, identity_parts
from memproc.dedup.text.exact import exact_of
from memproc.records import Plain, last_changed


class Observation(NamedTuple):
    """An accepted record with its keys.

    `as_of` is the date its source gives for itself, as fixed-width UTC text; `length` is the number of characters of its compared
    text. Observations of one `group` merge; `benign` holds the kinds of benign difference between its text and its gist. An
    observation that meets no other has its content as its group, and no `benign`.
    """

    key: Key
    node: Key
    content: Key
    group: Key
    is_identity: bool
    as_of: str | None
    length: int
    benign: tuple[str, ...]
    record: Plain
    core: int = 0

    @property
    def date(self) -> str | None:
        """When this was last known to be so: the date of its last change, else that of its source, else None."""
        return last_changed(self.record) or self.as_of

    @property
    def rank(self) -> tuple[str, str]:
        """What orders versions: the date, then the date of the source; "" for each that is missing."""
        return self.date or "", self.as_of or ""


class Grouped(NamedTuple):
    """By what a fact merges: its group, the kinds of benign difference between its text and its gist, and the groups that it would
    be in if one of its tokens were a typo.
    """

    group: Key
    benign: tuple[str, ...] = ()
    typo_links: tuple[Key, ...] = ()


def is_confirmed(one: Observation, other: Observation) -> bool:
    """Tell whether two different observations that share a key also share what the key stands for, so that it is no collision."""
    if one.content == other.content and (one.key == other.key or _parts_of_content(one) != _parts_of_content(other)):
        return False
    is_one_thing = one.node == other.node and one.is_identity and other.is_identity
    return not is_one_thing or identity_parts(one.record) == identity_parts(other.record)


def _parts_of_content(observation: Observation) -> list[object]:
    return content_parts(observation.record, exact_of(observation.record), is_identity=observation.is_identity)
