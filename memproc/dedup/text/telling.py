"""What is telling in the way a text is written: what can change the meaning, though the words are the same.

Facts: case, punctuation and quotes mean nothing by themselves: "SHE LIKES TEA!" is "She likes tea". But "Turkey" is not a turkey,
".env" is not "env", "fine" in quotes is not fine, and in a password each character counts. "Ill today" is of the day it was said.

Strategy: each chunk that may be telling has a *sign*, computed once per chunk; most texts have none. What the signs amount to in a
text is part of the key by which it merges. So two texts that differ in it never merge, and wait for a person.

Rules:
- a capital that makes a name of a word counts ("Bill", "US"): see `capitals.py`;
- symbols of codes count: a full stop or a dash before letters, "!" after letters and digits;
- quotes around words in small letters count, unless they are around the whole text;
- after a word such as "password" everything counts as it is written;
- a fact that speaks of the day it was said is bound to the day of its `created_at`, if it has one: see `days.py`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from typing import NamedTuple

from memproc.dedup.text import word_classes, word_lists, words
from memproc.dedup.text.capitals import CAPITAL, EDGE, ENDS, core_of_chunk, is_name_too, names_by_capital, tells_by_capitals
from memproc.dedup.text.days import sign_of_a_day, speaks_of_a_day
from memproc.dedup.text.memo import Memo

QUOTE, SYMBOL = "q", "s"
_OPENING = "\"'“„‘«‹‚"
_QUOTED = re.compile(
    r"(?<!\w)(?:\"([^\"]{1,60})\"|“([^”]{1,60})”|„([^“”]{1,60})[“”]|«\s?([^»]{1,60}?)\s?»|'([^']{1,60})'|‘([^’]{1,60})’)(?!\w)"
)
_OPENS = re.compile(rf"[(\[]*[{re.escape(_OPENING)}]\s?[^\W\d_]")
_CODE = re.compile(r"[\"'“(]*(\.[^\W\d_]\w*|--?[^\W_][\w-]*)")
_LOUD = re.compile(r"(?=\w*\d)(?=\w*[^\W\d_]{3})\w+!+[\"')]*")
SECRET = "k"  # noqa: S105 - the sign of a word that announces one
_SAID = re.compile(r"(?:is|are|was|:|=|->|lautet|ist|es|est)")
_SAID_WITHIN = 4  # chunks after the announcing word
_MOST_CHUNKS = 6  # of a secret: a longer run says where the key is
_MARKED_QUOTED_WORDS = 4
_FEW_CHARS = 8


class Telling(NamedTuple):
    """What is telling in a text: `marks`, each as it is compared, and whether it speaks of the day on which it was said."""

    marks: tuple[str, ...] = ()
    is_of_a_day: bool = False


NOTHING = Telling()


def sign_of(chunk: str) -> str:
    """Return the sign of a chunk of a text: a letter for each thing that may be telling in it. For most chunks it is empty.

    >>> [sign_of(chunk) for chunk in ("tea", "Bill,", "(US)", ".env", "--force", "“fine”", "password:", "yesterday.")]
    ['', 'c', 'c', 's', 's', 'q', 'k', 'd']
    """
    chunk = chunk if chunk.isascii() else unicodedata.normalize("NFKC", chunk)
    core = chunk.strip(EDGE)
    lower = core.lower()
    sign = ""
    if core[:1].isupper() and is_name_too(core):
        sign += CAPITAL
    if not chunk.isalnum():
        if _CODE.match(chunk) or _LOUD.fullmatch(chunk):
            sign += SYMBOL
        if _OPENS.match(chunk):
            sign += QUOTE
    if lower in _secret_words():
        sign += SECRET
    return sign + sign_of_a_day(chunk, lower)


def telling(text: str, signs: Sequence[str], *, is_english: bool) -> Telling:
    """Return what is telling in an exact text; `signs` are those of its chunks.

    >>> text = 'Paid Bill today, he says he is "fine"'
    >>> telling(text, [*map(sign_of, text.split())], is_english=True)
    Telling(marks=('Bill', '"fine"'), is_of_a_day=True)
    """
    chunks = _chunks_of(text)
    if len(chunks) != len(signs):  # a chunk consists of invisible characters alone
        signs = [*map(sign_of, chunks)]
    marks: list[str] = []
    present = "".join(signs)
    if CAPITAL in present and (names := names_by_capital(chunks, signs, is_english=is_english)) and tells_by_capitals(text, chunks):
        marks += names
    if QUOTE in present:
        marks += _quoted(text)
    if SYMBOL in present:
        marks += [chunks[at].rstrip(".,;:") for at, sign in enumerate(signs) if SYMBOL in sign]
    if SECRET in present:
        marks += _secrets_in(chunks, signs)
    return Telling(tuple(marks), speaks_of_a_day(chunks, signs, present))


def _quoted(text: str) -> list[str]:
    """Return the quoted runs that begin with a small letter or are a word such as "Her", except one that is the whole text."""
    quoted = []
    for run in _QUOTED.finditer(text):
        inner = next(filter(None, run.groups()), "").strip()
        is_whole = (
            run.start() < _FEW_CHARS
            and not text[: run.start()].strip(EDGE)
            and not text[run.end() : run.end() + _FEW_CHARS].strip(EDGE)
        )
        is_word = inner[:1].islower() or inner.lower() in words.names_too() or inner.lower() in word_classes.deciding_words()
        if is_word and not is_whole and len(inner.split()) <= _MARKED_QUOTED_WORDS:
            quoted.append(f'"{inner.lower()}"')
    return quoted


def _secrets_in(chunks: Sequence[str], signs: Sequence[str]) -> list[str]:
    """Return the secret after the first word that announces one, as it is written, if there is one. After some words everything
    counts, after others only the few words that the sentence says it is ("the code is ...").
    """
    for at, sign in enumerate(signs):
        if SECRET not in sign or at + 1 == len(chunks):
            continue
        is_always = _secret_words()[core_of_chunk(chunks[at]).lower()] == "always"
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
def _secret_words() -> Mapping[str, str]:
    """Return the words that announce a secret, each with when it does: "always", or only where the text says what it is."""
    return {word: kind for kind, listed in word_lists.lines("secrets.txt") for word in listed.split()}


def tells_a_secret(text: str) -> bool:
    """Tell whether a text holds something that counts as it is written, after a word such as "password"."""
    chunks = _chunks_of(text)
    signs = [*map(SIGNS.__getitem__, chunks)]
    return any(SECRET in sign for sign in signs) and bool(_secrets_in(chunks, signs))


def _chunks_of(text: str) -> list[str]:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).split()


def is_of_a_day(text: str) -> bool:
    """Tell whether a text speaks of the day on which it was said.

    >>> is_of_a_day("Lost her job last month"), is_of_a_day("Meets Ann on Fridays"), is_of_a_day("Will pay Ben back on Friday")
    (True, False, True)
    """
    chunks = text.split()
    signs = [*map(SIGNS.__getitem__, chunks)]
    return speaks_of_a_day(chunks, signs, "".join(signs))


SIGNS = Memo(sign_of)
