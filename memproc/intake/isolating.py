"""Finding the items on which some work raises, by halving."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

One = TypeVar("One")


def isolated(
    work: Callable[[Sequence[One]], object], items: Sequence[One], is_of_some: Callable[[Exception], bool] = lambda _error: True
) -> dict[int, Exception]:
    """Do some work on items, in order. Return by position the items on which it raises, found by halving, with the exceptions.

    Exceptions for which `is_of_some` is false are not caused by single items, and are raised at once.
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
