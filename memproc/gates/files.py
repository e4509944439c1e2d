"""Gates in files of TOML, YAML or JSON. What is wrong with one is told with the line it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from memproc.errors import UsageError
from memproc.gates.parsing import GateError, gate_of
from memproc.gates.rule import Gate
from memproc.sources.hand_written import read_by_hand, told_with_line

Given = Gate | Mapping[str, Any] | str | Path


def load_gate(path: str | Path) -> Gate:
    """Read a file of rules: TOML, or by its suffix YAML or JSON.

    Raises SourceError if it cannot be read, and UsageError with the line and the nearest right word if it is wrong.
    """
    text, given = read_by_hand(path, "gate")
    try:
        return gate_of(given)
    except GateError as error:
        raise told_with_line(path, text, error.place, error) from None


def gate_given(given: Given) -> Gate:
    """Return the gate that a caller gave: itself, its content as a dictionary, or the path of its file. Raises UsageError."""
    if isinstance(given, str | Path):
        return load_gate(given)
    if not isinstance(given, Gate | Mapping):
        raise UsageError(f"gate={type(given).__name__}: give the path of a file of rules, its content as a dictionary, or a Gate")
    return gate_of(given)
