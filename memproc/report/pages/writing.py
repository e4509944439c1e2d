"""A report as text in each form, and as a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, cast

import orjson

from memproc.config import ReportForm
from memproc.errors import UsageError
from memproc.report.pages.comparison import comparison_page
from memproc.report.pages.html import html_of
from memproc.report.pages.long_rows import csv_of
from memproc.report.pages.markdown import markdown_of
from memproc.report.pages.parts import Page
from memproc.report.pages.sections import page_of
from memproc.report.store_report import Comparison, StoreReport, Written
from memproc.writing import written

_FORMS: Mapping[ReportForm, Callable[[Written], str]] = {
    "html": lambda report: html_of(_page(report)),
    "md": lambda report: markdown_of(_page(report)),
    "csv": lambda report: csv_of(report.as_dict()),
    "json": lambda report: orjson.dumps(report.as_dict(), option=orjson.OPT_INDENT_2).decode() + "\n",
}
_ENDINGS: Mapping[str, ReportForm] = {**{f".{form}": form for form in _FORMS}, ".htm": "html", ".markdown": "md"}


def text_of(report: Written, form: ReportForm) -> str:
    """Return a report as text. Raises UsageError on a form that there is not."""
    if form not in _FORMS:
        raise UsageError(f"a report in the form {form!r}: choose one of {', '.join(_FORMS)}")
    return _FORMS[form](report)


def form_of(to: str | Path | IO[bytes]) -> ReportForm:
    """Return the form that the name of a file ends with. Raises UsageError if it is none."""
    found = _ENDINGS.get(Path(to).suffix.lower()) if isinstance(to, str | Path) else None
    if found is None:
        told = str(to) if isinstance(to, str | Path) else "a stream"
        raise UsageError(f"the form of a report to {told} is not known: name it .{', .'.join(_FORMS)}, or give the form")
    return found


def write(report: Written, to: str | Path | IO[bytes], form: ReportForm | None) -> None:
    """Write a report to a file or a stream."""
    text = text_of(report, form or form_of(to))
    written(to, [text.encode("utf-8", "replace")], is_private=True)


def _page(report: Written) -> Page:
    return comparison_page(report) if isinstance(report, Comparison) else page_of(cast("StoreReport", report))
