"""LangMem: what its managers extract, an id and a content each.

Facts: the content is an object of the schema that the application gave: `{"content": "..."}` by default, or a triple of `subject`,
`predicate` and `object`, or fields of its own. A manager that wants a memory removed gives a content with `json_doc_id`. In a store
the same stands in items of LangGraph (`langgraph.py`).

Rules: a memory is a fact under its id. A triple is a sentence about its subject, with a relation to its object. Of other fields a
text under a usual name is the memory, else all names and values are; the rest goes to `metadata`.

Left out: removals; embeddings.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats.cells import EMBEDDINGS, without_embeddings
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, beside, without_nones
from memproc.formats.usual_names import USUAL_NAMES
from memproc.validation import fault
from memproc.values import is_blank

TEXTS = USUAL_NAMES["content"]
_TRIPLE = ("subject", "predicate", "object")
_REMOVED = "json_doc_id"
_NAMES = frozenset(("id", "content", "kind"))


def triple_of(content: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the fields of a memory that a triple makes, None if a content is none."""
    subject, predicate, target = (content.get(name) for name in _TRIPLE)
    if not all(isinstance(one, str) and not is_blank(one) for one in (subject, predicate, target)):
        return None
    context = content.get("context")
    more = f" ({context})" if isinstance(context, str) and not is_blank(context) else ""
    return {
        "content": f"{subject} {predicate} {target}{more}",
        "subject": subject,
        "relations": [{"type": predicate, "target": target, "target_kind": "entity"}],
    }


def plainly(content: Mapping[str, Any]) -> str | None:
    """Return the names and plain values of an object as text, or None if it has none."""
    plain = [f"{name}: {one}" for name, one in content.items() if isinstance(one, str | int | float) and not is_blank(one)]
    return "\n".join(plain) or None


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("id"), str) and isinstance(item.get("content"), dict) and item.keys() <= _NAMES


def _read(item: Item, _context: Context) -> Iterator[Part]:
    content = item.get("content")
    if not isinstance(content, dict):
        yield Broken(fault("content", "missing", "a memory of LangMem has an object as its content"))
        return
    if _REMOVED in content:
        yield LeftOut("removals")
        return
    triple = triple_of(content)
    name = next((name for name in TEXTS if isinstance(content.get(name), str) and not is_blank(content[name])), None)
    text = content[name] if name else plainly(content)
    if triple is None and text is None:
        yield Broken(fault("content", "missing", f"has no text under {', '.join(TEXTS)}"))
        return
    rest = {} if triple else {other: value for other, value in content.items() if other != name and not is_blank(value)}
    rest = {} if name is None else rest
    rest, dropped = without_embeddings(rest)
    kind = {} if is_blank(item.get("kind")) else {"kind": item["kind"]}
    fields = {"content": text, **(triple or {}), "id": item.get("id"), "metadata": beside(rest, kind, "langmem_") or None}
    yield Draft(without_nones(fields), is_identity=not is_blank(item.get("id")))
    if dropped:
        yield LeftOut(EMBEDDINGS, dropped)


FORMAT = Format("langmem", "LangMem: memories as its managers extract them, an id and a content each", _matches, _read)
