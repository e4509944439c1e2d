"""How messages name files: in one line, without characters that steer a terminal or turn the text around, whatever a name holds."""

from __future__ import annotations

from memproc.validation import EXCERPT_CHARS, excerpt, in_one_line

LONGEST_PATH = 4_096  # characters
NAMES_SHOWN = 8  # of fields, in one message
LONGEST_NAME = 300  # of a member of an archive


def path_shown(path: object) -> str:
    r"""Return how messages name a file on disk.

    >>> path_shown("notes\ndone: read 9.jsonl")
    'notes\\ndone: read 9.jsonl'
    """
    return in_one_line(str(path), LONGEST_PATH)


def member_shown(name: str) -> str:
    """Return how messages name a member of an archive; only the start of a long name."""
    return in_one_line(name, LONGEST_NAME)


def name_shown(name: str) -> str:
    """Return the name of a field for a message; only the start of a long one."""
    return name if len(name) <= EXCERPT_CHARS and name.isprintable() else excerpt(name)
