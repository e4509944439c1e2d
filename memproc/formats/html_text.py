"""The text of HTML, without the markup.

Not by `html.parser`, which takes quadratic time on tags that are not closed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import NamedTuple

_BLOCKS = frozenset(
    ("p", "div", "br", "li", "tr", "pre", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})?[^<>]*>")
_UNSEEN = frozenset(("script", "style"))


class Tag(NamedTuple):
    """A tag: its name in lower case, whether it ends an element, and where it begins and ends in the text."""

    name: str
    is_end: bool
    begin: int
    end: int


def tags_of(html: str) -> Iterator[Tag]:
    """Yield the tags, in order."""
    for found in _TAG.finditer(html):
        yield Tag((found["name"] or "").lower(), bool(found["end"]), found.start(), found.end())


def text_of_html(html: str) -> str:
    r"""Return the text of HTML, each of its blocks on a line of its own.

    >>> text_of_html("<p>Nice, how is <b>Faro</b>?</p><ul><li>Warm</li></ul>")
    'Nice, how is Faro?\nWarm'
    """
    pieces: list[str] = []
    at, unseen = 0, ""
    for tag in tags_of(html):
        if not unseen:
            pieces += [html[at : tag.begin], "\n" if tag.name in _BLOCKS else ""]
            unseen = tag.name if tag.name in _UNSEEN and not tag.is_end else ""
        elif tag.name == unseen and tag.is_end:
            unseen = ""
        at = tag.end
    pieces.append("" if unseen else html[at:])
    lines = (" ".join(line.split()) for line in unescape("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)
