"""A card of Google's "My Activity" as HTML: what Gemini was asked, when, and what it answered.

Facts: a card names its product in a head. Its first cell holds, with `<br>` between them, a word in the language of the account and
the prompt behind a no-break space; names of files that were given along, as links behind a line that counts them; the time as the
account reads it; and the answer. The last cell links to the conversation.

Rules: the time alone says where the prompt ends and the answer begins. So a card without one that can be read is broken: it would
put the answer into the mouth of the user.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from memproc.formats.html_text import tags_of, text_of_html
from memproc.formats.local_times import local_time

_CELL = re.compile(r"""\bclass=["']?[^"'>]*\b(header-cell|content-cell)\b""")
_TALK = re.compile(r"https://gemini\.google\.com/app/[\w-]{4,200}")
_BREAK = re.compile(r"<br ?/?>", re.IGNORECASE)
_WORD = re.compile("[^<>\xa0]{1,80}?(?:\xa0|&nbsp;|&#160;)")  # before a prompt
_LONGEST_COUNT_CHARS = 60


class Card(NamedTuple):
    """What a card says: of which product it is, the prompt, the names of files, the time as ISO 8601 (empty if there is none that
    can be read) and as it stands there, the answer, and the address of the conversation.
    """

    product: str
    prompt: str
    files: list[str]
    time: str
    raw_time: str
    answer: str
    talk: str


def card_of(html: str) -> Card:
    """Return what a card says."""
    cells = list(_cells(html))
    product = next((text_of_html(inner) for kind, inner in cells if kind == "header-cell"), "")
    activity, *others = [inner for kind, inner in cells if kind == "content-cell"] or [""]
    talk = _TALK.search("".join(others))
    pieces = _BREAK.split(activity)
    texts = [" ".join(text_of_html(piece).split()) for piece in pieces]
    times = ((at, found) for at, text in enumerate(texts) if at and (found := local_time(text)) is not None)
    at, time = next(times, (len(pieces), ""))
    prompt, files = _prompt(pieces[:at])
    answer = text_of_html("<br>".join(pieces[at + 1 :]))
    return Card(product, prompt, files, time, texts[at] if time else "", answer, talk[0] if talk else "")


def _cells(html: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the inner HTML of each cell."""
    kind, begin, depth = "", 0, 0
    for tag in tags_of(html):
        if tag.name != "div":
            continue
        if kind:
            depth += -1 if tag.is_end else 1
            if not depth:
                yield kind, html[begin : tag.begin]
                kind = ""
        elif not tag.is_end and (found := _CELL.search(html[tag.begin : tag.end])):
            kind, begin, depth = found[1], tag.end, 1
    if kind:
        yield kind, html[begin:]


def _prompt(pieces: list[str]) -> tuple[str, list[str]]:
    """Return the prompt without the word before it, and the names of the files that were given along."""
    names = [text_of_html(piece).removeprefix("-").strip() for piece in pieces if _is_file(piece)]
    lines = [piece for piece in pieces if not _is_file(piece)]
    if names and len(lines) > 1 and len(lines[-1]) <= _LONGEST_COUNT_CHARS and any(map(str.isdigit, lines[-1])):
        lines.pop()  # it counts the files
    first, *rest = lines or [""]
    word = _WORD.match(first)
    return text_of_html("<br>".join([first[word.end() :] if word else first, *rest])), names


def _is_file(piece: str) -> bool:
    return piece.lstrip().startswith("-") and "<a " in piece
