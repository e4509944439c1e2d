"""A report as CSV in long form: section, name, key, value; a row a figure. Pure.

Rules: the names are the keys of the JSON. What a list holds is named by its first field. A text that a table program would take for
a formula has an apostrophe before it, as it may come from a record.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Any

HEAD = ("section", "name", "key", "value")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def csv_of(values: Mapping[str, Any]) -> str:
    """Return the JSON values of a report as CSV.

    >>> csv_of({"job": 1, "errors": {"patterns": [{"code": "missing", "message": "=1+1"}]}}).splitlines()[1:]
    ['report,,job,1', 'errors,patterns missing,code,missing', "errors,patterns missing,message,'=1+1"]
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEAD)
    for section, value in values.items():
        if isinstance(value, Mapping | list | tuple):
            writer.writerows(_row(section, *row) for row in _rows("", value))
        else:
            writer.writerow(_row("report", "", section, value))
    return text.getvalue()


def _row(section: str, name: str, key: str, value: Any) -> tuple[str, ...]:
    return tuple(map(_safe, (section, name, key, value)))


def _safe(value: Any) -> str:
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULAS) else value
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _rows(name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Give name, key and value of each figure in a value, in order."""
    left: list[tuple[str, str, Any]] = [(name, "", value)]
    while left:
        within, key, one = left.pop()
        if isinstance(one, Mapping | list | tuple):
            left += reversed([*_parts(within, one)])
        else:
            yield within, key, one


def _parts(name: str, value: Any) -> Iterator[tuple[str, str, Any]]:
    """Give what is directly in a mapping or a list: what holds more under the name that it has there."""
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield (f"{name} {key}".strip(), "", one) if isinstance(one, Mapping | list | tuple) else (name, str(key), one)
        return
    for at, one in enumerate(value):
        if isinstance(one, Mapping):
            yield f"{name} {next(iter(one.values()))}".strip(), "", one
        elif isinstance(one, list | tuple):
            yield name, *one
        else:
            yield name, str(at), one
