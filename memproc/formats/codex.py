"""Sessions of Codex: `~/.codex/sessions/<date>/rollout-<time>-<id>.jsonl`, a line for all that happened.

Facts: a line has `timestamp`, `type` and `payload`. The first, `session_meta`, names the session. A `response_item` whose payload
is a `message` has `role` and `content`, parts of `input_text` and `output_text`; others are reasoning, and calls of tools and their
outputs. `event_msg` lines repeat messages for the display. What the program tells the model stands in messages of the user: the
environment, the instructions of the project.

Rules: a message is an event of the session, under its turn (see `messages`), because few have an id. Reasoning, tools, and what the
program says in the user's name are read on request. Other lines are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_TYPES = ("session_meta", "response_item", "event_msg", "turn_context", "compacted")
_PROGRAM = ("<environment_context>", "<user_instructions>", "<permissions", "<turn_aborted>", "# AGENTS.md instructions")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return item.get("type") in _TYPES and isinstance(item.get("payload"), dict) and "timestamp" in item


def _read(item: Item, context: Context) -> Iterator[Part]:
    payload = item.get("payload")
    if not isinstance(payload, dict):
        yield Broken(fault("payload", "dict_type", "a line of Codex has its payload in an object"))
    elif item.get("type") != "response_item":
        yield LeftOut("other")
    else:
        yield from _read_payload(payload, item, context)


def _read_payload(payload: dict[str, Any], item: Item, context: Context) -> Iterator[Part]:
    place = context.place
    is_message = payload.get("type") == "message"
    content = payload.get("content") if is_message else [_as_part(payload)]
    role = payload.get("role") if is_message else "assistant"
    words = messages.words_of(content)
    if is_message and words is not None and str(words.text).lstrip().startswith(_PROGRAM) and "hidden" not in context.include:
        yield LeftOut("hidden")
        return
    said = Message(
        role,
        content,
        id=payload.get("id"),
        turn=None if place is None else place.turn,
        created_at=item.get("timestamp"),
        path="payload",
    )
    yield from messages.read_message(said, Talk(None if place is None else place.conversation), context)


def _as_part(payload: dict[str, Any]) -> dict[str, Any]:
    """Return an item that is no message as a part of one: its kind is told by its type, as of other parts."""
    told = payload.get("type")
    kind = told if isinstance(told, str) and told else "item"
    summary = payload.get("summary")
    thoughts = messages.words_of(summary) if isinstance(summary, list) else None
    text = {} if thoughts is None or thoughts.text is None else {"text": thoughts.text}
    return {**payload, **text, "type": f"tool {kind}" if "call" in kind else kind}


def _talk_of(items: Sequence[Item], _path: str) -> str:
    payloads = [(payload, item.get("timestamp")) for item in items if isinstance(payload := item.get("payload"), dict)]
    metas = [item["payload"] for item in items if item.get("type") == "session_meta" and isinstance(item.get("payload"), dict)]
    own = next((found for meta in metas if (found := messages.name_of(meta.get("id"))) is not None), None)
    return own or messages.conversation_of(
        (payload.get("role"), payload.get("content"), time) for payload, time in payloads if "role" in payload
    )


FORMAT = Format(
    name="codex",
    about="sessions of Codex: JSON lines",
    matches=_matches,
    read=_read,
    options=("thinking", "tool", "hidden", "system"),
    talk_of=_talk_of,
)
