"""What like faults have in common, so that a thousand bad dates are one line of a report."""

from __future__ import annotations

import re

from memproc.validation.faults import GOT

_QUOTED = re.compile(r"""(?<!\w)(?:'[^']*(?:'|$)|"[^"]*(?:"|$))""")  # a message may be cut short before the second quote
_NUMBER = re.compile(r"\d+")
_RAISED = re.compile(r"( raised \w+): .*", re.DOTALL)  # the words of an exception may be anything


def alike(path: str, message: str) -> tuple[str, str]:
    """Return what the place and the message of a fault have in common with those of like faults: no values, numbers and positions.

    >>> alike("tags.3", "Input should be a valid string, got 5")
    ('tags.*', 'Input should be a valid string')
    >>> alike("created_at", "not a date: '31/02/2024'") == alike("created_at", "not a date: 'soon'")
    True
    """
    place = ".".join("*" if part.isdigit() else part for part in path.split("."))
    told = _RAISED.sub(r"\1", message.rpartition(GOT)[0] or message)
    return place, _NUMBER.sub("#", _QUOTED.sub("''", told))
