"""Files that nobody meant to give: hidden ones, and what systems leave behind in folders and archives."""

from __future__ import annotations

HIDDEN = "hidden files"
JUNK = ("__MACOSX", ".DS_Store", "Thumbs.db", "desktop.ini")


def junk_in(*parts: str) -> str:
    """Return the kind of what nobody wants among the parts of a path, or an empty text."""
    for part in parts:
        if part in JUNK:
            return part
        if part.startswith(".") and part not in (".", ".."):
            return HIDDEN
    return ""
