"""The dress of a text: what lists, pages and models put around it, and what people say before they come to it.

Facts: a memory comes as "- Has a garden", "**Has a garden**", "<li>Has a garden</li>", "Note: has a garden", "By the way, I have a
garden 🌱". None of it is remembered. What stands inside the text is no dress: only its ends are looked at, and markup.

Rules: bullets, numbers of a list, quotation marks of a mail, check marks, emoji and footnotes at the ends; emphasis around the text
or words in it; HTML tags and entities; labels before a colon, openers and closers from `dress.txt`. What is left must hold a letter.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import cache
from importlib.resources import files

_TAG = re.compile(
    r"</?(?:p|b|i|u|em|strong|li|ul|ol|br|span|div|code|h[1-6]|a|small|mark|blockquote)(?:\s[^<>]{0,200})?/?>", re.IGNORECASE
)
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[\da-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•·‣◦▪–—>#✓✔☑✅☐❌➡→]+|\[[ xX]\]|\(?\d{1,2}[.)](?=\s))\s*")
_STARRED = re.compile(r"(?<!\w)(\*\*|__|\*|_|~~|`)(?=\S)((?:(?!\1).){1,200}?)(?<=\S)\1(?!\w)")
_FOOTNOTE = re.compile(r"\s*(?:\[\d{1,3}\]|\^\d{1,3})[.]?$")
_WHOLE_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_MAY_BE_DRESSED = re.compile(r"[<&*_`~\[#>•·‣◦▪✓✔☑✅☐❌➡→]|^\W|^\(?\d{1,2}[.)]\s|[^\w.!?]$")
_NEEDS_MORE = frozenset(
    [
        "is",
        "are",
        "am",
        "was",
        "were",
        "be",
        "been",
        "feel",
        "feels",
        "felt",
        "feeling",
        "mood",
        "looks",
        "seems",
        "with",
        "for",
        "of",
        "to",
        "at",
        "in",
        "on",
        "the",
        "a",
        "and",
        "or",
        "like",
        "likes",
        "loves",
        "hates",
        "ist",
        "war",
        "bin",
        "mit",
        "für",
        "es",
        "está",
        "con",
        "de",
        "por",
        "est",
        "avec",
        "pour",
        "de",
    ]
)
"""Words behind which an emoji stands for a word: "she feels" and a face."""
_ROUNDS = 3


def undressed(text: str) -> str:
    """Return a text without its dress; as it is where it has none.

    >>> [undressed(text) for text in ("* Has a garden", "Note: allergic to latex", "<b>Plays golf</b>", "Btw I have a cat 🐈")]
    ['Has a garden', 'allergic to latex', 'Plays golf', 'I have a cat']
    """
    bare = text
    if _MAY_BE_DRESSED.search(bare):
        bare = _without_markup(bare)
    bare = _without_words(bare)
    return bare if any(map(str.isalpha, bare)) else text


def _without_markup(text: str) -> str:
    if "<" in text:
        text = _TAG.sub(" ", text).strip()
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    if (text[:1] and not text[0].isalnum()) or text[:1].isdigit():
        text = _without_bullets(text)
    if any(mark in text for mark in "*_`~"):
        text = _STARRED.sub(r"\2", text)
    text = _FOOTNOTE.sub("", text)
    whole = _WHOLE_QUOTE.fullmatch(text)
    return _without_emoji(whole[1] if whole else text)


def _without_bullets(text: str) -> str:
    for _ in range(_ROUNDS):
        found = _BULLET.match(text)
        if not found or (not found[0][-1:].isspace() and found[0][0] in "-*#>–—"):  # "-v", "**so**", "#tag", ">5"
            break
        text = text[found.end() :]
    return text


def _without_emoji(text: str) -> str:
    """Return a text without the emoji at its ends, and the spaces beside these."""
    start, end = 0, len(text)
    while end and (_is_emoji(text[end - 1]) or (text[end - 1].isspace() and end < len(text))):
        end -= 1
    while start < end and (_is_emoji(text[start]) or (text[start].isspace() and start)):
        start += 1
    last = text[start:end].rpartition(" ")[2].lower()
    return text[start:] if last in _NEEDS_MORE else text[start:end]


def _is_emoji(character: str) -> bool:
    return character > "\u203b" and (unicodedata.category(character) in ("So", "Sk") or character in "\u200d\ufe0f\u2764")


def _without_words(text: str) -> str:
    for _ in range(_ROUNDS):
        found = _before().match(text)
        if not found or (not found[0][-1:].isspace() and found[0][0] in "-*#>–—"):  # "-v", "**so**", "#tag", ">5"
            break
        text = text[found.end() :]
    found = _behind().search(text)
    return text[: found.start()] if found and found.start() else text


@cache
def _phrases() -> dict[str, str]:
    text = (files(__package__) / "data" / "dress.txt").read_text("utf-8")
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {
        kind: "|".join(re.escape(phrase).replace(r"\-", "[ -]") for phrase in sorted(listed.split(), key=len, reverse=True))
        for kind, listed in rows
    }


@cache
def _before() -> re.Pattern[str]:
    words = _phrases()
    return re.compile(
        rf"(?:(?:{words['label']})\s?:|(?:{words['opener']})\s?(?:,|\s-|…|\.\.\.)|(?:{words['start']})(?:,|:)?(?=\s))\s*",
        re.IGNORECASE,
    )


@cache
def _behind() -> re.Pattern[str]:
    words = _phrases()
    return re.compile(rf"(?:\s?,\s?(?:{words['closer']})|\s(?:{words['end']}))[.!?…]*$", re.IGNORECASE)
