"""A whole mapping, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from memproc.errors import UsageError
from memproc.formats.mapping.paths import name_in
from memproc.formats.mapping.rule import FieldRule
from memproc.records import EmotionalContext

ELEMENT = "each"  # the name under which paths find the element of a record that gives several memories
Rest = Literal["metadata", "none"] | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FieldMap(Mapping[str, str]):
    """Where the fields of a memory are in the records of another application, and what becomes of their values.

    As a mapping it tells by field where it is found, in words. `given` holds it as it was written: a dictionary of JSON values.

    - `rules`: one a field.
    - `each`: the path to what a record is split by into several memories, if it is: a list, or a text with one of the characters of
      `each_split` between its parts. Paths find the element under `each`.
    - `leave_out`: conditions by name; a record that fits one is left out, and counted under this name.
    - `blank`: words that are no value, compared without case. `json`: columns that hold JSON as text.
    - `rest`: where the columns go that no rule took: to the "metadata", those with some names alone, or "none". Those that go
      nowhere are counted.
    """

    rules: tuple[FieldRule, ...]
    each: str = ""
    each_split: str = "\n"
    leave_out: Mapping[str, str] = field(default_factory=dict)
    blank: frozenset[str] = frozenset()
    json: tuple[str, ...] = ()
    rest: Rest = "metadata"
    given: Mapping[str, Any] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        """Return where a field is found."""
        for rule in self.rules:
            if rule.field == name:
                return rule.told or "a constant"
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        """Yield the fields."""
        return (rule.field for rule in self.rules)

    def __len__(self) -> int:
        """Return how many fields there are."""
        return len(self.rules)

    def needed(self) -> dict[str, list[str]]:
        """Return by field the names of columns of which a record has to have one, as far as they can be told from the rules."""
        rules = [rule for rule in self.rules if rule.paths and rule.default is None]
        names = {rule.field: [name_in(path) for path in rule.paths] for rule in rules}
        plain = {field: [name for name in found if name is not None] for field, found in names.items() if None not in found}
        return {field: found for field, found in plain.items() if not self.each or ELEMENT not in found}


def check_fields(mapping: Mapping[str, str], fields: Iterable[str]) -> None:
    """Raise UsageError if a rule is for a field that the schema does not have; `fields` are those of the schema."""
    if not isinstance(mapping, FieldMap):
        return
    known = set(fields)
    for name in mapping:
        head, dot, inner = name.partition(".")
        if head not in known:
            raise UsageError(f"fields.{name}: is no field of the schema: its fields are {', '.join(sorted(known))}")
        if dot and head == "emotion" and inner not in EmotionalContext.model_fields:
            raise UsageError(f"fields.{name}: an emotion has {', '.join(EmotionalContext.model_fields)}")
