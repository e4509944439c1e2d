"""The rule of one field: where it is found, and what becomes of the value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from memproc.dates import Dates
from memproc.formats.draft import TIMES
from memproc.formats.mapping.converting import KINDS, REPAIRS, parts_of_text, to_scale, to_text_value, to_time, word_of
from memproc.formats.mapping.paths import PathFailedError, finder, name_in
from memproc.values import is_blank

POLES = frozenset(("emotion.valence", "emotion.arousal", "emotion.dominance"))
_USUAL_KINDS = {
    **dict.fromkeys(("content", "id", "namespace", "source", "subject", "conversation", "kind", "emotion.label"), "text"),
    **dict.fromkeys(("importance", "emotion.intensity", "emotion.confidence", *POLES), "number"),
    **dict.fromkeys(TIMES, "time"),
    "tags": "list",
    "relations": "json",
    "metadata": "json",
    "emotion": "emotion",
}


class Found(NamedTuple):
    """The value that a rule found in a record, and the columns that it took whole."""

    value: object = None
    columns: tuple[str, ...] = ()


NOT_FOUND = Found()


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """Where a field is found, and what becomes of the value, in this order.

    - `field`: its name, with a dot within an emotion or the metadata (`emotion.valence`).
    - `paths`: the first that gives something counts; with `join` all that do, with this text between them. `constant` stands in
      place of paths.
    - `repair`: what is mended in texts: "html", "mojibake".
    - `split`: the characters between the parts of a text that becomes a list.
    - `values`: new values by old words, compared without case; what it lacks stays as it is.
    - `kind`: the type, one of `KINDS`; by default that of the field. `date_format`, `day_first`: how dates are written that memproc
      would not know, or read in another way. `scale`: the ends of the scale of a number.
    - `default`: the value where nothing was found.
    """

    field: str
    paths: tuple[str, ...] = ()
    constant: Any = None
    join: str | None = None
    repair: tuple[str, ...] = ()
    split: str = ""
    values: Mapping[str, Any] | None = None
    kind: str = ""
    date_format: tuple[str, ...] = ()
    day_first: bool | None = None
    scale: tuple[float, float] | None = None
    default: Any = None

    @property
    def told(self) -> str:
        """Where it is found, in words."""
        return " or ".join(self.paths) if self.join is None else " and ".join(self.paths)

    def find(self, record: Mapping[str, Any], blank: frozenset[str]) -> Found:
        """Return what a record holds for it; `blank` are the words that are no value. Raises PathFailedError."""
        found: list[object] = []
        columns: list[str] = []
        for path in self.paths:
            value = finder(path)(record)
            if says_nothing(value, blank):
                continue
            if (name := name_in(path)) is not None:
                columns.append(name)
            if self.join is None:
                return Found(value, tuple(columns))
            found.append(value)
        if self.join is None or not found:
            return NOT_FOUND
        try:
            return Found(self.join.join(str(to_text_value(value)) for value in found), tuple(columns))
        except ValueError:
            raise PathFailedError("an integer has too many digits to be joined as text") from None

    def convert(self, value: object) -> object:
        """Return what becomes of a value; None if it is translated into nothing."""
        if isinstance(value, str):
            for name in self.repair:
                value = REPAIRS[name](value)
            if self.split:
                value = parts_of_text(value, self.split)
        if self.values:
            value = [self._translated(one) for one in value] if isinstance(value, list) else self._translated(value)
            if value == "":
                return None
        kind = self.kind or _USUAL_KINDS.get(self.field, "")
        if kind == "time":
            value = to_time(value, Dates(self.date_format, self.day_first))
        elif kind:
            value = KINDS[kind](value)
        return value if self.scale is None else to_scale(value, self.scale, is_pole=self.field in POLES)

    def _translated(self, value: object) -> object:
        return (self.values or {}).get(word_of(value), value)


def says_nothing(value: object, blank: frozenset[str]) -> bool:
    """Return whether a value is none: blank, one of the words for that, or an empty list or object."""
    if not isinstance(value, str):
        return value is None or value in ([], {})
    if blank and word_of(value) in blank:
        return True
    return not "!" <= value < "\x7f" and is_blank(value)  # most begin with a visible ASCII character
