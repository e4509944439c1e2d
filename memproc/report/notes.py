"""Notes as a person reads them: of many files that were not read for one reason, the first by name and how many more there are.

The report itself keeps a note for each file, so that a program or `--json` gets every name.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

UNREAD = "not read: "
_HOLDS = " holds "
_SHOWN = 3  # files by name for each reason


def in_brief(notes: Iterable[str]) -> Iterator[str]:
    """Yield notes in their order. Of those on files that hold what is not read, the first three for each reason by name, and at
    the place of the fourth how many more there are.

    >>> list(in_brief(f"not read: {name}.jpg holds a picture" for name in "abcde"))[2:]
    ['not read: c.jpg holds a picture', 'not read: 2 more files, each of which holds a picture']
    """
    told = list(notes)
    total = Counter(map(_reason, told))
    seen: Counter[str] = Counter()
    for note in told:
        reason = _reason(note)
        seen[reason] += 1
        more = total[reason] - _SHOWN
        if not reason or seen[reason] <= _SHOWN or more == 1:
            yield note
        elif seen[reason] == _SHOWN + 1:
            yield f"{UNREAD}{more} more files, each of which holds {reason}"


def _reason(note: str) -> str:
    """Return what a note says that a file holds, empty for any other note."""
    return note.rpartition(_HOLDS)[2] if note.startswith(UNREAD) and _HOLDS in note else ""
