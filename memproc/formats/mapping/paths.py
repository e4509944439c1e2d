"""Paths in a record: JMESPath expressions, of which a bare name is looked up directly.

Facts: JMESPath cannot run code, and its expressions end; what they take is bounded. A name with other characters than letters,
digits and `_` is written in double quotes within the expression. 0 is true in JMESPath; null, false and whatever is empty are not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from memproc.errors import UsageError

_NAME = re.compile(r'[A-Za-z_]\w*|"(?:[^"\\]+)"', re.ASCII)
_SHOWN_CHARS = 100

Finder = Callable[[Mapping[str, Any]], object]


class PathFailedError(ValueError):
    """A path does not fit a record, as where a function gets a value that it does not take."""


def name_in(path: str) -> str | None:
    """Return the name of the column that a path is, if it is nothing else.

    >>> name_in("body"), name_in('"Created At"'), name_in("body.text")
    ('body', 'Created At', None)
    """
    return path.strip('"') if _NAME.fullmatch(path) else None


@lru_cache(maxsize=1_000)
def finder(path: str) -> Finder:
    """Return what finds the value at a path, None where there is none; it raises PathFailedError. Raises UsageError on a path that
    is none.

    >>> finder("notes[0].text")({"notes": [{"text": "Prefers tea"}]})
    'Prefers tea'
    """
    if (name := name_in(path)) is not None:
        return lambda record: record.get(name)
    import jmespath  # noqa: PLC0415 - few mappings need more than names

    from memproc.formats.mapping.bounded import evaluated_within  # noqa: PLC0415 - as above

    try:
        tree = jmespath.compile(path).parsed
    except RecursionError:
        raise UsageError(f"{_shown(path)} is nested too deep for JMESPath") from None
    except ValueError as error:
        told = str(error).partition("\n")[0].rstrip(":")
        raise UsageError(f"{_shown(path)} is no JMESPath: {told}; a name with other characters stands in double quotes") from None

    def found(record: Mapping[str, Any]) -> object:
        try:
            return evaluated_within(tree, record)
        except (ValueError, TypeError, AttributeError, ArithmeticError, LookupError, RecursionError) as error:
            raise PathFailedError(str(error)) from None

    return found


def _shown(path: str) -> str:
    return repr(path if len(path) <= _SHOWN_CHARS else f"{path[: _SHOWN_CHARS - 3]}...")
