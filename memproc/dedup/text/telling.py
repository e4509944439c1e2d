"""What is telling in the way a text is written: what a reader could take for another thing, though the words are the same.

Facts: case, marks and quotes say nothing by themselves: "SHE LIKES TEA!" is "She likes tea". But "Turkey" is no turkey, ".env" no
"env", "fine" in quotes not fine, and of a password each character counts. "Ill today" is of the day it was said.

Strategy: each chunk that may be telling has a *sign*, found out once; most texts have none. What the signs come to in a text is
part of the key by which it merges, so two texts that differ in it never do, and wait for a person.

Rules:
- a capital inside a sentence counts where the word is a name too ("Bill", "US"); a text all in capitals, or with a capital at each
  word, tells nothing;
- symbols of codes count: a point or a dash in front of letters, "!" behind letters and digits;
- quotes around words in small letters count, unless they are around the whole text;
- behind a word such as "password" all counts as it is written;
- a fact that speaks of the day it was said is bound to the day of its `created_at`, where it has one.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from memproc.dedup.text import words
from memproc.dedup.text.memo import Memo

CAPITAL, QUOTE, SYMBOL, SECRET = "c", "q", "s", "k"
DAY, UNIT, WEEKDAY, ORDINAL = "d", "u", "w", "o"  # of a day for sure, and with some words beside them

_EDGE = "\"'“”„‘’«»‹›()[]{}<>*_.,;:!?…¡¿"
_OPENING = "\"'“„‘«‹‚"
_QUOTED = re.compile(
    r"(?<!\w)(?:\"([^\"]{1,60})\"|“([^”]{1,60})”|„([^“”]{1,60})[“”]|«\s?([^»]{1,60}?)\s?»|'([^']{1,60})'|‘([^’]{1,60})’)(?!\w)"
)
_OPENS = re.compile(rf"[(\[]*[{re.escape(_OPENING)}]\s?[^\W\d_]")
_CODE = re.compile(r"[\"'“(]*(\.[^\W\d_]\w*|--?[^\W_][\w-]*)")
_LOUD = re.compile(r"(?=\w*\d)(?=\w*[^\W\d_]{3})\w+!+[\"')]*")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_ENDS = (".", "!", "?", "…", ":", "。")
_BULLET = re.compile(r"\W+|\d{1,2}[.)]|[a-zA-Z][.)]")
_MARKED_QUOTED_WORDS = 4
_FEWEST_TITLED = 4
_FEW_CHARS = 8
_MOST_IDLE = 3  # capitals inside a text at words that are no names, from which on none of them says anything
_I = re.compile("I(?:['’]\\w+)?")
_TOLD = re.compile(r"(?:is|are|was|:|=|->|lautet|ist|es|est)")
_TOLD_WITHIN = 4
_MOST_TOLD = 6  # words: who tells where a key is uses more
_BEHIND_MONTH = frozenset(
    ["in", "of", "by", "until", "till", "since", "last", "next", "this", "early", "mid", "late", "from", "to", "on"]
)
_LAST_LATIN = "\u024f"
_STATES, _STATES_TOO = "US", ("US", "USA")
_MONTHS_TOO = frozenset(["may", "march"])
_HABITS = frozenset(["every", "each", "most", "some", "jeden", "cada", "chaque", "todos", "usually", "always", "often"])
_COUNTED = re.compile(
    r"(?:^| )(?:an?|one|two|three|four|five|six|seven|eight|nine|ten|\d+|(?:a )?few|(?:a )?couple of|several"
    r"|ein(?:er|em|en)?|zwei|drei|un|una|une|dos|deux|trois|tres)$"
)
_AGED = re.compile(r"[\w-]+-(?:year|month|week|day)s?-olds?|\d{1,2}y/?o")
_MONTH_OR_FLOOR = re.compile(
    r"\b(?:floor|of|january|february|march|april|may|june|july|august|september|october|november|december)\b"
)
_BESIDE_CHUNKS = 8
_SHORTEST_PAST = 3


class Telling(NamedTuple):
    """What is telling in a text: `marks`, each as it is compared, and whether it speaks of the day on which it was said."""

    marks: tuple[str, ...] = ()
    is_of_a_day: bool = False


NOTHING = Telling()


def sign_of(chunk: str) -> str:
    """Return the sign of a chunk of a text: letters for what may be telling in it, none for most.

    >>> [sign_of(chunk) for chunk in ("tea", "Bill,", "(US)", ".env", "--force", "“fine”", "password:", "yesterday.")]
    ['', 'c', 'c', 's', 's', 'q', 'k', 'd']
    """
    chunk = chunk if chunk.isascii() else unicodedata.normalize("NFKC", chunk)
    core = chunk.strip(_EDGE)
    lower = core.lower()
    found = ""
    if core[:1].isupper() and _is_name_too(core):
        found += CAPITAL
    if not chunk.isalnum():
        if _CODE.match(chunk) or _LOUD.fullmatch(chunk):
            found += SYMBOL
        if _OPENS.match(chunk):
            found += QUOTE
    if lower in _secrets():
        found += SECRET
    return found + _sign_of_a_day(chunk, lower)


def _sign_of_a_day(chunk: str, lower: str) -> str:
    days = _days()
    if lower in days["word"] or _AGED.fullmatch(lower) or (not chunk.isascii() and _day_parts().search(chunk)):
        return DAY
    if lower in days["unit"]:
        return UNIT
    return WEEKDAY if lower in days["weekday"] else ORDINAL if _ORDINAL.fullmatch(lower) else ""


def may_be_of_a_day(sign: str) -> bool:
    """Tell whether a chunk with this sign may speak of a day, with some words beside it."""
    return any(letter in sign for letter in (DAY, UNIT, WEEKDAY, ORDINAL))


def telling(text: str, signs: Sequence[str], *, is_english: bool) -> Telling:
    """Return what is telling in an exact text; `signs` are those of its chunks.

    >>> text = 'Paid Bill today, he says he is "fine"'
    >>> telling(text, [*map(sign_of, text.split())], is_english=True)
    Telling(marks=('Bill', '"fine"'), is_of_a_day=True)
    """
    chunks = _chunks_of(text)
    if len(chunks) != len(signs):  # a chunk was nothing but what nobody sees
        signs = [*map(sign_of, chunks)]
    marks: list[str] = []
    present = "".join(signs)
    if CAPITAL in present and (names := _names(chunks, signs, is_english=is_english)) and _tells_capitals(text, chunks):
        marks += names
    if QUOTE in present:
        marks += _quoted(text)
    if SYMBOL in present:
        marks += [chunks[at].rstrip(".,;:") for at, sign in enumerate(signs) if SYMBOL in sign]
    if SECRET in present:
        marks += _kept_secret(chunks, signs)
    return Telling(tuple(marks), _speaks_of_a_day(chunks, signs, present))


def _core(chunk: str) -> str:
    core = chunk.strip(_EDGE).removesuffix("'s").removesuffix("’s")
    bare = core.replace(".", "")
    return _STATES if bare in _STATES_TOO else bare if bare.isupper() else core


def _is_name_too(core: str) -> bool:
    """Tell whether the capital of a word makes a name of it."""
    word = _core(core)
    if word.isupper():
        return word.lower() in words.acronyms() if len(word) > 1 else word not in "IA"
    lower = word.lower()
    return lower in words.names_too() or lower in words.german_names_too() or lower in words.of_haste()


def _tells_capitals(text: str, chunks: Sequence[str]) -> bool:
    """Tell whether capitals say anything: not in a text all in capitals, nor in one with a capital at each word or at any."""
    if text.upper() == text:
        return False
    spoken = [core for chunk in chunks if (core := chunk.strip(_EDGE)) and core[0].isalpha()]
    if len(spoken) >= _FEWEST_TITLED and all(word[0].isupper() for word in spoken):
        return False
    inside = [chunk.strip(_EDGE) for before, chunk in pairwise(chunks) if not before.endswith(_ENDS)]
    capitals = [word.lower() for word in inside if word[:1].isupper() and not _I.fullmatch(word)]
    return sum(map(_is_no_name, capitals)) < _MOST_IDLE


def _is_no_name(word: str) -> bool:
    return word not in words.names_too() and (word in words.common_words() or word in words.english_words())


def _names(chunks: Sequence[str], signs: Sequence[str], *, is_english: bool) -> list[str]:
    """Return the words whose capital makes a name of them, with the article that is part of it; an acronym is one everywhere."""
    is_foreign = None  # found out when it is asked for
    found = []
    for at in [at for at, sign in enumerate(signs) if CAPITAL in sign]:
        is_acronym = _is_acronym(chunks[at])
        before = next(filter(_is_no_bullet, reversed(chunks[:at])), "") if not is_acronym else ""
        if not is_acronym and not _is_inside(before, chunks, at):
            continue
        if is_foreign is None:
            is_foreign = _is_foreign(chunks)
        if is_acronym or _is_own(before, chunks, at, is_english, is_foreign):
            has_article = at and chunks[at - 1].lower() == "the" and not is_acronym
            found.append(f"the {_core(chunks[at])}" if has_article else _core(chunks[at]))
    return found


def _is_no_bullet(chunk: str) -> bool:
    return _BULLET.fullmatch(chunk) is None


def _is_foreign(chunks: Sequence[str]) -> bool:
    """Tell whether a text is of another script, or holds frequent words of another language."""
    if not all(map(str.isascii, chunks)) and any(chunk[0] > _LAST_LATIN and chunk[0].isalpha() for chunk in chunks):
        return True
    return not words.foreign_words().isdisjoint(map(str.lower, chunks))


def _is_acronym(chunk: str) -> bool:
    core = _core(chunk)
    return len(core) > 1 and core.isupper() and core.lower() in words.acronyms()


def _is_inside(before: str, chunks: Sequence[str], at: int) -> bool:
    """Tell whether a chunk with a capital is inside a sentence; `before` is what stands there before it. One that is part of a
    longer name, "Gaprex Lane", nobody takes for a word.
    """
    if not before or before.endswith(_ENDS):
        return False
    return not (at > 1 and before[0].isupper() and not before.isupper() and not chunks[at - 2].endswith(_ENDS))


def _is_own(before: str, chunks: Sequence[str], at: int, is_english: bool, is_foreign: bool) -> bool:  # noqa: FBT001 - of one caller
    """Tell whether a chunk inside a sentence is a name by its capital, in its language."""
    word = _core(chunks[at]).lower()
    if len(word) == 1:
        return before[-1].isdigit()  # a unit: "10 M" is not "10 m"
    if word in _MONTHS_TOO and not is_foreign:
        beside = chunks[at + 1] if at + 1 < len(chunks) else ""
        return before.lower() not in _BEHIND_MONTH and not before[-1:].isdigit() and not beside[:1].isdigit()
    own = not is_foreign and (word in words.names_too() or word in words.acronyms() or word in words.of_haste())
    return own or (not is_english and word in words.german_names_too())


def _quoted(text: str) -> list[str]:
    """Return the runs in quotes that begin with a small letter or are a word, "Her", unless one is the whole text."""
    found = []
    for run in _QUOTED.finditer(text):
        inner = next(filter(None, run.groups()), "").strip()
        is_whole = (
            run.start() < _FEW_CHARS
            and not text[: run.start()].strip(_EDGE)
            and not text[run.end() : run.end() + _FEW_CHARS].strip(_EDGE)
        )
        is_word = inner[:1].islower() or inner.lower() in words.names_too() or inner.lower() in words.deciding_words()
        if is_word and not is_whole and len(inner.split()) <= _MARKED_QUOTED_WORDS:
            found.append(f'"{inner.lower()}"')
    return found


def tells_a_secret(text: str) -> bool:
    """Tell whether a text holds something that counts as it is written, behind a word such as "password"."""
    chunks = _chunks_of(text)
    signs = [*map(SIGNS.__getitem__, chunks)]
    return any(SECRET in sign for sign in signs) and bool(_kept_secret(chunks, signs))


def _chunks_of(text: str) -> list[str]:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).split()


def _kept_secret(chunks: Sequence[str], signs: Sequence[str]) -> list[str]:
    """Return what stands behind the first word that announces a secret, as it is written: behind some words all, behind others the
    few words that a sentence says it is.
    """
    for at, sign in enumerate(signs):
        if SECRET not in sign or at + 1 == len(chunks):
            continue
        is_always = _secrets()[_core(chunks[at]).lower()] == "always"
        if is_always and len(chunks) - at - 1 <= _MOST_TOLD:
            return [" ".join(chunks[at + 1 :])]
        told = [at] if chunks[at].endswith((":", "=")) else []
        told += [place for place in range(at + 1, min(at + 1 + _TOLD_WITHIN, len(chunks))) if _TOLD.fullmatch(_told(chunks[place]))]
        value = chunks[told[0] + 1 : told[0] + 2 + _MOST_TOLD] if told else []  # one more than may be, to see that there is more
        end = next((place for place, chunk in enumerate(value, 1) if chunk.endswith(_ENDS)), len(value))
        value = value[:end]
        if 0 < len(value) <= _MOST_TOLD and not any(chunk.endswith(_ENDS) for chunk in chunks[at : told[0]]):
            return [" ".join(value)]
    return []


def _told(chunk: str) -> str:
    return chunk.lower().rstrip(":") or chunk


def is_of_a_day(text: str) -> bool:
    """Tell whether a text speaks of the day on which it was said.

    >>> is_of_a_day("Lost her job last month"), is_of_a_day("Meets Ann on Fridays"), is_of_a_day("Will pay Ben back on Friday")
    (True, False, True)
    """
    chunks = text.split()
    signs = [*map(SIGNS.__getitem__, chunks)]
    return _speaks_of_a_day(chunks, signs, "".join(signs))


def _speaks_of_a_day(chunks: Sequence[str], signs: Sequence[str], present: str) -> bool:
    if DAY in present:
        return True
    if UNIT not in present and WEEKDAY not in present and ORDINAL not in present:
        return False
    said = [chunk.strip(_EDGE).lower() for chunk in chunks]
    told = {UNIT: _tells_a_unit, WEEKDAY: _tells_a_weekday, ORDINAL: _tells_an_ordinal}
    return any(told[letter](said, at) for at, sign in enumerate(signs) for letter in sign if letter in told)


def _tells_a_unit(said: Sequence[str], at: int) -> bool:
    """Tell whether a unit of time is told from the day: "last week", "3 days ago", "in two weeks", "six months old"."""
    days, before, behind = _days(), " ".join(said[max(at - 3, 0) : at]), said[at + 1] if at + 1 < len(said) else ""
    if (at and said[at - 1] in days["before"]) or not {behind, " ".join(said[at + 1 : at + 3])}.isdisjoint(days["behind"]):
        return True
    counted = _COUNTED.search(before)
    if counted is None:
        return before.endswith(" the") and said[at] in ("weekend", "holidays") and said[at - 2] in days["over"]
    if said[at].startswith(("minute", "hour", "hora", "heure", "stunde")):  # how long it took
        return False
    return behind in days["left"] or before[: counted.start()].split(" ")[-1] in days["in"] or before.startswith("il y a ")


def _tells_a_weekday(said: Sequence[str], at: int) -> bool:
    """Tell whether a weekday is one day, and not each: "next Friday", "back on Friday", "will call on Friday", "met on Friday"."""
    days, before = _days(), said[max(at - _BESIDE_CHUNKS, 0) : at]
    if not _HABITS.isdisjoint(before):
        return False
    is_away = len(before) > 1 and before[-1] in ("on", "until", "till") and before[-2] in days["away"]
    is_past = any(word in days["past"] or (len(word) > _SHORTEST_PAST and word.endswith("ed")) for word in said[: min(3, at)])
    beside = {*before, *map(" ".join, pairwise(before))}
    is_said = bool(before) and before[-1] in days["before"]
    return is_said or is_away or is_past or not beside.isdisjoint(days["future"])


def _tells_an_ordinal(said: Sequence[str], at: int) -> bool:
    """Tell whether a day of a month is one whose month nobody tells: "until the 9th"."""
    beside = " ".join([*said[max(at - 2, 0) : at], *said[at + 1 : at + 3]])
    return at > 0 and said[at - 1] == "the" and _MONTH_OR_FLOOR.search(beside) is None and at + 1 == len(said)


SIGNS = Memo(sign_of)


@cache
def _secrets() -> Mapping[str, str]:
    return {word: kind for kind, listed in words.lines("secrets.txt") for word in listed.split()}


@cache
def _days() -> Mapping[str, frozenset[str]]:
    return {kind: frozenset(word.replace("-", " ") for word in listed.split()) for kind, listed in words.lines("days.txt")}


@cache
def _day_parts() -> re.Pattern[str]:
    return re.compile("|".join(sorted(_days()["part"])))
