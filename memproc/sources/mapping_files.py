"""Mapping files: TOML, YAML or JSON. What is wrong with one is told with the line it stands in."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from memproc.errors import SourceError, UsageError
from memproc.formats.mapping import FieldMap, MappingError, field_map_of, mapping_of
from memproc.sources.yaml_values import yaml_value

LARGEST_BYTES = 1 << 20
_YAML = (".yaml", ".yml")

Given = Mapping[str, Any] | FieldMap | str | Path | None


def load_mapping(path: str | Path) -> FieldMap:
    """Read a mapping file: TOML, or by its suffix YAML or JSON.

    Raises SourceError if it cannot be read, and UsageError if it is wrong.
    """
    shown = str(path)
    try:
        with Path(path).open("rb") as stream:
            raw = stream.read(LARGEST_BYTES + 1)
        text = raw.decode("utf-8-sig")
    except OSError as error:
        raise SourceError(f"the mapping {shown} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise SourceError(f"the mapping {shown} is not UTF-8: save it as UTF-8") from None
    if len(raw) > LARGEST_BYTES:
        raise SourceError(f"the mapping {shown} is larger than 1 MiB: is it a mapping?")
    parse = _READERS.get(Path(path).suffix.lower(), tomllib.loads)
    try:
        given = parse(text)
    except UsageError:
        raise
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: {error}") from None
    try:
        return field_map_of(given)
    except MappingError as error:
        line = _line_of(text, error.place)
        raise UsageError(f"{shown}{f', line {line}' if line else ''}: {error}") from None


def mapping_given(given: Given) -> Mapping[str, str]:
    """Return the mapping that a caller gave: paths by field, or a whole mapping as a dictionary, an object or a file.

    Raises UsageError if it is wrong.
    """
    if isinstance(given, str | Path):
        return load_mapping(given)
    if given is not None and not isinstance(given, Mapping):
        raise UsageError(f"mapping={type(given).__name__}: give paths by field, a whole mapping, or the path of a mapping file")
    return mapping_of(given or {})


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
