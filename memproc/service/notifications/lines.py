"""On which line of a TOML file something stands. Pure.

Facts: `tomllib` tells of lines only where a file is no TOML. What is found here is right for tables, lists of tables and keys that
begin a line, and for what is written inside such a value the line that it begins on.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

Path = tuple[str | int, ...]

_TABLE = re.compile(r"\s*\[(\[?)([^\]]+)\]")
_KEY = re.compile(r"""\s*("[^"]*"|'[^']*'|[\w-]+)\s*=""")


def lines_of(text: str) -> dict[Path, int]:
    r"""Return by path on which line of a TOML text a table or a key begins, from 1 on.

    >>> lines_of('[quiet]\nfrom = "22:00"\n[[rules]]\nname = "a"\n[[rules]]\n')
    {('quiet',): 1, ('quiet', 'from'): 2, ('rules', 0): 3, ('rules', 0, 'name'): 4, ('rules', 1): 5}
    """
    found: dict[Path, int] = {}
    many: Counter[Path] = Counter()
    at: Path = ()
    for number, line in enumerate(text.splitlines(), 1):
        if table := _TABLE.match(line):
            at = tuple(part.strip().strip("\"'") for part in table[2].split("."))
            if table[1]:
                many[at] += 1
                at = (*at, many[at] - 1)
            found.setdefault(at, number)
        elif key := _KEY.match(line):
            found.setdefault((*at, key[1].strip("\"'")), number)
    return found


def line_at(lines: Mapping[Path, int], path: Sequence[str | int]) -> int:
    """Return the line of a path, or of what it is in; 1 where neither is known."""
    return next((lines[part] for end in range(len(path), 0, -1) if (part := tuple(path[:end])) in lines), 1)
