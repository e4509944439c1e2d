"""Grok's data export: `prod-grok-backend.json`, conversations with their responses.

Facts: the file is an object with `conversations`. Each has a `conversation` (`id`, `user_id`, `title`, `create_time`) and
`responses`, each of which holds a `response`: `_id`, `sender` ("human" or "assistant", in either case), `message`, `create_time`
(an object with a `$date`, of which `$numberLong` are epoch milliseconds, or ISO 8601) and `model`.

Rules: a message is an event under its id; the user is the namespace. All responses are read, in their order.

Left out: what a response cites, and how it was made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return any(map(_is_conversation, _conversations(item)))


def _conversations(item: Item) -> list[Any]:
    """Return the conversations in an item: it may be one by itself, or the whole file."""
    given = item.get("conversations")
    return given if isinstance(given, list) and "responses" not in item else [item]


def _is_conversation(value: object) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("conversation"), dict):
        return False
    given = value.get("responses")
    return isinstance(given, list) and all(isinstance(one, dict) and isinstance(one.get("response"), dict) for one in given)


def _read(item: Item, context: Context) -> Iterator[Part]:
    given = _conversations(item)
    for number, conversation in enumerate(given):
        path = "" if conversation is item else f"conversations.{number}."
        about = conversation.get("conversation") if isinstance(conversation, dict) else None
        responses = conversation.get("responses") if isinstance(conversation, dict) else None
        if not isinstance(about, dict) or not isinstance(responses, list):
            told = "Grok keeps a conversation with a list of its responses"
            yield Broken(fault(f"{path}responses", "missing", told), conversation if path else None)
            continue
        if not responses:
            yield LeftOut("empty_conversations")
        notes = without_nones({"title": about.get("title") or None})
        talk = Talk(messages.named(about, ("id",)), about.get("user_id"), _time(about.get("create_time")), notes)
        for place, response in enumerate(responses):
            yield from _read_response(response, talk, f"{path}responses.{place}", context)
    if not given:
        yield LeftOut("empty_conversations")


def _read_response(value: object, talk: Talk, path: str, context: Context) -> Iterator[Part]:
    response = value.get("response") if isinstance(value, dict) else None
    if not isinstance(response, dict) or "message" not in response:
        yield Broken(fault(path, "dict_type", "a response of Grok has a sender and its message"), value)
        return
    sender = response.get("sender")
    said = Message(
        sender.lower() if isinstance(sender, str) else sender,
        response["message"],
        raw=value,
        id=messages.first_of(response, ("_id", "id")),
        created_at=_time(response.get("create_time")),
        notes=without_nones({"model": response.get("model") or None}),
        path=f"{path}.response",
    )
    yield from messages.read_message(said, talk, context)


def _time(told: object) -> object:
    """Return a time as its number or text.

    >>> _time({"$date": {"$numberLong": "1738108800000"}}), _time("2025-01-29T00:00:00Z")
    ('1738108800000', '2025-01-29T00:00:00Z')
    """
    date = told.get("$date") if isinstance(told, dict) else told
    return date.get("$numberLong") if isinstance(date, dict) else date


FORMAT = Format(
    name="grok",
    about="Grok's data export: prod-grok-backend.json",
    matches=_matches,
    read=_read,
)
