"""What is passed over in folders and archives: what nobody wants there, and what stands there twice.

Facts: Notion writes a database as two tables, `Plants <32 digits>.csv` with what a view shows and `Plants <32 digits>_all.csv` with
all of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

HIDDEN = "hidden files"
REPEATED = "tables of Notion that stand there whole"
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")
_WHOLE_TABLE = re.compile(r"(.*[0-9a-f]{32})_all\.csv", re.DOTALL | re.IGNORECASE)


def junk_in(*parts: str) -> str:
    """Return the kind of what nobody wants among the parts of a path, or an empty text."""
    for part in parts:
        if part in JUNK:
            return part
        if part.startswith(".") and part not in (".", ".."):
            return HIDDEN
    return ""


def repeated_in(names: Iterable[str]) -> frozenset[str]:
    """Return the names of tables that another of the names holds whole."""
    return frozenset(f"{whole[1]}.csv" for name in names if (whole := _WHOLE_TABLE.fullmatch(name)))
