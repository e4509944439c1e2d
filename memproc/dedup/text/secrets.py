"""Secrets: what follows a word such as "password", where each character counts as it is written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache

from memproc.dedup.text import word_lists
from memproc.dedup.text.capitals import ENDS, core_of_chunk

SECRET = "k"  # noqa: S105 - the sign of a word that announces one
_SAID = re.compile(r"(?:is|are|was|:|=|->|lautet|ist|es|est)")
_SAID_WITHIN = 4  # chunks after the announcing word
_MOST_CHUNKS = 6  # of a secret: a longer run says where the key is


def secrets_in(chunks: Sequence[str], signs: Sequence[str]) -> list[str]:
    """Return the secret after the first word that announces one, as it is written, if there is one. After some words everything
    counts, after others only the few words that the sentence says it is ("the code is ...").
    """
    for at, sign in enumerate(signs):
        if SECRET not in sign or at + 1 == len(chunks):
            continue
        is_always = secret_words()[core_of_chunk(chunks[at]).lower()] == "always"
        if is_always and len(chunks) - at - 1 <= _MOST_CHUNKS:
            return [" ".join(chunks[at + 1 :])]
        said = [at] if chunks[at].endswith((":", "=")) else []
        said += [place for place in range(at + 1, min(at + 1 + _SAID_WITHIN, len(chunks))) if _SAID.fullmatch(_bare(chunks[place]))]
        value = chunks[said[0] + 1 : said[0] + 2 + _MOST_CHUNKS] if said else []  # one more than allowed, to see that there is more
        end = next((place for place, chunk in enumerate(value, 1) if chunk.endswith(ENDS)), len(value))
        value = value[:end]
        if 0 < len(value) <= _MOST_CHUNKS and not any(chunk.endswith(ENDS) for chunk in chunks[at : said[0]]):
            return [" ".join(value)]
    return []


def _bare(chunk: str) -> str:
    return chunk.lower().rstrip(":") or chunk


@cache
def secret_words() -> Mapping[str, str]:
    """Return the words that announce a secret, each with when it does: "always", or only where the text says what it is."""
    return {word: kind for kind, listed in word_lists.lines("secrets.txt") for word in listed.split()}
