"""A memo of what was found out about a token: texts say the same words over and over.

Facts: what is kept of a chunk of a text takes some 550 bytes. Of 400,000 memories a memo of 200,000 tokens finds out 1.9 chunks a
record, most of them names and numbers that it has never met, one of 80,000 finds out 3.1, and one of 50,000 3.7, each in 3 us.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

MOST_TOKENS = 80_000
LONGEST_TOKEN_CHARS = 40

Found = TypeVar("Found")


class Memo(dict[str, Found]):
    """Maps each token to what a pure function gives for it, found out when the token is first met; then as quick as a dict.

    Bounded: when half of `MOST_TOKENS` are here, they move to `before`, in place of what was there, and who is met again comes
    back. So the common words of a language stay, and names and numbers go. Tokens beyond `LONGEST_TOKEN_CHARS` are not kept. A memo
    of whole texts has bounds of its own.

    >>> sizes = Memo(len)
    >>> [*map(sizes.__getitem__, ["tea", "coffee", "tea"])], dict(sizes)
    ([3, 6, 3], {'tea': 3, 'coffee': 6})
    """

    def __init__(self, find_out: Callable[[str], Found], *, most: int | None = None, longest_chars: int | None = None) -> None:
        """Know the function; nothing is found out yet."""
        super().__init__()
        self._find_out, self._most, self._longest_chars = find_out, most, longest_chars
        self.before: dict[str, Found] = {}

    @property
    def is_of_texts(self) -> bool:
        """Whether it has bounds of its own."""
        return self._most is not None

    def __missing__(self, token: str) -> Found:
        """Find it out, or take it from before, and keep it."""
        before = self.before
        found = before[token] if token in before else self._find_out(token)
        self.keep(token, found)
        return found

    def keep(self, token: str, found: Found) -> None:
        """Keep what was found out elsewhere."""
        if len(token) <= (self._longest_chars or LONGEST_TOKEN_CHARS):
            if len(self) >= (self._most or MOST_TOKENS) // 2:
                self.before = self.copy()
                self.clear()
            self[token] = found

    def forget(self) -> None:
        """Keep nothing any more."""
        self.clear()
        self.before = {}
