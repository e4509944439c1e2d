"""The errors of pydantic as faults: one for each place, with its path and an excerpt of the value."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from memproc.records import Fault, Memory
from memproc.records.emotions import POLES
from memproc.validation.advice import DATE_FORMAT_HINT, SCALE_HINT, day_or_month_hint
from memproc.validation.faults import GOT, excerpt, fault, first_of, path_of

MOST_KINDS = 3  # members of a union whose errors are shown


def to_faults(error: ValidationError, schema: type[Memory], record: object) -> tuple[Fault, ...]:
    """Return the faults that pydantic found, one for each place; of very many the first ones, and how many more there are.

    For a field of a union type pydantic reports an error for each member, with the member in the place. These become one fault.
    """
    errors = error.errors(include_url=False, include_input=True)
    of_kinds = {loc[:end] for details in errors if (end := _end_in(record, loc := details["loc"], details["type"])) < len(loc)}
    places: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for details in errors:
        loc = details["loc"]
        place = next((loc[:end] for end in range(len(loc)) if loc[:end] in of_kinds), loc) if of_kinds else loc
        places.setdefault(place, []).append(details)
    return first_of((_to_fault(place, details, schema) for place, details in places.items()), len(places))


def unknown_field(path: str, value: object, schema: type[Memory] | None) -> Fault:
    """Return what is told of a field that a schema does not have; without one no other name is proposed."""
    found = replace(fault(path, "extra_forbidden", "Extra inputs are not permitted"), value=excerpt(value))
    near = get_close_matches(path, schema.model_fields, n=1) if schema is not None else []
    return replace(found, hint=f"did you mean {near[0]}? Otherwise {found.hint}") if near else found


def _end_in(record: object, loc: tuple[int | str, ...], code: str) -> int:
    """Return how many parts of a place lead to something in the record; the parts after these name members of a union."""
    value = record
    for at, part in enumerate(loc):
        is_there = isinstance(value, dict) and part in value
        if is_there or (isinstance(value, list | tuple) and isinstance(part, int) and part < len(value)):
            value = value[part]  # type: ignore[index]
        elif isinstance(value, set | frozenset | BaseModel) or (at == len(loc) - 1 and code in ("missing", "invalid_key")):
            return len(loc)
        else:
            return at
    return len(loc)


def _to_fault(place: tuple[int | str, ...], errors: list[ErrorDetails], schema: type[Memory]) -> Fault:
    first, *others = errors
    path, code, shown = path_of(place), first["type"], excerpt(first["input"])
    context = first.get("ctx", {})
    if code == "missing":
        return fault(path, code, first["msg"])
    if code == "extra_forbidden":
        return unknown_field(path, first["input"], schema if len(place) == 1 else None)
    if code == "date_unparsable" and not others and context["value"] is not None:
        found = fault(path, code, context["before"], context["value"], context["after"])
        if context["has_two_readings"]:
            return replace(found, hint=day_or_month_hint(context["value"].strip("'")))
        is_number = bool(context["after"])  # as the day number of a spreadsheet: no format of dates reads it
        return replace(found, hint=DATE_FORMAT_HINT) if not is_number and any(map(str.isdigit, context["value"])) else found
    words = " or: ".join(dict.fromkeys(details["msg"] for details in (first, *others[:MOST_KINDS])))
    found = fault(path, code, f"{words}{GOT}", shown)
    is_unscaled = code in ("less_than_equal", "greater_than_equal") and place[:-1] == ("emotion",) and place[-1] in POLES
    return replace(found, hint=f"{found.hint}; or {SCALE_HINT}") if is_unscaled else found
