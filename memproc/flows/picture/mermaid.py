"""A picture as a Mermaid flowchart, for pages that render those."""

from __future__ import annotations

from memproc.flows.picture.drawing import Box, Drawn

_COLOURS = {
    "done": "fill:#d7f0dd,stroke:#1a7f37,color:#0b3d1a",
    "failed": "fill:#fbdcd9,stroke:#b42318,color:#5c120c",
    "running": "fill:#d9e8fb,stroke:#1f5fbf,color:#0d2f61",
    "asking": "fill:#fdf0cf,stroke:#9a6700,color:#4d3400",
    "skipped": "fill:#eceff2,stroke:#6b7580,color:#3d444b",
    "due": "fill:#ffffff,stroke:#6b7580,color:#24292f",
}


def mermaid(picture: Drawn) -> str:
    """Return the text of a flowchart."""
    lines = ["flowchart TD"]
    lines += [f'  s_{box.id}["{_label(box)}"]' for box in picture.boxes]
    lines += [f"  s_{arrow.start} {'-->' if arrow.is_needed else '-.->'} s_{arrow.end}" for arrow in picture.arrows]
    seen = {box.status for box in picture.boxes if box.status is not None}
    lines += [f"  classDef {status} {_COLOURS[status]}" for status in _COLOURS if status in seen]
    lines += [f"  class s_{box.id} {box.status}" for box in picture.boxes if box.status is not None]
    return "\n".join(lines) + "\n"


def _label(box: Box) -> str:
    head = f"{box.id} ({box.do})" + (f": {box.status}" if box.status else "")
    return "<br/>".join(_escaped(part) for part in (head, *([box.about] if box.about else []), *box.notes))


def _escaped(text: str) -> str:
    """Return a text in which nothing means anything to Mermaid or to HTML.

    >>> _escaped('a "b" <c>')
    'a #quot;b#quot; #lt;c#gt;'
    """
    named = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "&": "#amp;", "`": "#96;", "\n": " ", "\\": "#92;"}
    return "".join(named.get(mark, mark) for mark in text)
