"""A flow: its parameters, secrets and steps, as they stand in its file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints

from memproc.errors import UsageError
from memproc.flows.step import Name, Options, Part, Text
from memproc.flows.steps import STEPS

VERSION = 1
MOST_STEPS = 200
Kind = Literal["text", "integer", "number", "boolean", "path", "date", "list"]
Reference = Annotated[str, StringConstraints(pattern=r"^(ENV:[A-Za-z_]\w*|KEYRING:[\w.-]+/[\w.@+-]+)$")]
FlowName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
if TYPE_CHECKING:
    AnyStep = Options
else:
    AnyStep = Annotated[reduce(or_, (step.options for step in STEPS.values())), Field(discriminator="do")]

_SWITCHES = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Parameter(Part):
    """What a flow is told when it is run. Without a default it has to be given."""

    type: Kind = Field("text", description="Its kind. A path is relative to the folder of the flow, or where it is given, to that.")
    default: Any = Field(None, description="What it is where it is not given.")
    about: str | None = Field(None, max_length=400, description="What it is for.")
    choices: list[Any] | None = Field(None, description="The values that it may have.")
    personal: bool = Field(False, description="Whether it says who somebody is: it is removed from the store when the run is over.")

    @property
    def is_needed(self) -> bool:
        """Whether it has to be given."""
        return "default" not in self.model_fields_set


class Flow(Part):
    """Steps that are taken one after the other, and what they need."""

    flow: FlowName = Field(description="What it is called.")
    version: Literal[1] = Field(1, description="The version of this form of file.")
    about: str | None = Field(None, max_length=1_000, description="What it is for.")
    store: Text | None = Field(
        None,
        description="The store that its steps work on, and that keeps how far a run is: a path or a URL, which may hold "
        "`${parameters.NAME}`. `--store` goes before it.",
    )
    work: Text = Field("flow-files", description="The folder in which each run has one of its own for its files.")
    parameters: dict[Name, Parameter] = Field(default_factory=dict, description="What it is told when it is run.")
    secrets: dict[Name, Reference] = Field(
        default_factory=dict,
        description="Secrets by name: `ENV:NAME`, or `KEYRING:service/user`. They are shown and stored nowhere.",
    )
    steps: list[AnyStep] = Field(min_length=1, max_length=MOST_STEPS, description="The steps, in their order.")


def told(flow: Flow) -> str:
    """Return a flow as JSON: what was said in its file, and nothing else."""
    return flow.model_dump_json(by_alias=True, exclude_unset=True)


def parameters_of(flow: Flow, given: Mapping[str, Any], here: Path) -> dict[str, Any]:
    """Return the values of all parameters. `given` are texts, or values; a given path is relative to `here`.

    Raises UsageError where one is missing, unknown, or of another kind.
    """
    if unknown := [name for name in given if name not in flow.parameters]:
        known = ", ".join(flow.parameters) or "none"
        raise UsageError(f"{unknown[0]!r} is no parameter of {flow.flow}: it has {known}")
    if missing := [name for name, one in flow.parameters.items() if one.is_needed and name not in given]:
        raise UsageError(f"the parameter {missing[0]} is missing: give it as in -p {missing[0]}=VALUE")
    found = {}
    for name, one in flow.parameters.items():
        value = _value(name, one, given.get(name, one.default))
        if one.type == "path" and name in given and value is not None and "://" not in value:
            value = str(here / Path(value).expanduser())
        if one.choices is not None and value not in one.choices:
            raise UsageError(f"{name}={value!r}: choose among {', '.join(map(str, one.choices))}")
        found[name] = value
    return found


def _value(name: str, parameter: Parameter, given: Any) -> Any:
    """Return what was given as a value of its kind."""
    if given is None:
        return None
    try:
        return _as_kind(parameter.type, given)
    except (ValueError, TypeError, KeyError):
        raise UsageError(f"{name}={given!r}: give {_KINDS[parameter.type]}") from None


def _as_kind(kind: Kind, given: Any) -> Any:
    if kind == "list":
        return [*given] if isinstance(given, list) else [part.strip() for part in _text(given).split(",") if part.strip()]
    if kind == "boolean":
        return given if isinstance(given, bool) else _SWITCHES[_text(given).strip().lower()]
    if isinstance(given, bool):
        raise TypeError(given)
    if kind == "integer":
        return given if isinstance(given, int) else int(_text(given))
    if kind == "number":
        return given if isinstance(given, int | float) else float(_text(given))
    if kind == "date":
        return date.fromisoformat(_text(given)).isoformat()
    return _text(given)


def _text(given: Any) -> str:
    if not isinstance(given, str):
        raise TypeError(given)
    return given


_KINDS: Mapping[Kind, str] = {
    "text": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "path": "a path",
    "date": "a date, as in 2026-12-01",
    "list": "a list, or texts with commas between them",
}
