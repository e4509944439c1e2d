"""Reads the file of a flow: YAML, or JSON, judged by the schema, and each fault told with its line and the nearest right word."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from rapidfuzz.distance import OSA
from rapidfuzz.process import extractOne

from memproc.errors import UsageError
from memproc.flows.checking import Wrong, wrong_in
from memproc.flows.flow import Flow, Parameter
from memproc.flows.step import Retry
from memproc.flows.steps import STEPS
from memproc.flows.steps.enrich import Endpoint
from memproc.flows.steps.notify import Mail
from memproc.sources.hand_written import text_by_hand
from memproc.sources.yaml_values import yaml_lines, yaml_value

EXTRA = "flows"
MOST_TOLD = 20
LEAST_ALIKE = 0.5  # of 1: what is less alike is not meant
Place = tuple[str | int, ...]
_PARTS: Mapping[str | int, type[BaseModel]] = {"retry": Retry, "by": Endpoint, "mail": Mail}
_MISSING = {"missing", "union_tag_not_found"}


@dataclass(frozen=True, slots=True)
class FlowFault:
    """What is wrong in the file of a flow: the line, where in the flow that is, and the nearest right word, if there is one."""

    line: int | None
    where: str
    message: str
    near: str | None = None

    def __str__(self) -> str:
        """Return it as a line of text."""
        line = f"line {self.line}: " if self.line else ""
        near = f": did you mean {self.near}?" if self.near else ""
        return f"{line}{self.where}: {self.message}{near}"


class FlowError(UsageError):
    """The file of a flow is wrong. `faults` says where."""

    def __init__(self, shown: str, faults: Sequence[FlowFault]) -> None:
        """Make the message of all faults."""
        more = [f"... and {len(faults) - MOST_TOLD} more"] if len(faults) > MOST_TOLD else []
        super().__init__("\n".join([*(f"{shown}: {fault}" for fault in faults[:MOST_TOLD]), *more]))
        self.faults = tuple(faults)


def load_flow(path: str | Path) -> Flow:
    """Read a flow. Raises SourceError if the file cannot be read, and FlowError with all that is wrong in it."""
    text = text_by_hand(path, "flow")
    return flow_of(text, str(path), is_json=Path(path).suffix.lower() == ".json")


def flow_of(text: str, shown: str = "the flow", *, is_json: bool = False) -> Flow:
    """Return the flow that a text is. Raises FlowError."""
    plain = text.replace("\t", " ") if is_json else text  # in JSON a tab is white space alone; YAML knows it not as such
    try:
        given = orjson.loads(text) if is_json else yaml_value(text)
        lines = yaml_lines(plain) if isinstance(given, dict) else {}
    except ImportError:  # without the extra, JSON is read all the same, and its faults are told without their lines
        lines = {}
    except UsageError:
        raise UsageError(f"a flow in YAML needs a package: pip install 'memproc-sdk[{EXTRA}]', or write it as JSON") from None
    except orjson.JSONDecodeError as error:
        raise FlowError(shown, [FlowFault(error.lineno, "JSON", error.msg)]) from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{shown}: {error}") from None
    if not isinstance(given, dict):
        raise FlowError(shown, [FlowFault(1, "flow", "is no object with the names flow and steps")])
    try:
        flow = Flow.model_validate(given)
    except ValidationError as error:
        faults = [_fault(one, given, lines) for one in _distinct(error.errors(include_url=False), given)]
        raise FlowError(shown, sorted(faults, key=lambda one: one.line or 0)) from None
    if wrong := [*wrong_in(flow)]:
        raise FlowError(shown, [_told(one, given, lines) for one in wrong])
    return flow


def _distinct(errors: Sequence[ErrorDetails], given: Any) -> Iterator[tuple[Place, ErrorDetails]]:
    """Yield errors with their places, of each place one: of a value of several kinds there is an error for each of them."""
    seen = set[Place]()
    for error in errors:
        place = _place(error, given)
        if place not in seen:
            seen.add(place)
            yield place, error


def _place(error: ErrorDetails, given: Any) -> Place:
    """Return where in the flow an error is: without the kinds that pydantic puts between names."""
    place: list[str | int] = []
    value: Any = given
    *before, last = error["loc"]
    for name in (*before, last):
        if _is_in(name, value):
            value = value[name]
        elif name is not last or error["type"] not in _MISSING:
            continue
        place.append(name)
    return tuple(place)


def _is_in(name: str | int, value: Any) -> bool:
    if isinstance(value, dict):
        return name in value
    return isinstance(value, list) and isinstance(name, int) and name < len(value)


def _fault(found: tuple[Place, ErrorDetails], given: Any, lines: Mapping[Place, int]) -> FlowFault:
    place, error = found
    line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)
    kind = error["type"]
    where = _shown(place, given)
    if kind == "extra_forbidden":
        return FlowFault(
            line, _shown(place[:-1], given), f"{place[-1]!r} is no name here", _near(str(place[-1]), _names_at(place[:-1], given))
        )
    if kind in _MISSING:
        missing = place[-1] if kind == "missing" else "do"
        return FlowFault(line, _shown(place[:-1] if kind == "missing" else place, given), f"{missing} is missing")
    if kind in ("union_tag_invalid", "literal_error"):
        value = error["input"].get("do") if kind == "union_tag_invalid" else error["input"]
        words = [*STEPS] if kind == "union_tag_invalid" else _words(error)
        if kind == "union_tag_invalid":
            line = lines.get((*place, "do"), line)
        return FlowFault(line, where, f"{value!r} is none of {', '.join(words)}", _near(str(value), words))
    return FlowFault(line, where, f"{_value(error)}{_lower(error['msg'])}")


def _value(error: ErrorDetails) -> str:
    value = error["input"]
    return f"{value!r}: " if isinstance(value, str | int | float) and len(str(value)) <= 60 else ""  # noqa: PLR2004 - what is shown


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _words(error: ErrorDetails) -> list[str]:
    return [word.strip(" '") for word in error["ctx"]["expected"].replace(" or ", ",").split(",")]


def _told(wrong: Wrong, given: Any, lines: Mapping[Place, int]) -> FlowFault:
    place = wrong.place
    line = next((lines[place[:end]] for end in range(len(place), 0, -1) if place[:end] in lines), 1)
    return FlowFault(line, _shown(place, given), wrong.message, _near(wrong.word, wrong.words) if wrong.word else None)


def _near(word: str, words: Sequence[str]) -> str | None:
    nearest = extractOne(word, words, scorer=OSA.normalized_similarity, score_cutoff=LEAST_ALIKE)
    return None if nearest is None else nearest[0]


def _names_at(place: Place, given: Any) -> list[str]:
    """Return the names that there are at a place of a flow, and that are not given yet."""
    model: type[BaseModel] = Flow
    if place[:1] == ("parameters",):
        model = Parameter
    elif place[:1] == ("steps",):
        kind = given["steps"][place[1]].get("do")
        model = _PARTS.get(place[-1], STEPS[kind].options) if len(place) > 2 else STEPS[kind].options  # noqa: PLR2004 - of a step
    there = reduce(lambda value, name: value[name], place, given)
    return [called for name, field in model.model_fields.items() if (called := field.alias or name) not in there]


def _shown(place: Place, given: Any) -> str:
    """Return a place in words: a step by its id."""
    if place[:1] != ("steps",) or len(place) == 1:
        return ".".join(map(str, place)) or "the flow"
    steps, at = given["steps"], place[1]
    step = steps[at]
    name = step.get("id") if isinstance(step, dict) else None
    kind = step.get("do") if isinstance(step, dict) else None
    head = f"step {name if isinstance(name, str) else int(place[1]) + 1}"
    rest = ".".join(map(str, place[2:]))
    return f"{head}, {rest}" if rest else f"{head} ({kind})" if isinstance(kind, str) else head
