"""The members of archives of any kind: what is known of one, and how it is opened."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import IO, Any, NamedTuple

Opens = Callable[[], IO[bytes]]
MOST_MEMBERS = 50_000
LEADS_OUT = "has a name that leads out of the archive"
IS_LINK, IS_SPECIAL = "is a link", "is no plain file"
_LEADS_OUT = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)


class Member(NamedTuple):
    """A member of an archive: its name, its size in bytes and that of what it is packed in, why it is not read (an empty text if it
    is), and where it lies.
    """

    name: str
    size: int
    packed: int
    refusal: str
    place: Any


def leads_out(name: str) -> bool:
    """Return whether a name would lead out of the folder that an archive is unpacked in."""
    return _LEADS_OUT.match(name) is not None
