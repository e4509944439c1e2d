"""How steps write files: whole, or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import orjson

from memproc.writing import written


def write_json(to: Path, values: Mapping[str, Any]) -> None:
    """Write values as one line of JSON, in a folder that is made where it is missing."""
    write_lines(to, [values])


def write_lines(to: Path, values: Iterable[Mapping[str, Any]]) -> int:
    """Write values as lines of JSON, and return how many."""
    make_folder(to)
    return written(to, (orjson.dumps(one, default=str) + b"\n" for one in values), is_private=True)


def make_folder(to: Path) -> None:
    """Make the folder of a file."""
    to.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
