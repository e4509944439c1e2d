"""The part of a page that a command writes: what stands between two marks, of which the first names the command."""

from __future__ import annotations

from pathlib import Path
from typing import Final

END: Final = "<!-- end of figures -->"


def begin(command: str) -> str:
    """Give the first mark."""
    return f"<!-- figures: written by `python -m benchmarks {command}` -->"


def write_figures(path: Path, command: str, text: str) -> None:
    """Put a text into a page, in place of what stands between its marks. Raises ValueError where it has none."""
    before, mark, rest = path.read_text(encoding="utf-8").partition(begin(command))
    _, end, after = rest.partition(END)
    if not (mark and end):
        raise ValueError(f"{path} has no place for figures: it needs the lines {begin(command)} and {END}")
    path.write_text(f"{before}{mark}\n\n{text}\n\n{end}{after}", encoding="utf-8")
