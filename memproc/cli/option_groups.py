"""Options that several commands have, as one parameter of each.

A group is a named tuple whose fields are options, annotated and with defaults as the parameters of a command are, or groups again.
Typer is shown the options in place of the group; the command is given the group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache, wraps
from inspect import Parameter, signature
from typing import Any, TypeVar, get_args, get_type_hints

Result = TypeVar("Result")


def grouped(command: Callable[..., Result]) -> Callable[..., Result]:
    """Return a command which takes the options of its groups one by one. Raises ValueError if two of them have one name."""
    own = signature(command, eval_str=True)
    groups = {name: one.annotation for name, one in own.parameters.items() if _is_group(one.annotation)}

    @wraps(command)
    def ungrouped(**given: Any) -> Result:
        gathered = {name: _gathered(group, given) for name, group in groups.items()}
        return command(**given, **gathered)

    options = [option for one in own.parameters.values() for option in _ungrouped(one)]
    ungrouped.__signature__ = own.replace(parameters=options)  # type: ignore[attr-defined]
    ungrouped.__annotations__ = {one.name: one.annotation for one in options}
    return ungrouped


def as_written(group: Any) -> list[str]:
    """Return the options of a group that differ from their defaults, as they are written on the command line."""
    return [part for name, value in given_in(group).items() for part in _written(name, value)]


def given_in(group: Any) -> dict[str, Any]:
    """Return the options of a group that differ from their defaults, by their names on the command line."""
    found: dict[str, Any] = {}
    for (name, annotation), value in zip(_annotated(group.__class__).items(), group, strict=True):
        if _is_group(annotation):
            found |= given_in(value)
        elif value != group._field_defaults[name]:
            found[_called(name, annotation)] = value
    return found


def _ungrouped(parameter: Parameter) -> Iterator[Parameter]:
    """Yield the options that stand in place of a group, or the parameter itself."""
    group = parameter.annotation
    if not _is_group(group):
        yield parameter.replace(kind=Parameter.KEYWORD_ONLY)
        return
    for name, annotation in _annotated(group).items():
        default = group._field_defaults[name]
        yield from _ungrouped(Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation))


def _gathered(group: Any, given: dict[str, Any]) -> Any:
    """Return a group of the options that were given, which are taken out."""
    fields = _annotated(group).items()
    return group(*(_gathered(one, given) if _is_group(one) else given.pop(name) for name, one in fields))


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, tuple) and hasattr(annotation, "_field_defaults")


@cache
def _annotated(group: type) -> Mapping[str, Any]:
    return get_type_hints(group, include_extras=True)


def _called(name: str, annotation: Any) -> str:
    """Return what an option is called; of `--yes/--no` both."""
    own = get_args(annotation)[1].default  # where an annotated `Option` has its first name
    return own if isinstance(own, str) else f"--{name.replace('_', '-')}"


def _written(name: str, value: Any) -> Iterator[str]:
    yes, _, no = name.partition("/")
    if isinstance(value, bool):
        yield yes if value else no
        return
    for one in value if isinstance(value, list | tuple) else [value]:
        yield from (yes, f"{one:.15g}" if isinstance(one, float) else str(one))
