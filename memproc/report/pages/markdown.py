"""A page as Markdown: headings, sentences and tables; what charts show is in their tables. Pure.

Rules: whatever stands for Markdown or HTML in a cell or a sentence is escaped, and a line break in it becomes a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from memproc.report.pages.parts import Cell, Kind, Page, Section, Table, shown

_MARKS = re.compile(r"([\\`*_{}\[\]#|~!])")
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_BLANKS = re.compile(r"\s+")


def markdown_of(page: Page) -> str:
    """Return a page as Markdown."""
    return "\n".join(_lines(page)) + "\n"


def escaped(text: str) -> str:
    r"""Return a text as Markdown that shows it as it is.

    >>> escaped("a | <b>*c*</b>")
    'a \\| &lt;b&gt;\\*c\\*&lt;/b&gt;'
    """
    return _MARKS.sub(r"\\\1", _BLANKS.sub(" ", shown(text)).translate(_ENTITIES))


def _lines(page: Page) -> Iterator[str]:
    yield f"# {escaped(page.title)}"
    for line in page.lines:
        yield f"\n{escaped(line)}"
    for section in page.sections:
        yield f"\n## {escaped(section.title)}"
        yield from _section(section)


def _section(section: Section) -> Iterator[str]:
    for line in section.lines:
        yield f"\n{escaped(line)}"
    if section.facts:
        yield ""
        yield from (f"- {escaped(fact.label)}: {_cell(fact.value, fact.kind)}" for fact in section.facts)
    for one in section.callouts:
        yield f"\n**{escaped(one.head)}**"
        yield from (f"\n{escaped(line)}" for line in one.lines)
    for table in section.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[str]:
    yield f"\n### {escaped(table.caption)}\n"
    yield f"| {' | '.join(escaped(column.head) for column in table.columns)} |"
    yield f"|{'|'.join('---' if column.kind == 'text' else '--:' for column in table.columns)}|"
    for row in table.rows:
        cells = (_cell(value, column.kind) for value, column in zip(row, table.columns, strict=True))
        yield f"| {' | '.join(cells)} |"


def _cell(value: Cell, kind: Kind) -> str:
    return escaped(shown(value, kind))
