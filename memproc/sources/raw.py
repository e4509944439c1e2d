"""The raw bytes of a record that never was bytes, as quarantine keeps them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, time
from typing import Any

import orjson

from memproc.records import Given

LEVELS_SHOWN = 5
_ADDRESS = re.compile(r" at 0x[0-9a-f]+(?=>)")  # it differs in every process, so equal records would differ


def raw_bytes(value: object) -> bytes:
    """Return the bytes of a value that never was bytes: lossless JSON if that is possible, otherwise its `repr`, which is not JSON.

    So a record is never replayed as something that it was not. Objects of the caller's classes are not read: that may do anything.
    """
    kind = type(value)
    plain = value.record if kind is Given else value  # type: ignore[attr-defined]
    if kind in (dict, list, Given) or not issubclass(kind, Mapping):
        for write in (_finite_json, _any_json, _representation):
            with suppress(Exception):  # even a `repr` may fail
                return write(plain)
    return f"<{kind.__qualname__} object>".encode("utf-8", "backslashreplace")


def _finite_json(value: object) -> bytes:
    _check_plain(value)
    raw = orjson.dumps(value, _day_or_time, orjson.OPT_PASSTHROUGH_DATETIME)  # orjson aborts the process if a time zone raises
    if b"null" in raw:
        json.dumps(value, allow_nan=False, default=str)  # raises on NaN and infinities, which orjson turns into null
    return raw


def _day_or_time(value: object) -> str:
    if isinstance(value, date | time):
        return value.isoformat()
    raise TypeError


def _any_json(value: object) -> bytes:
    _check_plain(value)
    return json.dumps(value).encode()


def _check_plain(value: Any) -> None:
    """Raise on a container of the caller's classes, because reading it may do anything, and on a name that is not text, because
    JSON would turn it into text.
    """
    kind = type(value)
    if kind is dict:
        "".join(value)
    elif kind not in (list, tuple):
        if issubclass(kind, Mapping | list | tuple):
            raise TypeError(kind.__qualname__)
        return
    for item in value.values() if kind is dict else value:
        _check_plain(item)


def _representation(value: object, levels: int = LEVELS_SHOWN) -> bytes:
    return _ADDRESS.sub("", _shown(value, levels)).encode("utf-8", "backslashreplace")


def _shown(value: Any, levels: int) -> str:
    """Return the `repr` of a value; if that fails, of what is in it."""
    try:
        return repr(value)
    except Exception:  # noqa: BLE001 - of the caller's own making
        if type(value) is dict and levels:
            return f"{{{', '.join(f'{_shown(name, 0)}: {_shown(item, levels - 1)}' for name, item in value.items())}}}"
        if type(value) in (list, tuple) and levels:
            return f"[{', '.join(_shown(item, levels - 1) for item in value)}]"
        return f"<{type(value).__qualname__} object>"


def to_line(row: list[str]) -> str:
    """Return cells as one line of CSV, without a line end."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(row)
    return line.getvalue()
