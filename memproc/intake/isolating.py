"""Finding the items on which some work raises, by halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


def isolated(
    work: Callable[[Sequence[One]], object], items: Sequence[One], is_of_some: Callable[[Exception], bool] = lambda _error: True
) -> dict[int, Exception]:
    """Do some work on items, in their order; return those that it raises on, which are found by halving, by their places.

    Raises an error at once that `is_of_some` does not hold to be of some of the items.
    """
    broken: dict[int, Exception] = {}
    left = [(0, len(items))] if items else []
    while left:
        start, stop = left.pop()
        try:
            work(items[start:stop])
        except Exception as error:
            if not is_of_some(error):
                raise
            if stop - start == 1:
                broken[start] = error
            else:
                middle = (start + stop) // 2
                left += [(middle, stop), (start, middle)]
    return broken
