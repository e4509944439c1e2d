"""What is telling in the way a text is written: what a reader could take for another thing, though the words are the same.

Facts: case, marks and quotes say nothing by themselves: "SHE LIKES TEA!" is "She likes tea". But "Turkey" is no turkey, ".env" no
"env", "fine" in quotes not fine, and of a password each character counts. "Had a seizure today" is of the day it was said.

Strategy: each chunk that may be telling has a *sign*, found out once; most texts have none. What the signs come to in a text is part
of the key by which it merges, so two texts that differ in it never do, and wait for a person.

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
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import NamedTuple

from memproc.dedup import words
from memproc.dedup.memo import Memo

CAPITAL, QUOTE, SYMBOL, SECRET, DAY = "c", "q", "s", "k", "d"

_EDGE = "\"'“”„‘’«»‹›()[]{}<>*_.,;:!?…¡¿"
_OPENING = "\"'“„‘«‹‚"
_QUOTED = re.compile(r"(?<!\w)(?:\"([^\"]+)\"|“([^”]+)”|„([^“”]+)[“”]|«\s?([^»]+?)\s?»|'([^']+)'|‘([^’]+)’)(?!\w)")
_OPENS = re.compile(rf"[(\[]*[{re.escape(_OPENING)}]\s?[^\W\d_]")
_CODE = re.compile(r"[\"'“(]*(\.[^\W\d_]\w*|--?[^\W_][\w-]*)")
_LOUD = re.compile(r"(?=\w*\d)(?=\w*[^\W\d_]{3})\w+!+[\"')]*")
_ORDINAL = re.compile(r"\d{1,2}(?:st|nd|rd|th)")
_ENDS = (".", "!", "?", "…", ":", "。")
_BULLET = re.compile(r"\W+|\d{1,2}[.)]|[a-zA-Z][.)]")
_MARKED_QUOTED_WORDS = 4
_FEWEST_TITLED = 4
_TOLD = re.compile(r"(?:is|are|was|:|=|->|lautet|ist|es|est)")
_TOLD_WITHIN = 4
_BEHIND_MONTH = frozenset(
    ["in", "of", "by", "until", "till", "since", "last", "next", "this", "early", "mid", "late", "from", "to", "on"]
)
_LAST_LATIN = "\u024f"
_STATES, _STATES_TOO = "US", ("US", "USA")
_MONTHS_TOO = frozenset(["may", "march"])
_MONTH_NAMES = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_HABIT = r"(?:every|each|most|some|jeden|cada|chaque|todos)"
_NUMBER_WORDS = "an?|one|two|three|four|five|six|seven|eight|nine|ten|ein(?:er|em|en)?|zwei|drei|un|una|une|dos|deux|trois|tres"
_AMOUNT = rf"(?:{_NUMBER_WORDS}|\d+|(?:a )?few|(?:a )?couple of|several)"


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
    if lower in _day_words() or _ORDINAL.fullmatch(lower) or (not chunk.isascii() and _day_parts().search(chunk)):
        found += DAY
    return found


def telling(text: str, signs: Sequence[str], *, is_english: bool) -> Telling:
    """Return what is telling in an exact text; `signs` are those of its chunks.

    >>> text = 'Paid Bill today, he says he is "fine"'
    >>> telling(text, [*map(sign_of, text.split())], is_english=True)
    Telling(marks=('Bill', '"fine"'), is_of_a_day=True)
    """
    chunks = text.split()
    if len(chunks) != len(signs):  # a chunk was nothing but what nobody sees
        signs = [*map(sign_of, chunks)]
    marks: list[str] = []
    present = "".join(signs)
    if CAPITAL in present and _tells_capitals(text, chunks):
        marks += _names(chunks, signs, is_english=is_english)
    if QUOTE in present:
        marks += _quoted(text)
    if SYMBOL in present:
        marks += [chunks[at].rstrip(".,;:") for at, sign in enumerate(signs) if SYMBOL in sign]
    if SECRET in present:
        marks += _kept_secret(chunks, signs)
    return Telling(tuple(marks), DAY in present and _day_pattern().search(text.lower()) is not None)


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
    return lower in words.names_too() or lower in words.german_names_too() or lower in words.typos()


def _tells_capitals(text: str, chunks: Sequence[str]) -> bool:
    """Tell whether capitals say anything: not in a text all in capitals, nor in one with a capital at each word."""
    if text.upper() == text:
        return False
    spoken = [core for chunk in chunks if (core := chunk.strip(_EDGE)) and core[0].isalpha()]
    return len(spoken) < _FEWEST_TITLED or not all(word[0].isupper() for word in spoken)


def _names(chunks: Sequence[str], signs: Sequence[str], *, is_english: bool) -> list[str]:
    """Return the words whose capital makes a name of them, with the article that is part of it; an acronym is one everywhere."""
    found = []
    for at, sign in enumerate(signs):
        if CAPITAL in sign and (_is_acronym(chunks[at]) or _is_inside(chunks, at, is_english=is_english)):
            has_article = at and chunks[at - 1].lower() == "the" and not _is_acronym(chunks[at])
            found.append(f"the {_core(chunks[at])}" if has_article else _core(chunks[at]))
    return found


def _is_acronym(chunk: str) -> bool:
    core = _core(chunk)
    return len(core) > 1 and core.isupper() and core.lower() in words.acronyms()


def _is_inside(chunks: Sequence[str], at: int, *, is_english: bool) -> bool:
    """Tell whether a chunk with a capital is inside a sentence, and a name by that in its language."""
    before = next((chunk for chunk in reversed(chunks[:at]) if not _BULLET.fullmatch(chunk)), "")
    if not before or before.endswith(_ENDS):
        return False
    word = _core(chunks[at]).lower()
    if len(word) == 1:
        return before[-1].isdigit()  # a unit: "10 M" is not "10 m"
    if word in _MONTHS_TOO and is_english:
        beside = chunks[at + 1] if at + 1 < len(chunks) else ""
        return before.lower() not in _BEHIND_MONTH and not before[-1:].isdigit() and not beside[:1].isdigit()
    is_foreign = any(character > _LAST_LATIN for chunk in chunks for character in chunk if character.isalpha())
    is_foreign = is_foreign or not words.foreign_words().isdisjoint(chunk.lower() for chunk in chunks)
    own = not is_foreign and (word in words.names_too() or word in words.acronyms() or word in words.typos())
    return own or (not is_english and word in words.german_names_too())


def _quoted(text: str) -> list[str]:
    """Return the runs in quotes that begin with a small letter or are a word, "Her", unless one is the whole text."""
    found = []
    for run in _QUOTED.finditer(text):
        inner = next(filter(None, run.groups()), "").strip()
        is_whole = not text[: run.start()].strip(_EDGE) and not text[run.end() :].strip(_EDGE)
        is_word = inner[:1].islower() or inner.lower() in words.names_too() or inner.lower() in words.deciding_words()
        if is_word and not is_whole and len(inner.split()) <= _MARKED_QUOTED_WORDS:
            found.append(f'"{inner.lower()}"')
    return found


def announces_a_secret(text: str) -> bool:
    """Tell whether a text holds a word behind which all counts as it is written."""
    return any(SECRET in sign for sign in map(SIGNS.__getitem__, text.split()))


def _kept_secret(chunks: Sequence[str], signs: Sequence[str]) -> list[str]:
    """Return what stands behind the first word that announces a secret, as it is written."""
    for at, sign in enumerate(signs):
        if SECRET in sign and at + 1 < len(chunks):
            is_always = _secrets()[_core(chunks[at]).lower()] == "always"
            behind = chunks[at : at + 1 + _TOLD_WITHIN]
            is_told = chunks[at].endswith((":", "=")) or any(
                _TOLD.fullmatch(chunk.lower().rstrip(":") or chunk) for chunk in behind[1:]
            )
            if is_always or is_told:
                return [" ".join(chunks[at + 1 :])]
    return []


def is_of_a_day(text: str) -> bool:
    """Tell whether a text speaks of the day on which it was said.

    >>> is_of_a_day("Lost her job last month"), is_of_a_day("Meets Ann on Fridays"), is_of_a_day("Will pay Ben back on Friday")
    (True, False, True)
    """
    return any(DAY in sign for sign in map(SIGNS.__getitem__, text.split())) and _day_pattern().search(text.lower()) is not None


SIGNS = Memo(sign_of)


@cache
def _secrets() -> dict[str, str]:
    return {word: kind for kind, listed in _lines("secrets.txt") for word in listed.split()}


@cache
def _days() -> dict[str, list[str]]:
    return {
        kind: [word.replace("-", " ") if kind != "part" else word for word in listed.split()] for kind, listed in _lines("days.txt")
    }


@cache
def _day_words() -> frozenset[str]:
    """Return the words of which one stands in each text that speaks of its day."""
    days = _days()
    return frozenset({word.split()[-1] for word in days["word"]} | {*days["unit"], *days["weekday"], "holidays"})


@cache
def _day_parts() -> re.Pattern[str]:
    return re.compile("|".join(_days()["part"]))


@cache
def _day_pattern() -> re.Pattern[str]:
    """Return what is found in a text that speaks of its day: a word, "last week", "3 days ago", "will call on Friday"."""
    days = {kind: "|".join(sorted(map(re.escape, listed), key=len, reverse=True)) for kind, listed in _days().items()}
    return re.compile(
        rf"(?<!\w)(?:{days['word']})(?!\w)"
        rf"|{days['part']}"
        rf"|(?<!\w)(?:{days['before']}) (?:{days['unit']}|{days['weekday']})(?!\w)"
        rf"|(?<!\w)(?:{_AMOUNT}) (?:days|weeks|months) (?:old|left|to go)(?!\w)"
        rf"|(?<!\w)the \d{{1,2}}(?:st|nd|rd|th)(?!\w)(?! (?:of|floor|\w+ay\b|{_MONTH_NAMES}))"
        rf"|(?<!\w)(?:for|over|on|after|until|till) the (?:weekend|holidays)(?!\w)"
        rf"|(?<!\w)(?:back|away|off|out|free|home|busy|leaving|arriving|due|here|there|gone) (?:on |until |till )(?:{days['weekday']})(?!\w)"
        rf"|(?<!\w)(?:{days['unit']}) (?:ago|próximo|próxima|pasado|pasada|prochain|prochaine|dernier|dernière)(?!\w)"
        rf"|(?<!\w)(?:in|vor|hace|il y a|dans|en) {_AMOUNT} (?:{days['unit']})(?!\w)"
        rf"|(?<!\w)(?:{days['future']})(?!\w)(?: (?!{_HABIT}\b)[\w'’]+){{0,6}} (?:{days['weekday']})(?!\w)"
        rf"|^(?:[\w'’]+ ){{0,2}}(?:{days['past']}|\w{{2,}}ed)(?!\w)(?: (?!{_HABIT}\b)[\w'’]+){{0,6}} (?:{days['weekday']})(?!\w)"
    )


def _lines(name: str) -> list[list[str]]:
    text = (files(__package__) / "data" / name).read_text("utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
