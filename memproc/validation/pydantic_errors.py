"""The errors of pydantic as faults: one for each place, with its path and an excerpt of the value."""

from __future__ import annotations

from difflib import get_close_matches
from itertools import islice

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from memproc.records import (
    Fault,
    Memory,
)
from memproc.validation.faults import EXCERPT_CHARS, GOT, excerpt, fault, in_one_line

BEGINNING_CHARS = 30
MOST_FAULTS = 100
MOST_KINDS = 3  # that are told of a field which may be of several


def to_faults(error: ValidationError, schema: type[Memory], record: object) -> tuple[Fault, ...]:
    """Return the faults that pydantic found, one a place; of very many the first, and how many more there are.

    Of a field that may be of several kinds pydantic tells what is wrong with each, and names the kind in the place: one fault tells
    all of it.
    """
    told = error.errors(include_url=False, include_input=True)
    of_kinds = {loc[:end] for details in told if (end := _end_in(record, loc := details["loc"], details["type"])) < len(loc)}
    places: dict[tuple[int | str, ...], list[ErrorDetails]] = {}
    for details in told:
        loc = details["loc"]
        place = next((loc[:end] for end in range(len(loc)) if loc[:end] in of_kinds), loc) if of_kinds else loc
        places.setdefault(place, []).append(details)
    found = tuple(_to_fault(place, there, schema) for place, there in islice(places.items(), MOST_FAULTS))
    more = len(places) - len(found)
    return (*found, fault("", "more_faults", f"has {more} more faults")) if more else found


def _end_in(record: object, loc: tuple[int | str, ...], code: str) -> int:
    """Return how many parts of a place lead to something in a record; behind these stand kinds."""
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


def _to_fault(place: tuple[int | str, ...], there: list[ErrorDetails], schema: type[Memory]) -> Fault:
    details, *others = there
    path = ".".join(in_one_line(str(part))[:EXCERPT_CHARS] for part in place)
    code = details["type"]
    message = " or: ".join(dict.fromkeys(one["msg"] for one in (details, *others[:MOST_KINDS])))
    shown = excerpt(details["input"])
    is_shown = code == "date_unparsable" and shown[:BEGINNING_CHARS].rstrip("'\"") in message
    if code not in ("missing", "extra_forbidden") and not is_shown:
        message = f"{message}{GOT}{shown}"
    found = fault(path, code, message)
    if code != "extra_forbidden" or len(place) > 1:
        return found
    near = get_close_matches(path, schema.model_fields, n=1)
    return found._replace(hint=f"did you mean {near[0]}? Otherwise {found.hint}") if near else found
