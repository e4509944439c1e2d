"""memproc's own JSON lines: the fields of `Memory`, as users write them and as `export` does.

Facts: a line of `export` also holds `observations` (where the memory comes from; not read back). A line of `export --full` is
one observation, its key, its date and whether its id is an identity under `memproc`; or a decision; or a tombstone.
"""

from __future__ import annotations

from collections.abc import Iterator

from memproc.dedup.keys import Observation
from memproc.formats.draft import Broken, Context, Decided, Draft, Format, Item, Part
from memproc.records import encode
from memproc.validation import fault

ENVELOPE = "memproc"
PROVENANCE = "observations"
DECISION = "decision"
_KEYS_OF = {"merge": (2,), "distinct": (2,), "supersedes": (2,), "forgotten": (1, 2)}  # how many; a second one forgotten is a node


def matches(item: Item, fields: frozenset[str]) -> bool:
    """Tell whether an item has the fields of a memory and no others, or is a line of a full export."""
    return ("content" in item and item.keys() <= fields | {ENVELOPE, PROVENANCE}) or _is_decision(item) or is_whole(item)


def read(item: Item, _context: Context) -> Iterator[Part]:
    """Give the memory of one line."""
    if _is_decision(item):
        yield _decision(item)
    elif is_whole(item):
        envelope = item[ENVELOPE]
        fields = {name: value for name, value in item.items() if name != ENVELOPE}
        yield Draft(fields, is_identity=bool(envelope.get("identity")), as_of=envelope.get("as_of"))
    else:
        fields = dict(item)
        provenance = item.get(PROVENANCE)
        if isinstance(provenance, list) and all(isinstance(seen, dict) and "observation" in seen for seen in provenance):
            del fields[PROVENANCE]
        yield Draft(fields, is_identity=True)


def whole_line(seen: Observation) -> bytes:
    """Return an observation as one line of a full export, from which the very same is read."""
    envelope = {"observation": seen.key.hex(), "identity": seen.is_identity} | ({"as_of": seen.as_of} if seen.as_of else {})
    return encode({**seen.record, ENVELOPE: envelope})


def _is_decision(item: Item) -> bool:
    return DECISION in item and "keys" in item


def is_whole(item: Item) -> bool:
    """Tell a line of a full export."""
    envelope = item.get(ENVELOPE)
    return isinstance(envelope, dict) and "observation" in envelope


def _decision(item: Item) -> Part:
    keys = item.get("keys")
    verdict = item[DECISION]
    expected = _KEYS_OF.get(verdict, ()) if isinstance(verdict, str) else ()
    if not isinstance(keys, list) or len(keys) not in expected or not all(map(_is_key, keys)):
        return Broken(fault(DECISION, "not_a_decision", "is no decision of a full export"))
    return Decided(verdict, tuple(keys), str(item.get("note", "")))


def _is_key(key: object) -> bool:
    return isinstance(key, str) and len(key) == 32 and all(digit in "0123456789abcdef" for digit in key)  # noqa: PLR2004


FORMAT = Format("memproc", "memproc's own JSON lines: the fields of Memory", matches, read)
