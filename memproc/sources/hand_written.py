"""Files that people write by hand: TOML, or by the suffix YAML or JSON; and the line in which something stands in one.

Rules: a file has at most 1 MiB and is UTF-8. No name is given twice in a table.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path

from memproc.errors import SourceError, UsageError
from memproc.sources.yaml_values import yaml_value

LARGEST_BYTES = 1 << 20
_YAML = (".yaml", ".yml")


class MisplacedError(UsageError):
    """Something that a person wrote is wrong at `place`, the names that lead there."""

    def __init__(self, place: Sequence[str], why: str) -> None:
        """Make the message of the place and of what is wrong."""
        super().__init__(f"{'.'.join(place)}: {why}" if place else why)
        self.place = tuple(place)


def text_by_hand(path: str | Path, thing: str) -> str:
    """Return the text of a file; `thing` is what messages call it, as in "mapping". Raises SourceError if it cannot be read."""
    shown = str(path)
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"the {thing} {shown} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceError(f"the {thing} {shown} is not UTF-8: save it as UTF-8") from None
    if len(raw) > LARGEST_BYTES:
        raise SourceError(f"the {thing} {shown} is larger than 1 MiB: is it a {thing}?")
    return text


def read_by_hand(path: str | Path, thing: str) -> tuple[str, object]:
    """Return the text of a file and the values in it; `thing` is what messages call it, as in "mapping".

    Raises SourceError if it cannot be read, and UsageError if it is no TOML, YAML or JSON.
    """
    text = text_by_hand(path, thing)
    parse = _READERS.get(Path(path).suffix.lower(), tomllib.loads)
    try:
        return text, parse(text)
    except UsageError:
        raise
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}") from None


def told_with_line(path: str | Path, text: str, place: Sequence[str], error: Exception) -> UsageError:
    """Return an error about a place in a file, with the file and the line in which that stands."""
    line = _line_of(text, place)
    return UsageError(f"{path}{f', line {line}' if line else ''}: {error}")


def unknown_name(name: str, known: Sequence[str]) -> str:
    """Return what is said of a name that is not known: the nearest one that is, and all.

    >>> unknown_name("mosst", ["least", "most"])
    'is unknown: did you mean most? There are least, most'
    """
    near = get_close_matches(name, known, 1)
    return (
        f"is unknown: did you mean {near[0]}? There are {', '.join(known)}"
        if near
        else f"is unknown: give some of {', '.join(known)}"
    )


def _line_of(text: str, place: Sequence[str]) -> int | None:
    """Return the number of the line in which the innermost of some names stands, each looked for behind the one before."""
    at = found = 0
    for name in place:
        match = re.compile(rf"""(?<![\w-])["']?{re.escape(name)}["']?\s*[\].=:]""").search(text, at)
        if match is not None:
            at, found = match.start() + 1, text.count("\n", 0, match.start()) + 1
    return found or None


def _json(text: str) -> object:
    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        if len(dict(pairs)) < len(pairs):
            names = [name for name, _ in pairs]
            raise ValueError(f"{next(name for name in names if names.count(name) > 1)} is given twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=once)


_READERS: Mapping[str, Callable[[str], object]] = {".json": _json, **dict.fromkeys(_YAML, yaml_value)}
