"""Gemini: `MyActivity.json` or `MyActivity.html` of Google Takeout, one prompt with its answer an item.

Facts: `title` is the prompt behind a word in the language of the account ("Prompted", "Eingegebener Prompt:"), `safeHtmlItem` the
answer as HTML, `time` when it was asked. Other activities ("Used an Assistant feature") have no answer. No message has an id; a
link leads to the conversation in newer exports. Files that were given along are in `attachedFiles` or `imageFile`. The HTML has a
card for each of these (`gemini_html.py`), and may hold activities of other products.

Rules: a prompt is an event of the user, its answer one of the assistant, both without an id. The word before the prompt is left out
where it is known; an answer loses its markup. Activities without an answer are counted and read on request. Fields without a place
of their own go to `metadata`, but for those that say of each item the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.formats.gemini_html import Card, card_of
from memproc.formats.html_text import text_of_html
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
_TALK = re.compile(r"https://gemini\.google\.com/app/([\w-]{4,200})")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    if isinstance(item.get("activity"), str) and len(item) == 1:
        return _PRODUCT in card_of(item["activity"]).product
    products = item.get("products")
    is_gemini = isinstance(products, list) and any(isinstance(one, str) and _PRODUCT in one for one in products)
    return isinstance(item.get("title"), str) and "time" in item and (is_gemini or _PRODUCT in str(item.get("header"))[:100])


def _read(item: Item, context: Context) -> Iterator[Part]:
    if isinstance(item.get("activity"), str):
        yield from _read_card(card_of(item["activity"]), context)
        return
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


def _read_card(card: Card, context: Context) -> Iterator[Part]:
    said = {"time": card.time, "titleUrl": card.talk}
    notes: dict[str, Any] = {"attachedFiles": card.files} if card.files else {}
    raw_time = {"created_at_raw": card.raw_time}
    if _PRODUCT not in card.product:
        yield LeftOut("other_products")
    elif not card.time:
        told = "an activity of Gemini has its time between prompt and answer, in a language that is known"
        yield Broken(fault("activity", "date_unparsable", told))
    elif not card.answer and "activities" not in context.include:
        yield LeftOut("activities")
    else:
        prompt = _without_word(card.prompt)
        yield LeftOut("empty") if is_empty(prompt) else _draft(said, prompt, "user", {**notes, **raw_time})
        if card.answer:
            yield _draft(said, card.answer, "assistant", raw_time)


def _answer(number: int, given: object) -> str | Part:
    html = given.get("html") if isinstance(given, dict) else None
    if not isinstance(html, str):
        return Broken(fault(f"safeHtmlItem.{number}.html", "string_type", "an answer is HTML"), given)
    text = text_of_html(html)
    return LeftOut("empty") if is_empty(text) else text


def _draft(item: Item, content: str, subject: str, metadata: dict[str, Any]) -> Draft:
    link = item.get("titleUrl")
    talk = _TALK.match(link) if isinstance(link, str) else None
    conversation = None if talk is None else talk[1]
    said = {"content": content, "kind": "message", "subject": subject, "conversation": conversation, "created_at": item.get("time")}
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


FORMAT = Format(
    name="gemini",
    about="Gemini: MyActivity.json or MyActivity.html of Google Takeout",
    matches=_matches,
    read=_read,
    options=("activities",),
)
