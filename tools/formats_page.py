"""Write `docs/reference/formats.md` from the table of formats. Run: `python tools/formats_page.py`."""

from __future__ import annotations

from pathlib import Path

from memproc.formats import FORMATS

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/formats.md"
_HEAD = """# Formats

<!-- Written by tools/formats_page.py: change the table in memproc/formats/__init__.py, and run it. -->

memproc detects a format by the shape of the records, the first of this table that at least half of the first records have.
`--format NAME`, or `format=` in Python, sets it; `memproc formats` lists them too.
"On request" is what `--include NAME`, or `include=`, reads; otherwise it is counted and left out.
"Lists" are the names under which an object may wrap the records; the object may itself be in a `data`, `result` or `response`.

| format | what it is | on request | lists |
|---|---|---|---|
"""
_TAIL = """
A chat becomes messages, which are events: they never merge by likeness.
What a system calls a memory becomes a fact.
Embeddings are left out and counted, whatever the format.
[How to map your own JSON or CSV](../how-to/map-your-own-json-or-csv.md) says what `json` and `csv` make of names of their own.
"""


def page() -> str:
    """Return the text of the page."""
    rows = ([f"`{known.name}`", known.about, _in_code(known.options), _in_code(known.lists)] for known in FORMATS)
    return _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows) + _TAIL


def _in_code(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    PAGE.write_text(page())
