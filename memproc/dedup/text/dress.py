"""The dress of a text: what lists, pages and language models put around it, and what people say before they come to the point.

Facts: a memory may come as "- Has a garden", "**Has a garden**", "<li>Has a garden</li>", "Note: has a garden", "By the way, I have
a garden 🌱". The dress is not remembered. Only the ends of a text, and markup, can be dress; words inside the text cannot.

Rules: dress is bullets, list numbers, quotation marks of mails, ticks, pictures of things and footnotes at the ends; emphasis
around the text or words in it; HTML tags and entities; and labels before a colon, openers and closers from `dress.txt`. What is
left must hold a letter.
"""

from __future__ import annotations

import html
import re
from functools import cache

from memproc.dedup.text import word_classes, word_lists, words

_TAGS = "p|b|i|u|em|strong|li|ul|ol|br|span|div|code|h[1-6]|a|small|mark|blockquote"
_TAG = re.compile(rf"</?(?:{_TAGS})(?:\s[^<>]{{0,200}})?/?>", re.IGNORECASE)
_LINK = re.compile(r"<(https?://[^\s<>]+)>")
_ENTITY = re.compile(r"&(?:#\d{1,6}|#x[\da-f]{1,6}|[a-z]{2,8});", re.IGNORECASE)
_BULLET = re.compile(r"(?:[-*•·‣◦▪–—>#✓✔✅➡→]+|\(?\d{1,2}[.)](?=\s)|[a-zA-Z]\)(?=\s))\s*")
_STARRED = re.compile(r"(?<!\w)(?:(\*\*|\*|`)(?=\S)((?:(?!\1).){1,200}?)(?<=\S)\1|(__?)(?=\S)([^_]{1,200})(?<=\S)\3)(?!\w)")
_FOOTNOTE = re.compile(r"(?<=[\s.!?])\[\d{1,3}\][.]?$")
_WHOLE_QUOTE = re.compile(r"[\"“„«]([^\"“”„«»]+)[\"”“»]")
_MARKUP = ("<", "&", "*", "_", "`", "[")
_ROUNDS = 3
_LANGUAGES = ("de", "es", "fr")
_FIRST_CHARS, _LAST_CHARS = 24, 32  # within which the first and the last phrase begin
_JOYFUL = frozenset(
    "☕✈☀⚽⚾⛵⛺☎✏✉⌚⛷⛸♟☂❄⛄😀😃😄😁😊🙂☺😍🥰🤩😋🤗🥳❤💕💖💗💘💙💚💛💜🧡✨\u200d\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
)
_THINGS = (
    ("\U0001f32d", "\U0001f37f"),  # food and plants
    ("\U0001f380", "\U0001f3f0"),  # feasts, sports and places
    ("\U0001f400", "\U0001f43f"),  # animals
    ("\U0001f680", "\U0001f6a3"),  # vehicles
    ("\U0001f950", "\U0001f96f"),
    ("\U0001f980", "\U0001f9ae"),
)


def undressed(text: str) -> str:
    """Return a text without its dress; unchanged if it has none.

    >>> [undressed(text) for text in ("* Has a garden", "Note: allergic to latex", "<b>Plays golf</b>", "Btw I have a cat 🐈")]
    ['Has a garden', 'allergic to latex', 'Plays golf', 'I have a cat']
    """
    bare = text
    if _may_have_markup(text):
        bare = _without_markup(bare)
    bare = _without_words(bare)
    return bare if any(map(str.isalpha, bare)) else text


def _may_have_markup(text: str) -> bool:
    if not text[:1].isalnum() or not (text[-1].isalnum() or text[-1] in ".!?"):
        return True
    return "." in text[1:3] or ")" in text[1:3] or any(mark in text for mark in _MARKUP)


def _without_markup(text: str) -> str:
    if "<" in text:
        text = _LINK.sub(r"\1", _TAG.sub(" ", text)).strip()
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
    text = _without_bullets(text)
    if any(mark in text for mark in "*_`"):
        text = _STARRED.sub(_unstarred, text)
    text = _FOOTNOTE.sub("", text).rstrip()
    whole = _WHOLE_QUOTE.fullmatch(text)
    return _without_emoji(whole[1] if whole else text)


def _unstarred(found: re.Match[str]) -> str:
    """Return a text without marks of emphasis; "__init__" and "_id" are names and stay."""
    said = found[2] or found[4]
    is_name = found[2] is None and " " not in said and (found[3] != "_" or said not in words.common_words())
    return found[0] if is_name else said


def _without_bullets(text: str) -> str:
    for _ in range(_ROUNDS):
        found = _BULLET.match(text)
        if not found or (not found[0][-1:].isspace() and found[0][0] in "-*#>–—"):  # "-v", "**so**", "#tag", ">5"
            break
        if found[0][0] == ">" and text[found.end() : found.end() + 1].isdigit():  # "> 18 years old"
            break
        if found[0].rstrip().endswith(".") and not _begins_an_item(text[found.end() :]):  # "5. Mai", "2. Platz"
            break
        text = text[found.end() :]
    return text


def _begins_an_item(text: str) -> bool:
    """Tell whether a text begins with an English word other than a month, or as a list item in another language does."""
    first = text[:_FIRST_CHARS].partition(" ")[0].strip(".,:;!'").lower()
    is_english = first in words.common_words() or first in words.english_words() or first == "i"
    return first in _listed()["item"] or (is_english and first not in word_classes.months())


def _without_emoji(text: str) -> str:
    """Return a text without the emoji at its ends and the spaces beside them."""
    start, end = 0, len(text)
    while end and (_is_emoji(text[end - 1]) or (text[end - 1].isspace() and end < len(text))):
        end -= 1
    while start < end and (_is_emoji(text[start]) or (text[start].isspace() and start)):
        start += 1
    last = text[start:end].rpartition(" ")[2].lower()
    return text[start:] if last in _unfinished() or last.isdigit() else text[start:end]


def _is_emoji(character: str) -> bool:
    """Tell whether a character is a picture of a thing, or of joy. A frown, a thumb and a cross may change the meaning."""
    return character in _JOYFUL or any(first <= character <= last for first, last in _THINGS)


def _without_words(text: str) -> str:
    for _ in range(_ROUNDS):
        first = text[:_FIRST_CHARS].partition(" ")[0].strip(".,:;!…").lower()
        found = _before().match(text) if first in _first_words() else None
        if not found or found.end() == len(text):
            break
        text = text[found.end() :]
    last = text[-_LAST_CHARS:].rpartition(" ")[2].rstrip(".!?…").lower()
    found = _behind().search(text, max(len(text) - _LAST_CHARS, 0)) if last in _last_words() else None
    return text[: found.start()] if found and found.start() else text


@cache
def _unfinished() -> frozenset[str]:
    """Return the words after which an emoji stands for a word: "she feels" and a face."""
    return frozenset(_listed()["unfinished"])


@cache
def _first_words() -> frozenset[str]:
    kinds = ["label", "opener", "start", *(f"said-{language}" for language in _LANGUAGES)]
    return frozenset(phrase.split("-")[0] for kind in kinds for phrase in _listed()[kind])


@cache
def _last_words() -> frozenset[str]:
    return frozenset(phrase.split("-")[-1] for kind in ("closer", "end") for phrase in _listed()[kind])


@cache
def _listed() -> dict[str, list[str]]:
    """Return the phrases of each kind, the longest first."""
    return {kind: sorted(listed.split(), key=len, reverse=True) for kind, listed in word_lists.lines("dress.txt")}


@cache
def _phrases() -> dict[str, str]:
    """Return for each kind of phrase a pattern that matches any of them."""
    return {kind: "|".join(re.escape(phrase).replace(r"\-", "[ -]") for phrase in some) for kind, some in _listed().items()}


@cache
def _before() -> re.Pattern[str]:
    phrases = _phrases()
    said = "|".join(rf"(?:{phrases[f'said-{of}']}),?\s(?=(?:{phrases[f'subject-{of}']})(?:\s|(?<=['’])))" for of in _LANGUAGES)
    label, opener = rf"(?:{phrases['label']})\s?(?::|\s[-–—]\s)", rf"(?:{phrases['opener']})\s?(?:,|\s-|…|\.\.\.)"
    return re.compile(rf"(?:{label}|{opener}|{said}|(?:{phrases['start']})(?:,|:)?(?=\s))\s*", re.IGNORECASE)


@cache
def _behind() -> re.Pattern[str]:
    phrases = _phrases()
    return re.compile(rf"(?:\s?,\s?(?:{phrases['closer']})|\s(?:{phrases['end']}))[.!?…]*$", re.IGNORECASE)
