"""What a reader of a format returns: drafts of memories, what it left out, and what it could not read.

A format is a module with a `FORMAT`: its name, how to detect it by shape, and how to read one item of it. An item is one JSON value
of the source: an element of an array or of a wrapped list, a line, a row. Readers are pure, never raise on bad input, and never
skip anything silently: each part of an item becomes a `Draft` or a `Broken`, or is counted in a `LeftOut`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from memproc.config import Verdict
from memproc.records import Fault
from memproc.sources.items import Piece, Place
from memproc.times import is_assumed

Item = Mapping[str, Any]
TIMES = ("created_at", "updated_at", "valid_from", "valid_to")


class Draft(NamedTuple):
    """The fields of one memory, not validated yet.

    `is_identity`: the record itself has the `id`, so that another record with this id is another version of it. An id derived from
    a reference or a position is no identity. `as_of`: the date that the source gives for itself, if it is in the item. `raw`: the
    part of the item that the draft was read from, if that is not the whole item.
    """

    fields: dict[str, Any]
    is_identity: bool = False
    as_of: object = None
    raw: object = None


class Broken(NamedTuple):
    """A part of an item that no memory could be read from."""

    fault: Fault
    raw: object = None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Parts that are not memories, or that are read only on request: what kind, and how many."""

    kind: str
    count: int = 1


class Decided(NamedTuple):
    """A decision from a full export, or a tombstone (`forgotten`) of an observation, and of its node if nothing else has it, or
    that an observation has `expired`.

    `policy` names the policy that decided, or what it expired under; it is empty if a person decided.
    """

    verdict: Literal[Verdict, "forgotten", "expired"]
    keys: tuple[str, ...]
    policy: str = ""


class Context(NamedTuple):
    """What the caller said: the source, the kinds to include that are otherwise left out, where to find fields, and whether to
    apply the decisions of a full export. `is_told`: the format was detected, not named by the caller. The intake fills in `fields`,
    the names of the fields of the schema, `older_versions`, those that its migrations begin at, and `place`, where an item stands
    that is one message of a conversation.
    """

    source: str | None = None
    include: frozenset[str] = frozenset()
    mapping: Mapping[str, str] = {}
    trusts_decisions: bool = False
    is_told: bool = False
    fields: frozenset[str] = frozenset()
    place: Place | None = None
    older_versions: tuple[int, ...] = ()


Part = Draft | Broken | LeftOut | Decided


def _nothing(_about: object) -> None:
    """Return None: no remark, no date."""


def one_by_one(pieces: Iterator[Piece]) -> Iterator[Piece]:
    """Return the items of a source as they come."""
    return pieces


def told_elsewhere(_item: Item, _fields: frozenset[str]) -> bool:
    """Match no item: the format is known from the file, not from the shape of an item."""
    return False


class Format(NamedTuple):
    """One format. Its functions are named ones, because it is pickled to other processes.

    `matches` detects an item by its shape, given the names of the fields of the schema. `lists` are the names under which files of
    this system wrap their records, `long_lists` those that are opened only in a file that is too long to be one record, `options`
    the kinds that `include` may name. `remark` returns a warning that depends on how many records were read, `as_of` the date in
    the head of a wrapped list. Where an item is one message, `talk_of` returns the id of the conversation that the file holds,
    given its first items and its path without suffix; each item then comes with its place. Where an item is a conversation, or
    holds several, `made_ids` returns the ids that are made for those without one, so that the place tells how many before it have
    the same.
    `gather` joins items of a source that
    belong together.
    """

    name: str
    about: str
    matches: Callable[[Item, frozenset[str]], bool]
    read: Callable[[Item, Context], Iterator[Part]]
    lists: tuple[str, ...] = ()
    long_lists: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    remark: Callable[[int], str | None] = _nothing
    as_of: Callable[[Item], object] = _nothing
    talk_of: Callable[[Sequence[Item], str], str] | None = None
    made_ids: Callable[[Item], Sequence[str]] | None = None
    gather: Callable[[Iterator[Piece]], Iterator[Piece]] = one_by_one


def without_nones(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}


def listed(value: object) -> list[Any]:
    """Return a list unchanged, None as an empty list, and anything else as a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def beside(metadata: Mapping[str, Any], rest: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return metadata together with the rest of a record; a name that the metadata has already gets a prefix."""
    return {**{f"{prefix}{name}" if name in metadata else name: value for name, value in rest.items()}, **metadata}


def with_raw_times(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields; the text of each time that needs an assumption to parse is kept in `metadata` as `<field>_raw`."""
    raw = {f"{name}_raw": fields[name] for name in TIMES if isinstance(fields.get(name), str) and is_assumed(fields[name])}
    return {**fields, "metadata": {**fields.get("metadata", {}), **raw}} if raw else fields
