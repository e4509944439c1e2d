"""Keys: what makes two records the same observation, the same content, the same node, the same group.

Rules:
- observation: every accepted field (the hash of its one JSON text), and whether its id is an identity. Never a file name, a
  position or a time of arrival.
- content of a fact: namespace, subject, exact text, when it is valid (else two stays in Berlin would be one), and of a fact that
  speaks of the day on which it was said, that day.
- content of an event: also conversation, time and, if it has one, id; an event is the same only when it is the same event.
- node: the identity of a record that carries one (namespace, source and id; of an event conversation and id), else the
  content.
- group: what may merge. The gist of a fact in its namespace and subject, with what is telling in the way it is written; where the
  gist is too short or too far from the text its plain tokens, and for events the content itself. Which groups it may stand for is
  the union of what its observations say.

All keys are 16 bytes of BLAKE2b over one JSON list, so that no two lists of parts run together. Two texts with one key cannot be
made on purpose, as they can for a hash that is only quick: whoever could would hide a record behind another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from math import sqrt
from typing import NamedTuple

import orjson
from xxhash import xxh3_64_intdigest

from memproc.config import Policy
from memproc.dedup.canonical import canonical
from memproc.dedup.chains import chain_hashes
from memproc.dedup.exact import exact
from memproc.dedup.gist import Gist, Mend, Reading, plain_tokens, read
from memproc.dedup.telling import is_of_a_day
from memproc.dedup.words import trust, trust_in_writing
from memproc.records import Plain, encode, is_event, last_changed
from memproc.times import to_micros

SCHEME = "6"  # changes with everything that changes a key: canonical text, gist, word lists, hashes
FEWEST_SHINGLES = 3
_SURELY_ENOUGH_CHARS = 12
_IDENTITY = b"identity"
_DAY_CHARS = len("2024-01-31")
KEY_BYTES = 16

Key = bytes


def key_of(said: bytes) -> Key:
    """Return the key of some bytes (Aumasson and others, "BLAKE2: simpler, smaller, fast as MD5", 2013)."""
    return blake2b(said, digest_size=KEY_BYTES).digest()


class Observation(NamedTuple):
    """An accepted record with its keys. `as_of` is the date its source gives for itself, as fixed-width UTC text; `length`
    the number of characters of its compared text; `benign` the kinds of benign difference between its text and its gist.
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


class Prepared(NamedTuple):
    """An observation on its way into a store, as bytes, numbers and text, so that it travels lightly between processes.

    `json` is its one JSON text, `text` its compared text: the canonical text, without a near tier the exact text, and where nothing
    is compared the content; `namespace` and `scope` are hashes of whose it is and of what two facts must share to be compared at
    all; `changed_at` is when it says it was last changed, in microseconds since 1970.
    `is_near` tells whether it takes part in the near tier, `is_english` whether it shows itself to be English. `mends` are the
    groups that it would be in if one of its tokens were a slip, `slips` for each of these that token and what it would stand
    for, if nothing else differs. `chains` are the hashes of the chains it is in, `bands` its hashes in the index, empty as long as
    it is not signed.
    """

    key: Key
    node: Key
    content: Key
    group: Key
    is_identity: bool
    as_of: str | None
    json: bytes
    text: str
    namespace: int
    scope: int
    changed_at: int | None
    benign: tuple[str, ...] = ()
    is_near: bool = False
    is_english: bool = False
    mends: tuple[Key, ...] = ()
    slips: tuple[tuple[str, str] | None, ...] = ()
    chains: tuple[int, int] = (0, 0)
    bands: bytes = b""

    @property
    def observation(self) -> Observation:
        """The observation, its record read again from its JSON text."""
        keys = self.key, self.node, self.content, self.group
        return Observation(*keys, self.is_identity, self.as_of, len(self.text), self.benign, orjson.loads(self.json))


def prepare(record: Plain, *, is_identity: bool, as_of: str | None, policy: Policy) -> Prepared:
    """Return a plain record with its keys, under the policy of its store; it is not signed."""
    return prepare_all([Accepted(record, encode(record), is_identity, as_of)], policy)[0]


def prepare_all(accepted: Sequence[Accepted], policy: Policy) -> list[Prepared]:
    """Return records with their keys, in their order: first their texts are read, then all else is made of that."""
    readings = [_read(one.record, policy) for one in accepted]
    return [_prepared(one, *found, policy) for one, found in zip(accepted, readings, strict=True)]


def _read(record: Plain, policy: Policy) -> tuple[str, str, Reading | None]:
    """Return the exact and the compared text of a record, and how it is read if it may take part in the near tier."""
    content: str = record["content"]
    if policy.dedup == "off":
        return content, content, None
    seen = exact(content) or content
    if policy.dedup == "exact":
        return seen, seen, None
    if is_event(record):
        return seen, canonical(seen) or seen, None
    reading = read(seen)
    return seen, reading.text or seen, reading


def _prepared(accepted: Accepted, seen: str, text: str, reading: Reading | None, policy: Policy) -> Prepared:
    record, json, is_identity, as_of = accepted
    key = key_of(json + _IDENTITY if is_identity else json)
    scope = _scope_number(record["namespace"], record.get("subject"))
    changed = last_changed(record)
    micros = None if changed is None else to_micros(changed)
    rest = (is_identity, as_of, json, text, namespace_number(record["namespace"]), scope, micros)
    if policy.dedup == "off":
        return Prepared(key, key, key, key, *rest)
    content = content_key(record, seen, is_identity=is_identity)
    node = identity_key(record) if is_identity else content
    if reading is None:
        return Prepared(key, node, content, content, *rest)
    gist = reading.gist
    is_near = _is_long_enough(text)
    chains = chain_hashes(text, None if not is_near or (changed is None and as_of is None) else gist, scope)
    least = sqrt(policy.merge_at)  # two texts as close as this to one gist are within merge_at of each other
    if policy.refuses_to_merge or trust_in_writing() < policy.merge_at:
        return Prepared(key, node, content, content, *rest, gist.dropped, is_near, gist.is_english, chains=chains)
    if not is_near or not gist.is_long_enough or gist.confidence < least:
        plain = plain_tokens(seen)
        group = group_key(record, plain, reading) if plain else content
        return Prepared(key, node, content, group, *rest, (), is_near, gist.is_english, chains=chains)
    group = group_key(record, gist.tokens, reading)
    meant = gist.mends_in(seen) if gist.odd and trust()["slip"] >= least else ()
    mends = tuple([group_key(record, mend.tokens, reading) for mend in meant])
    slips = tuple([_slip_in(gist, mend) for mend in meant])
    return Prepared(key, node, content, group, *rest, gist.dropped, True, gist.is_english, mends, slips, chains)


def text_of(record: Plain) -> str:
    """Return the canonical text of a record, or its content where nothing is left of that."""
    return canonical(record["content"]) or record["content"]


def exact_of(record: Plain) -> str:
    """Return the exact text of a record, or its content where nothing is left of that."""
    return exact(record["content"]) or record["content"]


def content_key(record: Plain, seen: str, *, is_identity: bool) -> Key:
    """Return the key of what a record says; `seen` is its exact text."""
    return key_of(encode(_content_parts(record, seen, is_identity=is_identity)))


def _content_parts(record: Plain, seen: str, *, is_identity: bool) -> list[object]:
    """Return what makes the content of a record; `seen` is its exact text."""
    if is_event(record):
        own = record["id"] if is_identity else None
        where, when = [record["namespace"], record.get("conversation")], record.get("created_at")
        return ["event", *where, own, record.get("subject"), when, seen]
    parts = ["fact", record["namespace"], record.get("subject"), record.get("valid_from"), record.get("valid_to"), seen]
    return [*parts, day] if (day := _day_of(record, seen)) else parts


def _day_of(record: Plain, seen: str) -> str | None:
    """Return the day of which a fact speaks that speaks of the day on which it was said."""
    created = record.get("created_at")
    return created[:_DAY_CHARS] if created is not None and is_of_a_day(seen) else None


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


def group_key(record: Plain, tokens: tuple[str, ...], reading: Reading) -> Key:
    """Return the key of all facts of one subject that have these tokens and tell the same by the way they are written."""
    parts = ["gist", record["namespace"], record.get("subject"), record.get("valid_from"), record.get("valid_to"), " ".join(tokens)]
    marks, is_of_a_day = reading.telling
    if marks:
        parts.append([*marks])
    if is_of_a_day and (created := record.get("created_at")):
        parts.append(created[:_DAY_CHARS])
    return key_of(encode(parts))


def _slip_in(gist: Gist, mend: Mend) -> tuple[str, str] | None:
    """Return the token that a mend changes, and what it makes of it; None where more changes with it, as of a slip in a filler."""
    if len(gist.tokens) != len(mend.tokens):
        return None
    changed = [(odd, meant) for odd, meant in zip(gist.tokens, mend.tokens, strict=True) if odd != meant]
    return changed[0] if len(changed) == 1 else None


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


def _is_long_enough(text: str) -> bool:
    if len(text) >= _SURELY_ENOUGH_CHARS:
        return True
    return sum(max(len(word) - 1, 1) for word in text.split(" ")) >= FEWEST_SHINGLES
