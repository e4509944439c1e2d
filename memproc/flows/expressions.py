"""Expressions of flows: JMESPath, bounded in time and size, and texts that hold some.

Facts: JMESPath reads values and runs nothing; what an expression may take is counted.

Rules: an expression is at most 1,000 characters long. What it sees is `parameters`, `steps` (by their ids what they gave and their
`status`), `run`, `flow`, and for each item `item` and `index`. In a text it stands as `${...}`; a text that is nothing else keeps
the kind of the value, in any other it has to be a text, a number or true or false.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from jmespath.exceptions import JMESPathError
from jmespath.parser import Parser

from memproc.errors import UsageError
from memproc.formats.mapping.bounded import Node, TooMuchError, evaluated_within

LONGEST_CHARS = 1_000
LONGEST_RESULT_CHARS = 65_536
ROOTS = ("parameters", "steps", "run", "flow", "item", "index")
IN_TEXT = re.compile(r"\$\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
SECRET = re.compile(r"\s*secrets\.(\w+)\s*", re.ASCII)


class ExpressionError(UsageError):
    """An expression cannot be read, or gives nothing that can be used."""


def parsed(expression: str) -> Node:
    """Return the tree of an expression. Raises ExpressionError with the place where it cannot be read.

    >>> parsed("a.b")["type"]
    'subexpression'
    """
    if len(expression) > LONGEST_CHARS:
        raise ExpressionError(f"an expression has at most {LONGEST_CHARS:,} characters, and this {len(expression):,}")
    try:
        return Parser().parse(expression).parsed  # type: ignore[no-any-return]
    except JMESPathError as error:
        told = str(error).partition("\n")[0].partition(": Parse error")[0].removesuffix(".").lower()
        raise ExpressionError(f"{expression!r} is no JMESPath expression: {told}{_advice(expression)}") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None


def _advice(expression: str) -> str:
    """Return what may be meant by what other languages write."""
    if re.search(r"[<>=]=?\s*-?\d", expression):
        return "; numbers stand in backticks, as in steps.load.stored > `0`"
    if re.search(r"\b(and|or|not)\b", expression):
        return "; write && for and, || for or, ! for not"
    return ""


def evaluated(expression: str, data: Mapping[str, Any]) -> Any:
    """Return the value of an expression. Raises ExpressionError where it cannot be read, or would take too much.

    >>> evaluated(
    ...     "steps.load.stored > `2` && parameters.kind == 'fact'",
    ...     {"steps": {"load": {"stored": 3}}, "parameters": {"kind": "fact"}},
    ... )
    True
    """
    tree = parsed(expression)
    try:
        found = evaluated_within(tree, data)
    except TooMuchError as error:
        raise ExpressionError(f"{expression!r} {error}") from None
    except JMESPathError as error:
        raise ExpressionError(f"{expression!r}: {str(error).partition(chr(10))[0]}") from None
    except RecursionError:
        raise ExpressionError("the expression is nested too deeply") from None
    if isinstance(found, str) and len(found) > LONGEST_RESULT_CHARS:
        raise ExpressionError(f"{expression!r} makes a text of more than {LONGEST_RESULT_CHARS:,} characters")
    return found


def is_true(expression: str, data: Mapping[str, Any]) -> bool:
    """Return whether a condition holds; what compares with something that is not there does not. Raises ExpressionError where it
    gives a text, a number or a list, of which nobody knows whether they are true.
    """
    found = evaluated(expression, data)
    if found is None or isinstance(found, bool):
        return bool(found)
    raise ExpressionError(
        f"{expression!r} gives {_shown(found)}, which is neither true nor false: compare it, as in {expression} > `0`"
    )


def expressions_in(value: Any) -> Iterator[str]:
    """Yield the expressions in the texts of a value, those of secrets too."""
    if isinstance(value, str):
        yield from IN_TEXT.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from expressions_in(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from expressions_in(one)


def filled(value: Any, data: Mapping[str, Any]) -> Any:
    """Return a value with those of its expressions in their place, but for secrets, which stay as they are written.

    >>> filled({"to": "out/${run}.jsonl", "limit": "${parameters.n}"}, {"run": 3, "parameters": {"n": 5}})
    {'to': 'out/3.jsonl', 'limit': 5}
    """
    if isinstance(value, str):
        return _filled_text(value, data)
    if isinstance(value, Mapping):
        return {name: filled(one, data) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [filled(one, data) for one in value]
    return value


def _filled_text(text: str, data: Mapping[str, Any]) -> Any:
    whole = IN_TEXT.fullmatch(text)
    if whole and not SECRET.fullmatch(whole[1]):
        return evaluated(whole[1], data)

    def put(found: re.Match[str]) -> str:
        if SECRET.fullmatch(found[1]):
            return found[0]
        value = evaluated(found[1], data)
        if isinstance(value, str):
            return value
        if isinstance(value, bool | int | float):
            return orjson.dumps(value).decode()
        raise ExpressionError(f"{found[0]} gives {_shown(value)}, and in a text there can be only texts and numbers")

    return IN_TEXT.sub(put, text)


def _shown(value: Any) -> str:
    kinds: tuple[tuple[type, str], ...] = ((str, "a text"), (list, "a list"), (dict, "an object"))
    return "nothing" if value is None else next((told for kind, told in kinds if isinstance(value, kind)), "a number")


def names_used(tree: Node, *, is_root: bool = True) -> Iterator[tuple[str, ...]]:
    """Yield what an expression asks of its data: a root, and where it goes on by a name, that too.

    >>> sorted(names_used(parsed("steps.load.stored > `0` && item.x")))
    [('item', 'x'), ('steps', 'load')]
    """
    kind, children = tree["type"], tree.get("children", [])
    if kind == "field":
        if is_root:
            yield (tree["value"],)
    elif kind in ("subexpression", "index_expression", "projection", "value_projection", "filter_projection", "flatten", "pipe"):
        first, *others = children
        if kind == "subexpression" and is_root and first["type"] == "field" and others and others[0]["type"] == "field":
            yield first["value"], others[0]["value"]
        else:
            yield from names_used(first, is_root=is_root)
    elif kind != "literal":
        for child in children:
            yield from names_used(child, is_root=is_root)
