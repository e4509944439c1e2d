"""What a reader of a format gives: drafts of memories, and what it left out or could not read.

A format is a module with a `FORMAT`: its name, how to tell it by shape, and how to read one item of it. An item is one JSON
value as the source gives it: an element of an array or of a wrapped list, a line, a row. Readers are pure, never raise on
bad input and never skip in silence: each part of an item ends as a `Draft`, a `Broken` or is counted in a `LeftOut`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from memproc.records import Fault
from memproc.times import is_assumed

Item = Mapping[str, Any]
TIMES = ("created_at", "updated_at", "valid_from", "valid_to")


class Draft(NamedTuple):
    """The fields of one memory, not yet validated. `is_identity`: the record itself carries its `id`, so that another with
    the same id is another version of it (an id derived from a reference or a position is none). `as_of`: the date the source
    gives for itself, if it stands in the item. `raw`: the part of the item this was read from, if not all of it.
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
    """Parts that are no memories, or are read on request only: what kind, and how many."""

    kind: str
    count: int = 1


class Decided(NamedTuple):
    """A decision, or a tombstone (`forgotten`), from a full export: of an observation, and of its node where that is spent.

    `policy` names the policy that decided, if it was no person.
    """

    verdict: Literal["merge", "distinct", "supersedes", "forgotten"]
    keys: tuple[str, ...]
    policy: str = ""


class Context(NamedTuple):
    """What the caller said: the source named, kinds to include that are left out else, where fields are to be found, and whether
    the decisions of a full export are to be acted on. `is_told`: the format was told by the shape of the records and not named by
    the caller. `fields` are the names of the fields of the schema in use, which the intake fills in.
    """

    source: str | None = None
    include: frozenset[str] = frozenset()
    mapping: Mapping[str, str] = {}
    trusts_decisions: bool = False
    is_told: bool = False
    fields: frozenset[str] = frozenset()


Part = Draft | Broken | LeftOut | Decided


def _nothing(_about: object) -> None:
    """Make no remark, give no date."""


def told_elsewhere(_item: Item, _fields: frozenset[str]) -> bool:
    """Tell no item by its shape: what it stands in tells the format."""
    return False


class Format(NamedTuple):
    """One format, of named functions only: it travels to other processes. `matches` tells an item by its shape, given the names
    of the schema's fields. `lists`: the names under which the system's files wrap their records. `options`: the kinds that
    `include` may name. `remark`: a warning that depends on how many records were read. `as_of`: the date in the head of a wrapped
    list.
    """

    name: str
    about: str
    matches: Callable[[Item, frozenset[str]], bool]
    read: Callable[[Item, Context], Iterator[Part]]
    lists: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    remark: Callable[[int], str | None] = _nothing
    as_of: Callable[[Item], object] = _nothing


def without_nones(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields that hold something."""
    return {name: value for name, value in fields.items() if value is not None}


def listed(value: object) -> list[Any]:
    """Return what may be a list, one thing, or nothing, as a list."""
    return value if isinstance(value, list) else [] if value is None else [value]


def beside(metadata: Mapping[str, Any], rest: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the rest of a record beside its metadata; under a name with a prefix where the metadata has one of that name."""
    return {**{f"{prefix}{name}" if name in metadata else name: value for name, value in rest.items()}, **metadata}


def with_raw_times(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields with the text of each time that takes an assumption to read kept in `metadata` as `<field>_raw`."""
    raw = {f"{name}_raw": fields[name] for name in TIMES if isinstance(fields.get(name), str) and is_assumed(fields[name])}
    return {**fields, "metadata": {**fields.get("metadata", {}), **raw}} if raw else fields
