"""memproc's own JSON lines: what `export` and `export --full` write.

Facts: a line of `export` holds the fields of a memory, `memproc_version`, and `observations` (where the memory comes from; not read
back). A full export begins with a head line. After that each line is a decision, a tombstone, or one observation, with its key, its
date and whether its id is an identity under `memproc`.

Rules: only these marks identify the format, never the names of fields, which anybody may use. In this format an id is an identity
and an unknown field is a fault. Decisions change what is in the store already, so they are read from a full export only, and
applied only if the caller trusts them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeGuard, get_args

from memproc.config import Verdict
from memproc.dedup.keys import Key
from memproc.dedup.observation import Observation
from memproc.dedup.review_policy import is_policy_name
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, Item, LeftOut, Part, told_elsewhere
from memproc.records import SCHEMA_VERSION, Fault, encode
from memproc.records.versions import VERSION_FIELD
from memproc.validation import fault

VERSION = "memproc_version"
MARK = {VERSION: SCHEMA_VERSION}
HEAD = {**MARK, "export": "full"}
ENVELOPE = "memproc"
PROVENANCE = "observations"
LEADS_TO = "leads_to"  # of a relation that is written as a graph: the memory it leads to, or None
DECISION, POLICY = "decision", "policy"
_KEYS_OF = {**dict.fromkeys(get_args(Verdict), (2,)), "forgotten": (1, 2), "expired": (1,)}  # the second of "forgotten" is a node
DECISIONS, TOMBSTONES = "decisions", "tombstones"  # the kinds that are left out if they are not trusted


def is_marked(item: Item, _fields: frozenset[str] = frozenset()) -> bool:
    """Return whether an item has a mark that memproc writes: a version, or the envelope of a whole observation."""
    return type(item.get(VERSION)) is int or is_whole(item)


def is_whole(item: Item) -> bool:
    """Return whether an item is a whole observation, a line of a full export."""
    told = item.get(ENVELOPE)
    return isinstance(told, dict) and "observation" in told


def is_head(item: object) -> TypeGuard[Item]:
    """Return whether an item is the head line of a full export of any version."""
    return isinstance(item, Mapping) and VERSION in item and item.get("export") == HEAD["export"] and "content" not in item


def version_fault(item: Item) -> Fault | None:
    """Return the fault of the version that an item is marked with; None if it is supported or missing."""
    if VERSION not in item:
        return None
    version = item[VERSION]
    if type(version) is not int or version < 1:
        return fault(VERSION, "not_a_version", f"is no version of memproc's own format; this memproc writes {SCHEMA_VERSION}")
    if version > SCHEMA_VERSION:
        return fault(
            VERSION,
            "newer_version",
            "was written by a newer memproc: version ",
            str(version),
            f", this one reads {SCHEMA_VERSION}",
        )
    return None


def read(item: Item, context: Context) -> Iterator[Part]:
    """Yield the memory of one line."""
    if (found := version_fault(item)) is not None:
        yield Broken(found)
    elif is_head(item):
        yield Broken(fault("", "misplaced_head", "is the head line of a full export, behind other records"))
    elif _is_decision(item):
        yield Broken(fault(DECISION, "misplaced_decision", "is a decision, and this is no full export"))
    elif is_whole(item):
        told = item[ENVELOPE]
        yield Draft(_fields(item, context, ENVELOPE), is_identity=bool(told.get("identity")), as_of=told.get("as_of"))
    else:
        provenance = item.get(PROVENANCE)
        is_written = isinstance(provenance, list) and all(isinstance(seen, dict) and "observation" in seen for seen in provenance)
        yield Draft(_fields(item, context, *([PROVENANCE] if is_written else [])), is_identity=True)


def _read_full(item: Item, context: Context) -> Iterator[Part]:
    """Yield what one line of a full export holds. A further head line comes from another export appended to the first."""
    if is_head(item) and version_fault(item) is None:
        yield LeftOut("head lines of further exports")
    elif _is_decision(item):
        decision = _decision(item)
        if isinstance(decision, Decided) and not context.trusts_decisions:
            yield LeftOut(TOMBSTONES if decision.verdict == "forgotten" else DECISIONS)
        else:
            yield decision
    else:
        yield from read(item, context)


def whole_line(seen: Observation) -> bytes:
    """Return an observation as one line of a full export, from which the identical observation is read back."""
    return encode({**seen.record, **envelope(seen.key, seen.as_of, is_identity=seen.is_identity)})


def envelope(key: Key, as_of: str | None, *, is_identity: bool) -> dict[str, object]:
    """Return what the line of an observation has besides its record."""
    return {ENVELOPE: {"observation": key.hex(), "identity": is_identity} | ({"as_of": as_of} if as_of else {})}


def _fields(item: Item, context: Context, *names: str) -> dict[str, object]:
    """Return the fields of a line without these names. One without a version of its schema is from before the schema had any."""
    oldest = {VERSION_FIELD: context.older_versions[0]} if context.older_versions else {}
    return {**oldest, **_without(item, VERSION, *names)}


def _without(item: Item, *names: str) -> dict[str, object]:
    return {name: value for name, value in item.items() if name not in names}


def _is_decision(item: Item) -> bool:
    return DECISION in item and "keys" in item and "content" not in item


def _decision(item: Item) -> Decided | Broken:
    keys, policy = item.get("keys"), item.get(POLICY, "")
    verdict = item[DECISION]
    expected = _KEYS_OF.get(verdict, ()) if isinstance(verdict, str) else ()
    is_named = is_policy_name(policy) or (policy == "" and verdict != "expired")
    if not isinstance(keys, list) or len(keys) not in expected or not all(map(_is_key, keys)) or not is_named:
        return Broken(fault(DECISION, "not_a_decision", "is no decision of a full export"))
    return Decided(verdict, tuple(keys), policy)


def _is_key(key: object) -> bool:
    return isinstance(key, str) and len(key) == 32 and all(digit in "0123456789abcdef" for digit in key)  # noqa: PLR2004


FORMAT = Format("memproc", "memproc's own JSON lines, as export writes them", is_marked, read)
FULL = Format("memproc-full", "a full export, as export --full writes it: observations and decisions", told_elsewhere, _read_full)
