"""Two jobs side by side, as a page. Pure."""

from __future__ import annotations

from itertools import groupby

from memproc.report.pages.parts import Column, Page, Section, Table
from memproc.report.store_report import Comparison

_TITLES = {
    "job": "What was read, and how",
    "outcomes": "Outcomes",
    "errors": "Quarantined records by category",
    "duplicates": "Duplicates",
    "pace": "Throughput, latency, memory",
    "stages": "Time by stage",
    "fields": "Fields",
}


def comparison_page(found: Comparison) -> Page:
    """Return a comparison as a page: a table for each part."""
    one, other = f"job {found.one}", f"job {found.other}"
    columns = (Column("figure"), Column(one, "number"), Column(other, "number"), Column("change", "change"))
    sections = []
    for part, figures in groupby(found.figures, key=lambda figure: figure.part):
        rows = tuple((figure.name, figure.one, figure.other, figure.change) for figure in figures)
        title = _TITLES.get(part, part)
        sections.append(Section(part, title, tables=(Table(part, f"{title}: {one} and {other}", columns, rows),)))
    lines = [f"{found.store or 'A store of memproc'}, as it was on {found.made_at[:10]} {found.made_at[11:19]} UTC."]
    if found.is_redacted:
        lines.append("It says nothing of what records hold: texts, values and names are left out.")
    return Page(f"Job {found.one} and job {found.other}", tuple(lines), tuple(sections))
