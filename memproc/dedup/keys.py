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

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

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


class Accepted(NamedTuple):
    """A record that passed validation: its plain form, the one JSON text of that, whether its id is an identity, and the date that
    its source gives for itself, as fixed-width UTC text.
    """

    record: Plain
    json: bytes
    is_identity: bool
    as_of: str | None


class Grouped(NamedTuple):
    """What a fact merges by: its group, the kinds of benign difference to its gist, and the groups that it would be in if one of
    its tokens were a slip.
    """

    group: Key
    benign: tuple[str, ...] = ()
    mends: tuple[Key, ...] = ()


class Prepared(NamedTuple):
    """An observation on its way into a store, as bytes, numbers and text, so that it travels lightly between processes.

    `json` is its one JSON text, `text` its compared text: the canonical text, without a near tier the exact text, and where nothing
    is compared the content; `namespace` and `scope` are hashes of whose it is and of what two facts must share to be compared at
    all; `changed_at` is when it says it was last changed, in microseconds since 1970.
    `is_near` tells whether it takes part in the near tier. `mends` are the cores that it would have if one of its tokens were a
    slip. `chains` are the hashes of the chains it is in, `bands` its hashes in the index, empty as long as it is not signed;
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
    is_near: bool = False
    mends: tuple[int, ...] = ()
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


def prepare(record: Plain, *, is_identity: bool, as_of: str | None, policy: Policy) -> Prepared:
    """Return a plain record with its keys, under the policy of its store; it is not signed."""
    return prepare_all([Accepted(record, encode(record), is_identity, as_of)], policy)[0]


def prepare_all(accepted: Sequence[Accepted], policy: Policy) -> list[Prepared]:
    """Return records with their keys, in their order: first their texts are read, then all else is made of that."""
    readings = [_read(one.record, policy) for one in accepted]
    return [_prepared(one, *found, policy) for one, found in zip(accepted, readings, strict=True)]


def _read(record: Plain, policy: Policy) -> tuple[str, str, Skim | None]:
    """Return the exact and the compared text of a record, and what is skimmed of it if it may take part in the near tier."""
    if policy.dedup == "off":
        return record["content"], record["content"], None
    seen = exact_of(record)
    if policy.dedup == "exact":
        return seen, seen, None
    if is_event(record):
        return seen, canonical(seen) or seen, None
    skimmed = skim(seen)
    return seen, skimmed.text or seen, skimmed


def _prepared(accepted: Accepted, seen: str, text: str, skimmed: Skim | None, policy: Policy) -> Prepared:
    record, json, is_identity, as_of = accepted
    key = key_of(json + _IDENTITY if is_identity else json)
    scope = _scope_number(record["namespace"], record.get("subject"))
    changed = last_changed(record)
    micros = None if changed is None else to_micros(changed)
    rest = (is_identity, as_of, json, text, namespace_number(record["namespace"]), scope, micros)
    if policy.dedup == "off":
        return Prepared(key, key, key, _core_of_key(key), *rest)
    may_be_of_a_day = skimmed is None or skimmed.may_be_of_a_day
    content = content_key(record, seen, is_identity=is_identity, may_be_of_a_day=may_be_of_a_day)
    node = identity_key(record) if is_identity else content
    if skimmed is None:
        return Prepared(key, node, content, _core_of_key(content), *rest)
    is_near = is_long_enough(text)
    is_dated = is_near and (changed is not None or as_of is not None)
    chains = chain_hashes(text, scope, is_dated=is_dated)
    if not merges_by_likeness(policy):
        return Prepared(key, node, content, _core_of_key(content), *rest, is_near, chains=chains)
    whose = scope if not ("valid_from" in record or "valid_to" in record) else _validity(record, scope)
    mends = tuple([_within(mend, whose) for mend in skimmed.mends]) if is_near else ()
    return Prepared(key, node, content, _within(skimmed.core, whose), *rest, is_near, mends, chains)


def merges_by_likeness(policy: Policy) -> bool:
    """Tell whether anything merges that is not the same content."""
    return policy.dedup == "near" and not policy.refuses_to_merge and trust_in_writing() >= policy.merge_at


def _core_of_key(key: Key) -> int:
    return int.from_bytes(key[:_CORE_BYTES], "big", signed=True)


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
