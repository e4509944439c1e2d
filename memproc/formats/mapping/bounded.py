"""Evaluates JMESPath, bounded in time and size. Pure.

Facts: JMESPath runs nothing, and its expressions end. But `[@, @]` doubles what it is given, so a short expression can make a list
without end, or one that is small in memory, as its halves are the same, and enormous for whoever goes through it. So steps are
counted: each node that is visited, each element that it makes, and all that lies in what a function or a comparison is given.
Expressions that build no lists or objects and call no functions make nothing that is larger than what they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jmespath.functions import Functions
from jmespath.visitor import Options, TreeInterpreter

MOST_STEPS = 100_000  # some tenths of a second
_CHARS_OF_A_STEP = 64
_BUILDING = ("multi_select_list", "multi_select_dict", "function_expression")

Node = Mapping[str, Any]


class TooMuchError(ValueError):
    """An expression would take too many steps."""


def evaluated_within(tree: Node, data: object, most_steps: int = MOST_STEPS) -> Any:
    """Return the value of a parsed expression. Raises TooMuchError, and what JMESPath raises.

    The steps may be more where the data are large: as many as it takes to go through them some times.
    """
    if not any(node["type"] in _BUILDING for node in _nodes_of(tree)):
        return TreeInterpreter().visit(tree, data)
    count = _Count(most_steps)
    count.left += 4 * count.weight(data)
    found = _Bounded(count).visit(tree, data)
    count.spend(count.weight(found))
    return found


def _nodes_of(tree: Node) -> Iterator[Node]:
    waiting = [tree]
    for node in waiting:
        waiting += [child for child in node.get("children", ()) if isinstance(child, Mapping)]
        yield node


class _Count:
    """The steps that are left, and how much lies in values: of what lies in several places, in each of them."""

    def __init__(self, left: int) -> None:
        self.left = self._most = left
        self._known: dict[int, tuple[object, int]] = {}  # by identity, with the value, so that the identity stays its own

    def spend(self, steps: int) -> None:
        """Count steps. Raises TooMuchError where there are no more."""
        self.left -= steps
        if self.left < 0:
            raise TooMuchError(f"takes more than {self._most:,} steps: make it simpler")

    def weight(self, value: object) -> int:
        """Return how much lies in a value: it and all that is in it, and more for long texts."""
        if isinstance(value, str):
            return 1 + len(value) // _CHARS_OF_A_STEP
        if not isinstance(value, list | dict):
            return 1
        known = self._known.get(id(value))
        if known is None:
            inside = [*value, *value.values()] if isinstance(value, dict) else value
            known = self._known[id(value)] = value, 1 + sum(map(self.weight, inside))
        return known[1]


class _Counted(Functions):  # type: ignore[misc]  # the package has no types
    """The functions of JMESPath, counted by what they are given."""

    def __init__(self, count: _Count) -> None:
        self._count = count

    def call_function(self, function_name: str, resolved_args: list[Any]) -> Any:
        self._count.spend(sum(map(self._count.weight, resolved_args)))
        return super().call_function(function_name, resolved_args)


class _Bounded(TreeInterpreter):  # type: ignore[misc]  # as above
    """Evaluates an expression, and counts what it does."""

    def __init__(self, count: _Count) -> None:
        super().__init__(Options(custom_functions=_Counted(count)))
        self._count = count
        self.COMPARATOR_FUNC = {name: self._counted(compare) for name, compare in TreeInterpreter.COMPARATOR_FUNC.items()}

    def _counted(self, compare: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
        def compared(one: Any, other: Any) -> Any:
            self._count.spend(self._count.weight(one) + self._count.weight(other))
            return compare(one, other)

        return compared

    def visit(self, node: Node, *args: Any, **kwargs: Any) -> Any:
        found = super().visit(node, *args, **kwargs)
        self._count.spend(1 + (len(found) if isinstance(found, list | dict) else 0))
        return found
