"""Gemini: `MyActivity.json` of Google Takeout, one prompt with its answer an item.

Facts: `title` is the prompt behind a word in the language of the account ("Prompted", "Eingegebener Prompt:"), `safeHtmlItem` the
answer as HTML, `time` when it was asked. Other activities ("Used an Assistant feature") have no answer. Nothing has an id, and
nothing says which prompts are of one conversation. Files that were given along are in `attachedFiles` or `imageFile`.

Rules: a prompt is an event of the user, its answer one of the assistant, both without an id. The word before the prompt is left out
where it is known; an answer loses its markup. Activities without an answer are counted and read on request. Fields without a place
of their own go to `metadata`, but for those that say of each item the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_empty

_PRODUCT = "Gemini"
_PROMPTED = (
    "Prompted", "Asked", "Said",
    "Eingegebener Prompt:", "Prompt eingegeben:", "Prompt:",
    "Requête envoyée :", "Requête saisie :", "Prompt envoyé :",
    "Se envió la petición", "Petición enviada:", "Instrucción:",
    "Prompt inviato:", "Prompt enviado:", "Comando enviado:",
    "Prompt ingevoerd:", "Prompten",
)  # fmt: skip
_LEFT = frozenset(("header", "title", "time", "safeHtmlItem", "products", "activityControls", "titleUrl"))
_BLOCKS = frozenset(
    ("p", "div", "br", "li", "tr", "pre", "ul", "ol", "table", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr")
)
_TAG = re.compile(r"<(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9]{0,20})?[^<>]*>")
_UNSEEN = frozenset(("script", "style"))


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    products = item.get("products")
    is_gemini = isinstance(products, list) and any(isinstance(one, str) and _PRODUCT in one for one in products)
    return isinstance(item.get("title"), str) and "time" in item and (is_gemini or _PRODUCT in str(item.get("header"))[:100])


def _read(item: Item, context: Context) -> Iterator[Part]:
    title = item.get("title")
    answers = [_answer(number, one) for number, one in enumerate(listed(item.get("safeHtmlItem")))]
    if not isinstance(title, str):
        yield Broken(fault("title", "missing", "an activity of Gemini has its prompt in title"))
    elif is_empty(title):
        yield LeftOut("empty")
    elif not answers and "activities" not in context.include:
        yield LeftOut("activities")
    else:
        notes = {name: value for name, value in item.items() if name not in _LEFT and value not in (None, "", [], {})}
        yield _draft(item, _without_word(title), "user", notes)
    for answer in answers:
        yield _draft(item, answer, "assistant", {}) if isinstance(answer, str) else answer


def _answer(number: int, given: object) -> str | Part:
    html = given.get("html") if isinstance(given, dict) else None
    if not isinstance(html, str):
        return Broken(fault(f"safeHtmlItem.{number}.html", "string_type", "an answer is HTML"), given)
    text = text_of_html(html)
    return LeftOut("empty") if is_empty(text) else text


def _draft(item: Item, content: str, subject: str, metadata: dict[str, Any]) -> Draft:
    said = {"content": content, "kind": "message", "subject": subject, "created_at": item.get("time")}
    return Draft(with_raw_times(without_nones({**said, "metadata": metadata or None})))


def _without_word(title: str) -> str:
    """Return a prompt without the word before it.

    >>> _without_word("Prompted I moved"), _without_word("Promptedly")
    ('I moved', 'Promptedly')
    """
    for word in _PROMPTED:
        rest = title.removeprefix(word)
        if len(rest) < len(title) and rest[:1].isspace() and rest.strip():
            return rest.strip()
    return title


def text_of_html(html: str) -> str:
    r"""Return the text of HTML, each of its blocks on a line of its own.

    Not by `html.parser`, which takes quadratic time on tags that are not closed.

    >>> text_of_html("<p>Nice, how is <b>Faro</b>?</p><ul><li>Warm</li></ul>")
    'Nice, how is Faro?\nWarm'
    """
    pieces: list[str] = []
    at, unseen = 0, ""
    for tag in _TAG.finditer(html):
        name = (tag["name"] or "").lower()
        if not unseen:
            pieces += [html[at : tag.start()], "\n" if name in _BLOCKS else ""]
            unseen = name if name in _UNSEEN and not tag["end"] else ""
        elif name == unseen and tag["end"]:
            unseen = ""
        at = tag.end()
    pieces.append("" if unseen else html[at:])
    lines = (" ".join(line.split()) for line in unescape("".join(pieces)).split("\n"))
    return "\n".join(line for line in lines if line)


FORMAT = Format(
    name="gemini",
    about="Gemini: MyActivity.json of Google Takeout",
    matches=_matches,
    read=_read,
    options=("activities",),
)
