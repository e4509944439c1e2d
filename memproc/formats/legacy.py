"""memproc's own records before schema version 1: flat, with emotion and links next to the text.

Facts: `text`, `timestamp` (epoch seconds), `emotion` and `emotion_score` (0..1), `links` (ids, or objects with `to`, `type` and
`weight`), `user`, `who`, `tags` (a list or a comma-separated text), `importance`, `id`. Ids were numbers or text.

Rules: `user` becomes the namespace, `who` the subject. `emotion_score` becomes the intensity, because it said how strong the
emotion was, not how pleasant or how certain. A link without a type is `related_to`. Everything else goes to `metadata`, as
`v0_<name>` if the name is taken there. Links with further fields are also kept there as given.

Left out: `schema_version`, which is 0 and no longer true of the converted record; embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats.cells import EMBEDDINGS, tags_of, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, listed, with_raw_times, without_nones
from memproc.records.emotions import label_of
from memproc.records.storable import LARGEST_INTEGER
from memproc.validation import fault
from memproc.values import is_blank

_KNOWN = frozenset(
    ("text", "timestamp", "emotion", "emotion_score", "links", "user", "who", "tags", "importance", "id", "schema_version")
)
_LINK_NAMES = frozenset(("to", "type", "weight"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    if not isinstance(item.get("text"), str) or "content" in item:
        return False
    is_timed = isinstance(item.get("timestamp"), int | float) and isinstance(item.get("emotion"), str)
    return is_timed or "emotion_score" in item or "links" in item or item.get("schema_version") == 0


def _read(item: Item, _context: Context) -> Iterator[Part]:
    if item.get("text") is None:
        yield Broken(fault("text", "missing", "a record of schema version 0 has its words in text"))
        return
    metadata, dropped = without_embeddings(_metadata(item))
    fields = {
        "content": item["text"],
        "id": item.get("id"),
        "namespace": _as_name(item.get("user")),
        "subject": _as_name(item.get("who")),
        "created_at": item.get("timestamp"),
        "tags": tags_of(item.get("tags")),
        "importance": item.get("importance"),
        "emotion": _emotion(item.get("emotion"), item.get("emotion_score")),
        "relations": [_relation(link) for link in _links(item)] or None,
        "metadata": metadata,
    }
    yield Draft(with_raw_times(without_nones(fields)), is_identity=item.get("id") is not None)
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


def _as_name(value: object) -> object:
    """Return an integer id as text, and invisible text as None. Validation judges the rest."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
        return str(value)
    return None if is_blank(value) else value


def _emotion(label: object, score: object) -> object:
    """Return the emotional context; an object without a score is taken to be one already."""
    if isinstance(label, dict) and score is None:
        return label
    name = _as_name(label)
    said = without_nones({"label": label_of(name) if isinstance(name, str) else name, "intensity": score})
    return {**said, "source": "import"} if said else None


def _links(item: Item) -> list[Any]:
    return [link for link in listed(item.get("links")) if link is not None]


def _relation(link: object) -> dict[str, Any]:
    given = link if isinstance(link, dict) else {"to": link}
    kind = given.get("type")
    fields = {"type": "related_to" if is_blank(kind) else kind, "target": _as_name(given.get("to"))}
    return without_nones({**fields, "target_kind": "memory", "weight": given.get("weight")})


def _metadata(item: Item) -> dict[str, Any]:
    given = item.get("metadata")
    own = given if isinstance(given, dict) else {}
    known = _KNOWN | ({"metadata"} if isinstance(given, dict) else set())
    rest = {name: value for name, value in item.items() if name not in known and value is not None}
    if any(isinstance(link, dict) and not _LINK_NAMES.issuperset(link) for link in _links(item)):
        rest["links"] = item["links"]
    return beside(own, rest, "v0_")


FORMAT = Format(
    name="memproc-v0",
    about="memproc records before schema version 1: text, timestamp, emotion_score, links",
    matches=_matches,
    read=_read,
)
