"""Keys: what makes two records the same observation, the same content, the same node, and by what those are found that may be one.

Rules:
- observation: every accepted field (the hash of its one JSON text), and whether its id is an identity. Never a file name, a
  position or a time of arrival.
- content of a fact: namespace, subject, exact text, when it is valid (else two stays in Berlin would be one), and of a fact that
  speaks of the day on which it was said, that day.
- content of an event: also conversation, time and, if it has one, id; an event is the same only when it is the same event.
- node: the identity of a record that carries one (namespace, source and id; of an event conversation and id), else the
  content.
- core: what facts share that may merge, in their namespace and subject; an order-free number (`core.py`) by which the store finds
  them. Whether they do merge, their groups tell (`grouping.py`). Where nothing merges by likeness, what the content gives.

All other keys are 16 bytes of BLAKE2b over one JSON list, so that no two lists of parts run together. Two texts with one key cannot
be made on purpose, as they can for a hash that is only quick: whoever could would hide a record behind another.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from hashlib import blake2b
from struct import iter_unpack
from typing import Any, NamedTuple, Self

import orjson
from xxhash import xxh3_64_intdigest

from memproc.config import Policy
from memproc.dedup.changes.chains import chain_hashes
from memproc.dedup.gist.gist import Skim, skim
from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.exact import exact_of
from memproc.dedup.text.telling import is_of_a_day
from memproc.dedup.text.words import trust_in_writing
from memproc.records import Plain, encode, is_event, last_changed
from memproc.times import to_micros

SCHEME = "7"  # changes with everything that changes a key: canonical text, gist, word lists, hashes
FEWEST_SHINGLES = 3
_SURELY_ENOUGH_CHARS = 12
_IDENTITY = b"identity"
_DAY_CHARS = len("2024-01-31")
KEY_BYTES = 16
_CORE_BYTES = 8

Key = bytes
# A record that passed validation: its plain form, the one JSON text of that, whether its id is an identity, and the date that its
# source gives for itself, as fixed-width UTC text.
Accepted = tuple[Plain, bytes, bool, str | None]


def key_of(said: bytes) -> Key:
    """Return the key of some bytes (Aumasson and others, "BLAKE2: simpler, smaller, fast as MD5", 2013)."""
    return blake2b(said, digest_size=KEY_BYTES).digest()


class Observation(NamedTuple):
    """An accepted record with its keys. `as_of` is the date its source gives for itself, as fixed-width UTC text; `length`
    the number of characters of its compared text. `group` is what merges, `benign` the kinds of benign difference between its text
    and its gist: of what meets no other its content, and none.
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
        """When this was last known to be so: the later the newer. None where nothing tells."""
        return last_changed(self.record) or self.as_of

    @property
    def rank(self) -> tuple[str, str]:
        """What orders versions, "" where nothing tells: the date, and between equal ones that of the source."""
        return self.date or "", self.as_of or ""


class Grouped(NamedTuple):
    """What a fact merges by: its group, the kinds of benign difference to its gist, and the groups that it would be in if one of
    its tokens were a typo.
    """

    group: Key
    benign: tuple[str, ...] = ()
    typo_links: tuple[Key, ...] = ()


class Prepared(NamedTuple):
    """An observation on its way into a store, as bytes, numbers and text: one place of `Columns`.

    `json` is its one JSON text, `text` its compared text: the canonical text, without a near tier the exact text, and where nothing
    is compared the content; `namespace` and `scope` are hashes of whose it is and of what two facts must share to be compared at
    all (0 without a near tier); `changed_at` is when it says it was last changed, in microseconds since 1970, and `position` its
    place among the records that it came with.
    `is_near` tells whether it takes part in the near tier. `typo_links` are the cores that it would have if one of its tokens were
    a typo. `chains` are the hashes of the chains it is in, `bands` its hashes in the index, empty as long as it is not signed;
    `grouped` is what it merges by, if that was found out ahead.
    """

    key: Key
    node: Key
    content: Key
    core: int
    is_identity: bool
    as_of: str | None
    json: bytes
    text: str
    namespace: int
    scope: int
    changed_at: int | None
    position: int
    is_near: bool = False
    typo_links: tuple[int, ...] = ()
    chains: tuple[int, int] = (0, 0)
    bands: bytes = b""
    grouped: Grouped | None = None

    @property
    def record(self) -> Plain:
        """Its record, read again from its JSON text."""
        record: Plain = orjson.loads(self.json)
        return record

    @property
    def observation(self) -> Observation:
        """The observation, as of one that meets no other."""
        group = self.content
        own = (self.is_identity, self.as_of, len(self.text), ())
        return Observation(self.key, self.node, self.content, group, *own, self.record, self.core)


@dataclass(slots=True)
class Columns:
    """Observations on their way into a store, in their order: a list for each field of `Prepared`, so that many are cut, joined and
    written without a look at each.
    """

    key: list[Key] = field(default_factory=list)
    node: list[Key] = field(default_factory=list)
    content: list[Key] = field(default_factory=list)
    core: list[int] = field(default_factory=list)
    is_identity: list[bool] = field(default_factory=list)
    as_of: list[str | None] = field(default_factory=list)
    json: list[bytes] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    namespace: list[int] = field(default_factory=list)
    scope: list[int] = field(default_factory=list)
    changed_at: list[int | None] = field(default_factory=list)
    position: list[int] = field(default_factory=list)
    is_near: list[bool] = field(default_factory=list)
    typo_links: list[tuple[int, ...]] = field(default_factory=list)
    chains: list[tuple[int, int]] = field(default_factory=list)
    bands: list[bytes] = field(default_factory=list)
    grouped: list[Grouped | None] = field(default_factory=list)

    @classmethod
    def of(cls, prepared: Iterable[Prepared]) -> Self:
        """Return the columns of single observations."""
        return cls(*map(list, zip(*prepared, strict=True)))

    def __len__(self) -> int:
        """Return how many observations there are."""
        return len(self.key)

    @property
    def lists(self) -> list[list[Any]]:
        """The lists, in the order of the fields."""
        return [getattr(self, name) for name in Prepared._fields]

    def extend(self, more: Columns) -> None:
        """Add others behind."""
        for own, other in zip(self.lists, more.lists, strict=True):
            own.extend(other)

    def cut(self, start: int, stop: int | None = None) -> Columns:
        """Return those from `start` up to `stop`."""
        return Columns(*[one[start:stop] for one in self.lists])

    def moved(self, by: int) -> Columns:
        """Return them with other positions, so much higher."""
        return replace(self, position=[at + by for at in self.position])

    def take(self, places: Collection[int]) -> Columns:
        """Return those at some places, in the order given."""
        return Columns(*[[one[at] for at in places] for one in self.lists])

    def at(self, place: int) -> Prepared:
        """Return one observation."""
        return Prepared(*[one[place] for one in self.lists])


def prepare(record: Plain, *, is_identity: bool, as_of: str | None, policy: Policy) -> Prepared:
    """Return a plain record with its keys, under the policy of its store; it is not signed."""
    return prepare_all([(record, encode(record), is_identity, as_of)], policy).at(0)


def prepare_all(accepted: Sequence[Accepted], policy: Policy) -> Columns:
    """Return records, one or more, with their keys, in their order: column by column."""
    records, jsons, are_identities, as_of = map(list, zip(*accepted, strict=True))
    keys = [key_of(json + _IDENTITY if is_identity else json) for _, json, is_identity, _ in accepted]
    dates = [*map(last_changed, records)]
    skims: list[Skim | None] = [None] * len(records)
    contents, nodes, texts = keys, keys, [record["content"] for record in records]
    if policy.dedup != "off":
        seen = texts = [*map(exact_of, records)]
        if policy.dedup == "near":
            skims = [None if is_event(record) else skim(text) for record, text in zip(records, seen, strict=True)]
            texts = [(skimmed.text if skimmed else canonical(text)) or text for skimmed, text in zip(skims, seen, strict=True)]
        contents = [
            content_key(record, text, is_identity=is_identity, may_be_of_a_day=skimmed is None or skimmed.may_be_of_a_day)
            for record, text, is_identity, skimmed in zip(records, seen, are_identities, skims, strict=True)
        ]
        told = zip(records, contents, are_identities, strict=True)
        nodes = [identity_key(record) if is_identity else content for record, content, is_identity in told]
    columns = Columns(
        keys,
        [*nodes],
        [*contents],
        [core for core, _ in iter_unpack(">qq", b"".join(contents))],  # what a key begins with
        are_identities,
        as_of,
        jsons,
        texts,
        [namespace_number(record["namespace"]) for record in records],
        [0] * len(records),
        [None if date is None else to_micros(date) for date in dates],
        [*range(len(records))],
        *[[default] * len(records) for default in Prepared._field_defaults.values()],
    )
    if policy.dedup == "near":
        _into_near_tier(columns, records, skims, policy)
    return columns


def _into_near_tier(columns: Columns, records: Sequence[Plain], skims: Sequence[Skim | None], policy: Policy) -> None:
    """Fill in what facts are compared by, given what was skimmed of each."""
    merges = merges_by_likeness(policy)
    for at, (record, skimmed) in enumerate(zip(records, skims, strict=True)):
        scope = columns.scope[at] = scope_number(record)
        if skimmed is None:
            continue
        text = columns.text[at]
        is_near = columns.is_near[at] = is_long_enough(text)
        is_dated = is_near and (columns.changed_at[at] is not None or columns.as_of[at] is not None)
        columns.chains[at] = chain_hashes(text, scope, is_dated=is_dated)
        if merges:
            whose = scope if not ("valid_from" in record or "valid_to" in record) else _validity(record, scope)
            columns.core[at] = _within(skimmed.core, whose)
            if is_near:
                columns.typo_links[at] = tuple([_within(mend, whose) for mend in skimmed.typo_links])


def merges_by_likeness(policy: Policy) -> bool:
    """Tell whether anything merges that is not the same content."""
    return policy.dedup == "near" and not policy.refuses_to_merge and trust_in_writing() >= policy.merge_at


def _within(core: int, whose: int) -> int:
    """Return the core of a text as it is kept: a signed number of 64 bits, another in each scope."""
    return xxh3_64_intdigest(core.to_bytes(_CORE_BYTES, "big"), whose) - 2**63


def _validity(record: Plain, scope: int) -> int:
    return xxh3_64_intdigest(encode([record.get("valid_from"), record.get("valid_to")]), scope)


def text_of(record: Plain) -> str:
    """Return the canonical text of a record, or its content where nothing is left of that."""
    return canonical(record["content"]) or record["content"]


def content_key(record: Plain, seen: str, *, is_identity: bool, may_be_of_a_day: bool = True) -> Key:
    """Return the key of what a record says; `seen` is its exact text, of which a look may have told that it speaks of no day."""
    return key_of(encode(_content_parts(record, seen, is_identity=is_identity, may_be_of_a_day=may_be_of_a_day)))


def _content_parts(record: Plain, seen: str, *, is_identity: bool, may_be_of_a_day: bool = True) -> list[object]:
    """Return what makes the content of a record; `seen` is its exact text."""
    if is_event(record):
        own = record["id"] if is_identity else None
        where, when = [record["namespace"], record.get("conversation")], record.get("created_at")
        return ["event", *where, own, record.get("subject"), when, seen]
    parts = ["fact", record["namespace"], record.get("subject"), record.get("valid_from"), record.get("valid_to"), seen]
    return [*parts, day] if may_be_of_a_day and (day := _day_of(record, seen)) else parts


def _day_of(record: Plain, seen: str) -> str | None:
    """Return the day of which a fact speaks that speaks of the day on which it was said."""
    day = day_of_telling(record)
    return day if day is not None and is_of_a_day(seen) else None


def day_of_telling(record: Plain) -> str | None:
    """Return the day on which a record says that it was made."""
    created: str | None = record.get("created_at")
    return created and created[:_DAY_CHARS]


def identity_key(record: Plain) -> Key:
    """Return the key of the thing that carries this record's id: all its versions are one node."""
    return key_of(encode(_identity_parts(record)))


def _identity_parts(record: Plain) -> list[object]:
    if is_event(record):
        within = ["conversation", record["conversation"]] if record.get("conversation") else ["source", record["source"]]
        return ["event id", record["namespace"], *within, record["id"]]
    return ["id", record["namespace"], record["source"], record["id"]]


def is_confirmed(one: Observation, other: Observation) -> bool:
    """Tell whether two observations that differ share only keys of what they share: the hash finds, the record confirms."""
    if one.content == other.content and (one.key == other.key or _own_parts(one) != _own_parts(other)):
        return False
    is_one_thing = one.node == other.node and one.is_identity and other.is_identity
    return not is_one_thing or _identity_parts(one.record) == _identity_parts(other.record)


def _own_parts(seen: Observation) -> list[object]:
    return _content_parts(seen.record, exact_of(seen.record), is_identity=seen.is_identity)


@lru_cache(maxsize=10_000)
def namespace_number(namespace: str) -> int:
    """Return a signed 64-bit hash by which a database finds a namespace without comparing text."""
    return xxh3_64_intdigest(namespace.encode()) - 2**63


def scope_number(record: Plain) -> int:
    """Return an unsigned 64-bit hash of what two facts must share to be compared at all."""
    return _scope_number(record["namespace"], record.get("subject"))


@lru_cache(maxsize=10_000)
def _scope_number(namespace: str, subject: str | None) -> int:
    return xxh3_64_intdigest(encode([namespace, subject]))


def is_long_enough(text: str) -> bool:
    """Tell whether a canonical text says enough to be compared with others."""
    if len(text) >= _SURELY_ENOUGH_CHARS:
        return True
    return sum(max(len(word) - 1, 1) for word in text.split(" ")) >= FEWEST_SHINGLES
