"""The tokens of a canonical text: words, numbers and identifiers whole, symbols and emoji one by one.

Rules: sentence punctuation of any script is no token, but for a comma right behind a word that can negate what follows ("no,
I will" is not "no I will"). A token with a digit, a slash, a backslash, `@`, `_` or an inner dot is whole. So are words joined
by a hyphen or a colon of which none is a common English word ("Marie-Luise" is one person, "well-known" two words). A number
and its unit are two tokens. In a chunk of Chinese or Japanese, which write no spaces, each run is one token, as its words
cannot be told, and apart from the other letters and digits.

Left out: everything that depends on the language of the text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from memproc.dedup import words
from memproc.dedup.memo import Memo

_SPACES = ';!"()[]{}…¿¡،؛۔।॥。、「」『』《》〈〉【】〔〕〖〗・'
_SYMBOLS = "?$%&*+<=>^|~#"
_BETWEEN = str.maketrans(dict.fromkeys(_SPACES, " ") | {symbol: f" {symbol} " for symbol in _SYMBOLS} | {"؟": " ? ", "՞": " ? "})
_EDGE = ".,:'-"
_COMMAS = ",،、"
_WHOLE = re.compile(r"[\d/\\@_]|\.\w")
_WORD_OR_SYMBOL = re.compile(r"[^\W\d_]+(?:'+[^\W\d_]+)*|[^\w\s.,:'\-]")
_UNSPACED = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_SHORT_CODE = re.compile(r"(?:[A-Z]{1,3}|[a-z]{1,3})\d{1,4}")  # "B12", "a4": a model, a room, a vitamin
_WITH_UNIT = re.compile(r"([+\-]?(?:\d[\d.,:]*)?\d)([a-z]+)", re.IGNORECASE)


def tokenize(text: str) -> list[str]:
    """Return the tokens of a canonical text.

    >>> tokenize("i've paid $1,500.50 (really!) at 10:25 to a@b.com - well-known 😀")
    ["i've", 'paid', '$', '1,500.50', 'really', 'at', '10:25', 'to', 'a@b.com', 'well', 'known', '😀']
    """
    return [*chain.from_iterable(map(_TOKENS.__getitem__, text.split()))]


def size_of(token: str) -> int:
    """Return how many words a token stands for: of a run of Chinese or Japanese as many as it has characters."""
    return len(token) if not token.isascii() and _UNSPACED.match(token) else 1


def _tokens_of_chunk(chunk: str) -> tuple[str, ...]:
    if chunk.isascii() and chunk.isalpha():
        return (chunk,)
    if chunk[-1] in _COMMAS and chunk[:-1] in words.negations_before_a_comma():
        return (chunk[:-1], ",")
    if not chunk.isascii() and _UNSPACED.search(chunk):
        parts = _UNSPACED.sub(r" \g<0> ", chunk.lower()).translate(_BETWEEN).split()
    else:
        parts = chunk.translate(_BETWEEN).split()
    return tuple(chain.from_iterable(map(_tokens_of, parts)))


def _tokens_of(chunk: str) -> list[str]:
    """Return the tokens of a chunk without the symbols that stand for themselves."""
    bare = chunk.strip(_EDGE)
    if bare.isalpha():
        if (len(bare) == 1 and chunk.endswith("-")) or chunk == "no.":
            return [chunk]  # a mark, "B-"; a number, "no. 5"
        return [bare]
    if bare in words.written_out():
        return [bare]  # "e-mail", "twenty-one", "don't"
    if not bare.isascii() and any(unicodedata.category(character).startswith("M") for character in bare):
        return _by_category(bare)
    return _words_or_symbols(bare) if _WHOLE.search(bare) is None else _identifiers(chunk, bare)


def _identifiers(chunk: str, bare: str) -> list[str]:
    """Return the number, or the identifier, that a chunk is, with the sign or point in front; a unit behind it by itself."""
    if bare[0].isdigit():
        lead = chunk[: chunk.index(bare)]
        point = "." if lead.endswith(".") else ""
        sign = "-" if lead.removesuffix(".").endswith("-") else ""
        bare = f"{sign}{point}{bare}"
    if _SHORT_CODE.fullmatch(bare):
        return [bare.lower()]
    measured = _WITH_UNIT.fullmatch(bare)
    return [*measured.groups()] if measured and measured[2].lower() in words.units() else [bare]


def _words_or_symbols(chunk: str) -> list[str]:
    """Return the words of a chunk without digits, those that a hyphen or a colon joins to a name whole."""
    found: list[str] = _WORD_OR_SYMBOL.findall(chunk)
    if len(found) > 1 and chunk.replace("-", "").replace(":", "").isalpha() and words.common_words().isdisjoint(found):
        return [chunk]
    return found


def _by_category(chunk: str) -> list[str]:
    """Return the words and symbols of a chunk in a script that writes vowels as marks, which belong to their letter."""
    tokens: list[str] = []
    is_open = False
    for character in chunk:
        is_letter = unicodedata.category(character)[0] in "LMN" or character in "\u200c\u200d"
        if is_letter and is_open:
            tokens[-1] += character
        elif is_letter or character not in _EDGE:
            tokens.append(character)
        is_open = is_letter
    return tokens


_TOKENS = Memo(_tokens_of_chunk)
