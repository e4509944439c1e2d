"""Microsoft Copilot: the table of an account's activity, `copilot-activity-history.csv`.

Facts: a row is a message: `Conversation` is the title of the chat, `Time` has no zone, `Author` is Human or AI. The newest stands
first. Nothing has an id.

Rules: a message is an event in the conversation of its title, known by its author, time and words: a later table has others before
it, so it has no turn.
"""

from __future__ import annotations

from collections.abc import Iterator

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, Part
from memproc.formats.messages import Message, Talk
from memproc.formats.usual_names import folded
from memproc.validation import fault

_HEADS = ("conversation", "time", "author", "message")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return len(item) == len(_HEADS) and all(isinstance(name, str) for name in item) and set(map(folded, item)) == set(_HEADS)


def _read(item: Item, context: Context) -> Iterator[Part]:
    given = {folded(name): value for name, value in item.items() if isinstance(name, str)}
    if "message" not in given:
        yield Broken(fault("Message", "missing", "a row of Copilot's activity has its text in Message"))
        return
    talk = Talk(messages.name_of(given.get("conversation")))
    yield from messages.read_message(Message(given.get("author"), given["message"], created_at=given.get("time")), talk, context)


FORMAT = Format("copilot", "Microsoft Copilot: the table of an account's activity", _matches, _read)
