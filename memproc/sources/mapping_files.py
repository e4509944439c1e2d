"""Mapping files: TOML, YAML or JSON. What is wrong with one is told with the line it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memproc.errors import UsageError
from memproc.formats.mapping import FieldMap, MappingError, field_map_of, mapping_of
from memproc.sources.hand_written import read_by_hand, told_with_line

Given = Mapping[str, Any] | FieldMap | str | Path | None


def load_mapping(path: str | Path) -> FieldMap:
    """Read a mapping file: TOML, or by its suffix YAML or JSON.

    Raises SourceError if it cannot be read, and UsageError if it is wrong.
    """
    text, given = read_by_hand(path, "mapping")
    try:
        return field_map_of(given)
    except MappingError as error:
        raise told_with_line(path, text, error.place, error) from None


def mapping_given(given: Given) -> Mapping[str, str]:
    """Return the mapping that a caller gave: paths by field, or a whole mapping as a dictionary, an object or a file.

    Raises UsageError if it is wrong.
    """
    if isinstance(given, str | Path):
        return load_mapping(given)
    if given is not None and not isinstance(given, Mapping):
        raise UsageError(f"mapping={type(given).__name__}: give paths by field, a whole mapping, or the path of a mapping file")
    return mapping_of(given or {})
