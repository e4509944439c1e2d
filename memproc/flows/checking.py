"""What is wrong in a flow that its schema cannot tell: names that are not there, steps that come later, expressions. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from memproc.configuring import NAMES
from memproc.errors import UsageError
from memproc.flows.expressions import ROOTS, SECRET, ExpressionError, expressions_in, names_used, parsed
from memproc.flows.flow import Flow, parameters_of
from memproc.flows.step import Options
from memproc.flows.steps import STEPS
from memproc.gates.parsing import GateError, gate_of

BARE = ("when", "for_each", "approve_when")  # an expression by itself
PLAIN = ("id", "do", "about", "needs", "after", "retry", "on_error", "policy")  # no expression


class Wrong(NamedTuple):
    """What is wrong at a place of a flow, and where that is a word, the words that it may be."""

    place: tuple[str | int, ...]
    message: str
    word: str = ""
    words: Sequence[str] = ()


def wrong_in(flow: Flow) -> Iterator[Wrong]:
    """Yield all that is wrong in a flow."""
    yield from _wrong_parameters(flow)
    if flow.store is not None:
        for expression in expressions_in(flow.store):
            yield from _wrong_expression(flow, expression, ("store",), (), allowed=("parameters",))
    before: list[str] = []
    for at, step in enumerate(flow.steps):
        place = ("steps", at)
        if step.id in before:
            yield Wrong((*place, "id"), f"another step above is called {step.id} too: give each an id of its own")
        later = [one.id for one in flow.steps[at:]]
        for number, name in enumerate(step.needs or ()):
            if name not in before:
                told = "comes later, or is the step itself: move it up" if name in later else "is no step above"
                yield Wrong((*place, "needs", number), f"{name!r} {told}", "" if name in later else name, before)
        yield from _wrong_values(flow, step, place, before)
        before.append(step.id)


def _wrong_parameters(flow: Flow) -> Iterator[Wrong]:
    for name, one in flow.parameters.items():
        if not one.is_needed and one.default is not None:
            alone = flow.model_copy(update={"parameters": {name: one}})
            try:
                parameters_of(alone, {}, Path())
            except UsageError as error:
                yield Wrong(("parameters", name, "default"), str(error))


def _wrong_values(flow: Flow, step: Options, place: tuple[str | int, ...], before: Sequence[str]) -> Iterator[Wrong]:
    said = step.model_dump(by_alias=True, exclude_unset=True)
    fields = {field.alias or name: name for name, field in type(step).model_fields.items()}
    for name, value in said.items():
        where = (*place, name)
        if name in BARE:
            items = ("item", "index") if name == "approve_when" and step.for_each is not None else ()
            if isinstance(value, str):
                yield from _wrong_expression(flow, value, where, before, allowed=(*ROOTS[:4], *items))
        elif name in PLAIN:
            if any(True for _ in expressions_in(value)):
                yield Wrong(where, "is no place for an expression: write what it is to be")
        else:
            yield from _wrong_texts(flow, step, (where, fields[name], value), before)
    if isinstance(rules := said.get("rules"), dict) and not any(True for _ in expressions_in(rules)):
        try:
            gate_of({"rules": rules})
        except GateError as error:
            yield Wrong((*place, *error.place), str(error))
    for name in said.get("settings", {}):
        if name not in NAMES:
            yield Wrong((*place, "settings", name), f"{name!r} is no setting", name, NAMES)


def _wrong_texts(
    flow: Flow, step: Options, given: tuple[tuple[str | int, ...], str, Any], before: Sequence[str]
) -> Iterator[Wrong]:
    """Yield what is wrong in the expressions in a field of a step."""
    where, field, value = given
    items = ("item", "index") if step.for_each is not None else ()
    for expression in expressions_in(value):
        secret = SECRET.fullmatch(expression)
        if secret is None:
            yield from _wrong_expression(flow, expression, where, before, allowed=(*ROOTS[:4], *items))
        elif field not in STEPS[step.do].secret_fields:  # type: ignore[attr-defined]  # each kind of step has it
            kinds = [f"{name} of {kind}" for kind, one in STEPS.items() for name in one.secret_fields]
            yield Wrong(where, f"a secret cannot stand here: it can in {', '.join(kinds).replace('from_', 'from')}")
        elif secret[1] not in flow.secrets:
            yield Wrong(where, f"{secret[1]!r} is none of the secrets of the flow", secret[1], [*flow.secrets])


def _wrong_expression(
    flow: Flow, expression: str, where: tuple[str | int, ...], before: Sequence[str], *, allowed: Sequence[str]
) -> Iterator[Wrong]:
    try:
        used = [*names_used(parsed(expression))]
    except ExpressionError as error:
        yield Wrong(where, str(error))
        return
    for root, *more in used:
        if root not in allowed:
            told = "for_each of the step is missing for it" if root in ROOTS else f"there are {', '.join(allowed)}"
            yield Wrong(where, f"{expression!r}: {root!r} is not known here: {told}", root, allowed)
        elif root == "parameters" and more and more[0] not in flow.parameters:
            yield Wrong(where, f"{expression!r}: {more[0]!r} is no parameter of the flow", more[0], [*flow.parameters])
        elif root == "steps" and more and more[0] not in before:
            yield Wrong(where, f"{expression!r}: {more[0]!r} is no step above", more[0], before)
