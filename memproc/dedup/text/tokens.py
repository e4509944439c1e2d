"""The tokens of a canonical text: words, numbers and identifiers whole, symbols and emoji one by one, and marks.

Rules: punctuation is one of two marks, "." for what ends a sentence and "," for all else, including brackets and dashes: "no, I
will" is not "no I will". Quotes are no marks, except one before an "I" that is another person. A token with a digit, a slash, a
backslash, `@`, `_` or an inner dot is kept whole. So are words joined by a hyphen or a colon if none is a common English word
("Marie-Luise" is one person, "well-known" two words), and compounds whose hyphen shows what belongs together ("two-year-old",
"man-eating"). A number and its unit are two tokens, and so are a number and the mark of feet or inches. Chinese and Japanese have
no spaces: each run of them is one token, since its words cannot be told apart; other letters and digits beside it are separate.

Left out: everything that depends on the language of the text.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import chain

from memproc.dedup.text import word_classes, words, written_forms
from memproc.dedup.text.canonical import CASED_UNITS
from memproc.dedup.text.letters import with_counts_as_numbers

MARKS = (",", ".")

_ENDS = "!…¡۔।॥。"
_PARTS = ";()[]{}،؛、【】〔〕〖〗"
_SPACES = '"¿・「」『』《》〈〉'
_SYMBOLS = "?$%&*+<=>^|~#"
_BETWEEN = str.maketrans(
    dict.fromkeys(_ENDS, " . ")
    | dict.fromkeys(_PARTS, " , ")
    | dict.fromkeys(_SPACES, " ")
    | {symbol: f" {symbol} " for symbol in _SYMBOLS}
    | {"؟": " ? ", "՞": " ? "}
)
_ASKED = re.compile(r"!*\?[?!]*")
_EDGE = ".,:'-"
_WHOLE = re.compile(r"[\d/\\@_]|\.\w")
_INNER_MARK = re.compile(r",(?!\d)|(?<!\d),|-{2,}")  # a comma between digits belongs to the number
_EYES, _NOSES, _MOUTHS = ":;=", "'^-", "()[]"  # ":)" is no ":("
_ANOTHERS = re.compile(r"[\"'](?:i|me|my|we|us|our)(?:'\w+)?\b")  # 'said "I am ill"' is not "said I am ill"
_FEET_OR_INCHES = re.compile(r"(?<=\d)['\"](?=\W*$)")
_WORD_OR_SYMBOL = re.compile(r"[^\W\d_]+(?:'+[^\W\d_]+)*|[^\w\s.,'\-]")
_ABBREVIATION = re.compile(r"\w|mrs?|ms|dr|prof|st|jr|sr|vs|approx|.*\w\.\w+")  # their point ends no sentence
_UNSPACED = re.compile(r"[\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+")
_DOTTED = re.compile(r"(?:[^\W\d_]\.)+[^\W\d_]")
_COUNTING = ("odd", "old", "more", "less", "most", "least", "half", "third", "hundred", "thousand")
_SIZES = (
    "extra",
    "hour",
    "minute",
    "inch",
    "foot",
    "mile",
    "pound",
    "dollar",
    "little",
    "small",
    "big",
    "old",
    "new",
    "short",
    "long",
    "hard",
    "dirty",
    "mean",
    "fine",
)
_SHORT_CODE = re.compile(r"(?:[A-Z]{1,3}|[a-z]{1,3})\d{1,4}")  # "B12", "a4": a model, a room, a vitamin
_EACH = re.compile(r"([€£¥]?\d[\d,.]*)/([a-z]+)")
_FEET_AND_INCHES = re.compile(r"(\d)'(\d{1,2})(?:\"|'')?([.,!)]?)")
_SHORT_YEAR = re.compile(r"'([4-9]\d)(s?)([.,]?)")  # "in '98", "the '90s"; "'25" may be of two centuries
_DECADE = re.compile(r"(\d{2,4})'s")
_AGE = re.compile(r"(\d{1,2})y/?o", re.IGNORECASE)
_FROM_TO = re.compile(r"(\d{1,2}(?::\d\d)?)([ap]m)?-(\d{1,2}(?::\d\d)?)([ap]m)?", re.IGNORECASE)
_TIMES = ("hr", "hour", "h", "day", "night", "week", "wk", "month", "mo", "year", "yr", "person")  # "15/h", not "docs/a"
_WEEKDAYS = {
    name[:letters]: name
    for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
    for letters in (3, 4, 5, 9)
}
_WITH_UNIT = re.compile(r"([+\-]?(?:\d[\d.,:]*)?\d)([a-z]+)", re.IGNORECASE)


def size_of(token: str) -> int:
    """Return how many words a token stands for: for a run of Chinese or Japanese, its number of characters."""
    return len(token) if not token.isascii() and _UNSPACED.match(token) else 1


def tokens_of(chunk: str) -> tuple[str, ...]:
    """Return the tokens of a chunk of a canonical text: of a run of characters between white space.

    >>> tokens_of("$1,500.50,"), tokens_of("well-known!"), tokens_of("a@b.com")
    (('$', '1,500.50', ','), ('well', 'known', '.'), ('a@b.com',))
    """
    plain = _plain(chunk)
    if plain is not None:
        return plain
    if _ANOTHERS.match(chunk):
        return ('"', *_without_faces(chunk[1:]))
    return _without_faces(chunk)


def _plain(chunk: str) -> tuple[str, ...] | None:
    """Return the tokens of a word, with or without a mark after it, as most chunks are."""
    if chunk.isascii():
        if chunk.isalpha():
            return (chunk,)
        word, mark = chunk[:-1], chunk[-1]
        if word.isalpha() and (mark == "," or (mark == "." and not _ABBREVIATION.fullmatch(word))):
            return word, mark
    return None


def _without_faces(chunk: str) -> tuple[str, ...]:
    """Return the tokens of a chunk with the faces at its end kept whole; there may be any number of them in a row."""
    faces: list[str] = []
    end = len(chunk)
    while (start := _face_at(chunk, end)) < end:
        faces.append(chunk[start:end])
        end = start
    bare = chunk[:end]
    return (*(_without_measure(bare) if bare else ()), *reversed(faces))


def _face_at(chunk: str, end: int) -> int:
    """Return where a face that ends at a place begins, such as ":-)" or, if it is the whole text, "(-:"; else the place itself."""
    at = _before(_MOUTHS, chunk, end)
    if at < end:
        at = _before(_NOSES, chunk, at) - 1
        return at if at >= 0 and chunk[at] in _EYES else end
    if end and chunk[end - 1] in _EYES:
        mouth = _before(_NOSES, chunk, end - 1)
        if mouth and _before(_MOUTHS, chunk, mouth) == 0:
            return 0
    return end


def _before(characters: str, chunk: str, end: int) -> int:
    """Return where a run of certain characters that ends at a place begins."""
    while end and chunk[end - 1] in characters:
        end -= 1
    return end


def _without_measure(chunk: str) -> tuple[str, ...]:
    """Return the tokens of a chunk with the mark of feet or inches after a number kept whole."""
    if year := _SHORT_YEAR.fullmatch(chunk):
        return f"19{year[1]}{year[2]}", *_mark_of(year[3])
    if tall := _FEET_AND_INCHES.fullmatch(chunk):
        return (tall[1], "ft", tall[2], "inch", *_mark_of(tall[3].replace("!", ".").replace(")", ",")))
    own = None if chunk[0] in "'\"" else _FEET_OR_INCHES.search(chunk)
    if own is None:
        return _by_parts(chunk)
    before, behind = chunk[: own.start()], chunk[own.end() :]
    if not behind or _face_at(behind, len(behind)) == 0:
        return (*_by_parts(before), own[0], *([behind] if behind else ()))
    return (*_by_parts(before), own[0], *_by_parts(behind))


def _by_parts(chunk: str) -> tuple[str, ...]:
    plain = _plain(chunk)
    if plain is not None:
        return plain
    if not chunk.isascii() and _UNSPACED.search(chunk):
        chunk = _UNSPACED.sub(r" \g<0> ", with_counts_as_numbers(chunk.lower()))
    if "?" in chunk:
        chunk = _ASKED.sub("?", chunk)
    if chunk.startswith(("US$", "us$")):
        chunk = chunk[2:]
    parts = _INNER_MARK.sub(" , ", chunk).translate(_BETWEEN).split()
    return tuple(chain.from_iterable(map(_tokens_of_part, parts)))


def _tokens_of_part(part: str) -> list[str]:
    """Return the tokens of a part without symbols of its own, and the mark after it."""
    bare = part.strip(_EDGE)
    if not bare:
        return _mark_of(part.replace("-", ","))
    tail = part[len(part.rstrip(_EDGE)) :]
    if tail == "-" and len(bare) == 1:
        return [f"{bare}-"]  # a mark: "B-"
    if tail.startswith(".") and _ABBREVIATION.fullmatch(bare):
        tail = tail[1:]
    return [*_words_of(part, bare), *_mark_of(tail)]


def _mark_of(edge: str) -> list[str]:
    """Return the mark that the characters at an edge amount to, if any."""
    return ["."] if "." in edge else [","] if "," in edge or ":" in edge else []


def _words_of(part: str, bare: str) -> list[str]:
    """Return the tokens of a part between its edges; `bare` is without these."""
    if _DOTTED.fullmatch(bare):
        return [bare.replace(".", "").lower()]  # "U.S.", "p.m."
    if bare.isalpha() or bare in written_forms.written_out():
        return [bare]  # "e-mail", "twenty-one", "don't"
    if not bare.isascii() and any(unicodedata.category(character).startswith("M") for character in bare):
        return _by_category(bare)
    return _words_or_symbols(bare) if _WHOLE.search(bare) is None else _identifiers(part, bare)


def _identifiers(chunk: str, bare: str) -> list[str]:
    """Return the number or the identifier that a chunk is, with a sign or point before it, and a unit after it as another token."""
    if bare[0].isdigit():
        lead = chunk[: chunk.index(bare)]
        point = "." if lead.endswith(".") else ""
        sign = "-" if lead.removesuffix(".").endswith("-") else ""
        bare = f"{sign}{point}{bare}"
    if _SHORT_CODE.fullmatch(bare):
        return [bare.lower()]
    if (times := _FROM_TO.fullmatch(bare)) and not bare.replace("-", "").isdecimal():
        return [*filter(None, (times[1], times[2] and times[2].lower(), "to", times[3], times[4] and times[4].lower()))]
    if decade := _DECADE.fullmatch(bare):
        return [f"{decade[1]}s"]
    if age := _AGE.fullmatch(bare):
        return [age[1], "year", "old"]
    if (each := _EACH.fullmatch(bare)) and each[2] in _TIMES:
        return [each[1], "per", each[2]]
    measured = _WITH_UNIT.fullmatch(bare)
    return [measured[1], _unit(measured[2])] if measured and measured[2].lower() in word_classes.units() else [bare]


def _unit(written: str) -> str:
    """Return a unit in the form in which it is compared: "MG" is "mg", but "M" is not "m" and "Mb" is not "MB"."""
    return written if len(written) == 1 or written in CASED_UNITS else written.lower()


def _words_or_symbols(bare: str) -> list[str]:
    """Return the words of a part without digits. Words that a hyphen or a colon joins to a name or a compound are kept whole."""
    found = [word if word != ":" else "," for word in _WORD_OR_SYMBOL.findall(bare)]
    if len(found) > 1 and bare.replace("-", "").replace(":", "").isalpha():
        if len(found) == 2 and all(word in _WEEKDAYS for word in found):  # noqa: PLR2004 - from one to the other
            return [_WEEKDAYS[found[0]], "to", _WEEKDAYS[found[1]]]
        is_name = words.common_words().isdisjoint(found)
        if is_name or ("-" in bare and _joins_by_sense(bare.split("-"))):
            return [bare]
    return found


def _joins_by_sense(parts: list[str]) -> bool:
    """Tell whether words mean something else without their hyphens: "man-eating", "two-year-old", "forty-odd", "more-able"."""
    return (
        parts[-1].endswith("ing")
        or parts[0] in _SIZES
        or any(part in written_forms.numbers() or part in _COUNTING for part in parts)
    )


def _by_category(chunk: str) -> list[str]:
    """Return the words and symbols of a chunk in a script that writes vowels as marks, which stay with their letters."""
    tokens: list[str] = []
    word = 0  # where the one that is under way begins
    for at, character in enumerate(chunk):
        if unicodedata.category(character)[0] in "LMN" or character in "\u200c\u200d":
            continue
        tokens += [chunk[word:at]] if word < at else []
        tokens += [character] if character not in _EDGE else []
        word = at + 1
    return [*tokens, chunk[word:]] if word < len(chunk) else tokens
