"""Peers that keep the text they see first, and drop what they take for a repeat of it.

Rules
-----
- A peer sees texts, in their order, and nothing else. It reviews nothing: what it drops is gone.
- It gives for each text the index of the one that was kept in its place: its own when it was kept.
- Both read the text as the recipe does: in NFKC, case folded, with single spaces.
- rensa is used as its README does: words, 128 permutations, a threshold of 0.8. Of several kept texts
  the one that was kept first stands for a dropped one. It may be given the recipe's shingles in place of words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rensa import RMinHash, RMinHashDeduplicator

from benchmarks.recipe import Kept, normalised

RENSA_THRESHOLD: Final = 0.8
RENSA_PERMUTATIONS: Final = 128
RENSA_SEED: Final = 42  # the deduplicator's own, which a sketch has to share


def recipe_homes(texts: Sequence[str]) -> list[int]:
    """Give what the recipe of the tutorials keeps in place of each text.

    >>> recipe_homes(["The kettle is in the kitchen", "the  KETTLE is in the kitchen", "His flight leaves at nine"])
    [0, 0, 2]
    """
    kept = Kept()
    return [kept.find_or_keep(number, text) for number, text in enumerate(texts)]


def new_deduplicator() -> RMinHashDeduplicator:
    """Give rensa's deduplicator as its README sets it up."""
    return RMinHashDeduplicator(threshold=RENSA_THRESHOLD, num_perm=RENSA_PERMUTATIONS, use_lsh=True, seed=RENSA_SEED)


def words_of(text: str) -> Iterable[str]:
    """Give the words of a text that is normalised."""
    return text.split()


def rensa_homes(texts: Sequence[str], tokens_of: Callable[[str], Iterable[str]] = words_of) -> list[int]:
    """Give what rensa's deduplicator keeps in place of each text.

    >>> rensa_homes(["The kettle is in the kitchen", "the  KETTLE is in the kitchen", "His flight leaves at nine"])
    [0, 0, 2]
    """
    deduplicator = new_deduplicator()
    tokens = [list(tokens_of(normalised(text))) for text in texts]
    homes: list[int] = []
    for number, sketch in enumerate(RMinHash.from_token_sets(tokens, num_perm=RENSA_PERMUTATIONS, seed=RENSA_SEED)):
        found = [int(key) for key in deduplicator.get_duplicates(sketch)]
        if not found:
            deduplicator.add(str(number), sketch)
        homes.append(min(found, default=number))
    return homes


PEERS: Final[dict[str, Callable[[Sequence[str]], list[int]]]] = {"tutorial recipe": recipe_homes, "rensa": rensa_homes}
