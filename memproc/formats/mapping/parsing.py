"""Reads a mapping from a dictionary, as TOML, YAML or JSON give it, and says what is wrong with it where it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

from memproc.dates import format_fault
from memproc.errors import UsageError
from memproc.formats.mapping.converting import KINDS, REPAIRS, word_of
from memproc.formats.mapping.field_map import FieldMap, Rest
from memproc.formats.mapping.paths import finder
from memproc.formats.mapping.rule import FieldRule
from memproc.records import encode
from memproc.sources.hand_written import MisplacedError

FIELDS = "fields"
_TOP = (FIELDS, "each", "leave_out", "blank", "json", "rest")
_OF_RULE = ("path", "paths", "constant", "default", "as", "join", "split", "values", "date_format", "day_first", "scale", "repair")
_PLACES = ("path", "paths", "constant")
_NESTED = ("emotion", "metadata")
_ENDS = 2  # of a scale
_MOST_LEVELS = 200
_LEVELS_TOLD = 4  # as fields.kind.values.note


class MappingError(MisplacedError):
    """A mapping is wrong at `place`, the names that lead there."""


def field_map_of(given: Any) -> FieldMap:
    """Return the mapping that a dictionary holds. Raises MappingError.

    >>> dict(field_map_of({"fields": {"content": "body", "tags": {"path": "labels", "split": ";"}}}))
    {'content': 'body', 'tags': 'labels'}
    """
    if not isinstance(given, Mapping):
        raise MappingError((), "a mapping is a table with fields in it")
    given = _with_text_names(dict(given))
    _check_json((), given)
    _check_names((), given, _TOP)
    fields = given.get(FIELDS)
    if not isinstance(fields, Mapping) or not fields:
        raise MappingError((FIELDS,), "give a table with a rule for each field, as in content = 'body'")
    rules = tuple(_rule(name, place, said) for name, place, said in _said(fields))
    leave_out = given.get("leave_out", {})
    if not isinstance(leave_out, Mapping):
        raise MappingError(("leave_out",), "give a table of conditions, each under the name that it is counted by")
    each, each_split = _each(given["each"]) if "each" in given else ("", "")
    return FieldMap(
        rules=rules,
        each=each,
        each_split=each_split,
        leave_out={str(name): _path(("leave_out", str(name)), path) for name, path in leave_out.items()},
        blank=frozenset(map(word_of, _words(("blank",), given.get("blank", [])))),
        json=_words(("json",), given.get("json", [])),
        rest=_rest(given.get("rest", "metadata")),
        given=given,
    )


def mapping_of(given: Mapping[str, Any]) -> Mapping[str, str]:
    """Return what a caller gave as a mapping: paths by field, or a whole one, which has a table of fields. Raises MappingError."""
    if isinstance(given, FieldMap):
        return given
    if isinstance(given.get(FIELDS), Mapping):
        return field_map_of(given)
    _check_json((), dict(given))
    return dict(given)


def told(mapping: Mapping[str, str]) -> dict[str, Any]:
    """Return a mapping as JSON values, from which `mapping_of` makes it again."""
    return dict(mapping.given) if isinstance(mapping, FieldMap) else dict(mapping)


def _said(fields: Mapping[Any, Any]) -> Iterator[tuple[str, tuple[str, ...], object]]:
    """Yield each field with its place and what is said of it; those within an emotion or the metadata with a dot."""
    for name, said in fields.items():
        place = (FIELDS, str(name))
        if name in _NESTED and isinstance(said, Mapping) and not any(one in said for one in _PLACES):
            yield from ((f"{name}.{inner}", (*place, str(inner)), more) for inner, more in said.items())
        else:
            yield str(name), place, said


def _rule(field: str, place: tuple[str, ...], said: object) -> FieldRule:
    if isinstance(said, str):
        return FieldRule(field=field, paths=(_path(place, said),))
    if not isinstance(said, Mapping):
        raise MappingError(place, "give a path, or a table with a path")
    _check_names(place, said, _OF_RULE)
    if sum(name in said for name in _PLACES) != 1:
        raise MappingError(place, "give one of path, paths and constant")
    kind = said.get("as", "")
    if kind and kind not in KINDS:
        raise MappingError((*place, "as"), f"{kind!r} is no type: give one of {', '.join(KINDS)}")
    values = said.get("values", {})
    if not isinstance(values, Mapping):
        raise MappingError((*place, "values"), "give a table of new values by old ones")
    repair = _words((*place, "repair"), said.get("repair", []))
    if unknown := set(repair) - set(REPAIRS):
        raise MappingError((*place, "repair"), f"{min(unknown)!r} cannot be repaired: give some of {', '.join(REPAIRS)}")
    named = "path" if "path" in said else "paths"
    return FieldRule(
        field=field,
        paths=tuple(_path((*place, named), path) for path in _words((*place, named), said.get(named, []))),
        constant=said.get("constant"),
        join=_text((*place, "join"), said["join"]) if "join" in said else None,
        repair=repair,
        split=_text((*place, "split"), said.get("split", "")),
        values={word_of(old): new for old, new in values.items()},
        kind=str(kind),
        date_format=_date_formats((*place, "date_format"), said.get("date_format", [])),
        day_first=_choice((*place, "day_first"), said.get("day_first")),
        scale=_scale((*place, "scale"), said["scale"]) if "scale" in said else None,
        default=said.get("default"),
    )


def _date_formats(place: tuple[str, ...], said: object) -> tuple[str, ...]:
    forms = _words(place, said)
    for form in forms:
        if (wrong := format_fault(form)) is not None:
            raise MappingError(place, f"{form!r} {wrong}")
    return forms


def _choice(place: tuple[str, ...], said: object) -> bool | None:
    if said is None or isinstance(said, bool):
        return said
    raise MappingError(place, f"{said!r}: give true or false")


def _each(said: object) -> tuple[str, str]:
    """Return the path and the characters between the parts of a text: by default it has lines."""
    if isinstance(said, Mapping):
        _check_names(("each",), said, ("path", "split"))
        split = _text(("each", "split"), said.get("split", "\n"))
        return _path(("each", "path"), said.get("path")), split or "\n"
    return _path(("each",), said), "\n"


def _rest(said: object) -> Rest:
    if said == "metadata":
        return "metadata"
    if said == "none":
        return "none"
    if isinstance(said, str):
        raise MappingError(("rest",), f"{said!r}: give metadata, none, or a list of columns")
    return _words(("rest",), said)


def _scale(place: tuple[str, ...], said: object) -> tuple[float, float]:
    ends = said if isinstance(said, list | tuple) else ()
    if len(ends) != _ENDS or not all(isinstance(end, int | float) for end in ends) or ends[0] == ends[1]:
        raise MappingError(place, "give the two ends of the scale, as in [1, 5]")
    low, high = float(ends[0]), float(ends[1])
    if not isfinite(high - low):
        raise MappingError(place, f"[{low}, {high}]: give two ends that are numbers, and a number apart")
    return low, high


def _path(place: tuple[str, ...], said: object) -> str:
    text = _text(place, said)
    try:
        finder(text)
    except UsageError as error:
        raise MappingError(place, str(error)) from None
    return text


def _text(place: tuple[str, ...], said: object) -> str:
    if not isinstance(said, str):
        raise MappingError(place, f"give a text, not {type(said).__name__}")
    return said


def _words(place: tuple[str, ...], said: object) -> tuple[str, ...]:
    """Return one text, or a list of texts, as texts."""
    if isinstance(said, str):
        return (said,)
    if not isinstance(said, list | tuple) or not all(isinstance(one, str) for one in said):
        raise MappingError(place, "give a text, or a list of texts")
    return tuple(said)


def _with_text_names(said: Any, level: int = 0) -> Any:
    """Return a value with the names in it as text: in YAML they may be numbers, true or false, and in JSON they are texts."""
    if level == _MOST_LEVELS or not isinstance(said, dict):
        return said
    return {name if isinstance(name, str) else word_of(name): _with_text_names(one, level + 1) for name, one in said.items()}


def _check_json(place: tuple[str, ...], said: object) -> None:
    """Raise MappingError with the innermost place that cannot be kept as JSON: a store keeps the mapping for a replay."""
    try:
        encode(said)
    except (TypeError, RecursionError) as error:
        if isinstance(said, dict) and len(place) < _LEVELS_TOLD:
            for name, one in said.items():
                _check_json((*place, str(name)), one)
        raise MappingError(place, f"a mapping holds JSON values alone: {error}") from None


def _check_names(place: tuple[str, ...], said: Mapping[Any, Any], known: Sequence[str]) -> None:
    for name in said:
        if name not in known:
            raise MappingError((*place, str(name)), f"is unknown: give some of {', '.join(known)}")
