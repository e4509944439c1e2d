"""Keys: what makes two records the same observation, the same content or the same node.

Rules:
- The key of an observation covers every accepted field (it is the hash of the record's JSON text) and whether the id is an
  identity. It never covers a file name, a position or a time of arrival.
- The content of a fact is its namespace, its subject, its exact text and its validity (without that, two stays in Berlin would
  be one). A fact that speaks of the day on which it was said also has that day in its content.
- The content of an event is also its conversation, its time and, if it has one, its id: an event is the same only if it is the
  same event.
- The node of a record whose id is an identity is that identity: namespace, source and id, for an event conversation and id. Any
  other record's node is its content.

Keys are 16 bytes of BLAKE2b over one JSON list, so that no two lists of parts give the same bytes. With a fast hash, somebody could
make two texts with one key on purpose, and so hide a record behind another.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from xxhash import xxh3_64_intdigest

from memproc.dedup.text.canonical import canonical
from memproc.dedup.text.telling import is_of_a_day
from memproc.records import Plain, encode, is_event

SCHEME = "7"  # increase it with every change of canonical text, gist, word lists or hashes
FEWEST_SHINGLES = 3
_SURELY_ENOUGH_CHARS = 12
_IDENTITY = b"identity"
_DAY_CHARS = len("2024-01-31")
KEY_BYTES = 16
Key = bytes


def key_of(said: bytes) -> Key:
    """Return the key of some bytes (Aumasson and others, "BLAKE2: simpler, smaller, fast as MD5", 2013)."""
    return blake2b(said, digest_size=KEY_BYTES).digest()


def observation_keys(jsons: Sequence[bytes], are_identities: Sequence[bool]) -> list[Key]:
    """Return the keys of observations, in order, given the JSON text of each and whether its id is an identity."""
    return [key_of(json + _IDENTITY if is_identity else json) for json, is_identity in zip(jsons, are_identities, strict=True)]


def text_of(record: Plain) -> str:
    """Return the canonical text of a record, or its content if the canonical text is empty."""
    return canonical(record["content"]) or record["content"]


def content_key(record: Plain, seen: str, *, is_identity: bool, may_be_of_a_day: bool = True) -> Key:
    """Return the content key of a record. `seen` is its exact text; `may_be_of_a_day` is false if that surely speaks of no day."""
    return key_of(encode(content_parts(record, seen, is_identity=is_identity, may_be_of_a_day=may_be_of_a_day)))


def content_parts(record: Plain, seen: str, *, is_identity: bool, may_be_of_a_day: bool = True) -> list[object]:
    """Return the parts from which the content key is made; `seen` is the exact text of the record."""
    if is_event(record):
        identity = record["id"] if is_identity else None
        where, when = [record["namespace"], record.get("conversation")], record.get("created_at")
        return ["event", *where, identity, record.get("subject"), when, seen]
    parts = ["fact", record["namespace"], record.get("subject"), record.get("valid_from"), record.get("valid_to"), seen]
    return [*parts, day] if may_be_of_a_day and (day := _day_of(record, seen)) else parts


def _day_of(record: Plain, seen: str) -> str | None:
    """Return the day on which a fact was said, if it speaks of that day ("yesterday"), else None."""
    day = day_of_telling(record)
    return day if day is not None and is_of_a_day(seen) else None


def day_of_telling(record: Plain) -> str | None:
    """Return the day of the `created_at` of a record, None without one."""
    created: str | None = record.get("created_at")
    return created and created[:_DAY_CHARS]


def identity_key(record: Plain) -> Key:
    """Return the key of the node of a record whose id is an identity: all versions with that id share it."""
    return key_of(encode(identity_parts(record)))


def identity_parts(record: Plain) -> list[object]:
    """Return the parts from which the key of an identity is made."""
    if is_event(record):
        within = ["conversation", record["conversation"]] if record.get("conversation") else ["source", record["source"]]
        return ["event id", record["namespace"], *within, record["id"]]
    return ["id", record["namespace"], record["source"], record["id"]]


@lru_cache(maxsize=10_000)
def namespace_number(namespace: str) -> int:
    """Return the 64-bit hash, as a signed integer, by which a database finds a namespace without comparing text."""
    return xxh3_64_intdigest(namespace.encode()) - 2**63


def scope_number(record: Plain) -> int:
    """Return the 64-bit hash, as an unsigned integer, of the namespace and subject: only facts that share both are compared."""
    return _scope_number(record["namespace"], record.get("subject"))


@lru_cache(maxsize=10_000)
def _scope_number(namespace: str, subject: str | None) -> int:
    return xxh3_64_intdigest(encode([namespace, subject]))


def is_long_enough(text: str) -> bool:
    """Tell whether a canonical text is long enough to be compared with others."""
    if len(text) >= _SURELY_ENOUGH_CHARS:
        return True
    return sum(max(len(word) - 1, 1) for word in text.split(" ")) >= FEWEST_SHINGLES
