"""A memo of what was found out about a token: texts say the same words over and over."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

MOST_TOKENS = 200_000
LONGEST_TOKEN_CHARS = 40

Found = TypeVar("Found")


class Memo(dict[str, Found]):
    """Maps each token to what a pure function gives for it, found out when the token is first met; then as quick as a dict.

    Bounded: it starts afresh after `MOST_TOKENS`, and keeps nothing of tokens beyond `LONGEST_TOKEN_CHARS`.

    >>> sizes = Memo(len)
    >>> [*map(sizes.__getitem__, ["tea", "coffee", "tea"])], dict(sizes)
    ([3, 6, 3], {'tea': 3, 'coffee': 6})
    """

    def __init__(self, find_out: Callable[[str], Found]) -> None:
        """Know the function; nothing is found out yet."""
        super().__init__()
        self._find_out = find_out

    def __missing__(self, token: str) -> Found:
        """Find it out and keep it."""
        found = self._find_out(token)
        if len(token) <= LONGEST_TOKEN_CHARS:
            if len(self) >= MOST_TOKENS:
                self.clear()
            self[token] = found
        return found
