"""The order of tokens: what it tells about two facts that share them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import filterfalse

from memproc.dedup.compare.token_kinds import TOKEN_KIND
from memproc.dedup.text.tokens import MARKS

_JOINING = frozenset([",", "and", "or", "und", "oder", "y", "e", "o", "et", "ou"])
_KIND_IF_REATTACHED = {
    "negation": "negation",
    "number": "amount",
    "code": "amount",
    "pole": "opposite",
    "name": "name",
    "odd": "name",
}


def reattached(one: Sequence[str], other: Sequence[str]) -> set[str]:
    """Return the kinds of the tokens that belong to something else in the other gist: numbers in another order, a negation before
    another word, and a name or the like that has no neighbour in common in both. What moves together with its neighbours, such as
    "with Ann", does not count.
    """
    here, there = map(_neighbours, (one, other))
    shared = here.keys() & there.keys()
    numbers = [
        [token for token in tokens if token in shared and TOKEN_KIND[token] in ("number", "code")] for tokens in (one, other)
    ]
    kinds = {"amount"} if numbers[0] != numbers[1] else set[str]()
    for token in shared:
        kind = TOKEN_KIND[token]
        both = here[token] & there[token]
        is_attached = any(is_behind or kind != "negation" for is_behind, _ in both)
        if kind in _KIND_IF_REATTACHED and not is_attached:
            kinds.add(_KIND_IF_REATTACHED[kind])
    return kinds


def _neighbours(tokens: Sequence[str]) -> dict[str, set[tuple[bool, str]]]:
    """Return, by token, the words beside it ("" at an end), each with whether it comes after the token."""
    neighbours: dict[str, set[tuple[bool, str]]] = {}
    spoken = ["", *filterfalse(MARKS.__contains__, tokens), ""]
    for before, token, after in zip(spoken, spoken[1:], spoken[2:], strict=False):
        neighbours.setdefault(token, set()).update(((False, before), (True, after)))
    return neighbours


def are_one_list(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether two texts, as tokens, differ only in the order of a list.

    >>> are_one_list("likes jazz and blues".split(), "likes blues and jazz".split())
    True
    >>> are_one_list("aime le jazz et le rock".split(), "aime le rock et le jazz".split())
    True
    >>> are_one_list("ann owes ben".split(), "ben owes ann".split())
    False
    """
    if len(one) != len(other):
        return False
    differing = [at for at, (left, right) in enumerate(zip(one, other, strict=True)) if left != right]
    if not differing:
        return False
    for start in (differing[0], max(differing[0] - 1, 0)):  # the items of "le jazz et le rock" share a word
        for end in (differing[-1] + 1, differing[-1] + 2):
            here, there = one[start:end], other[start:end]
            if not _JOINING.isdisjoint(here) and _items(here) == _items(there):
                return True
    return False


def _items(tokens: Sequence[str]) -> list[tuple[str, ...]]:
    """Return the items of a list, sorted."""
    items: list[tuple[str, ...]] = [()]
    for token in tokens:
        if token in _JOINING:
            items.append(())
        else:
            items[-1] += (token,)
    return sorted(filter(None, items))


def are_moved(one: Sequence[str], other: Sequence[str]) -> bool:
    """Tell whether the tokens that two gists share are in another order."""
    shared = frozenset(one).intersection(other).difference(MARKS)
    here, there = ([*dict.fromkeys(filter(shared.__contains__, tokens))] for tokens in (one, other))
    return here != there
