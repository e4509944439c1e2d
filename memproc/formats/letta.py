"""Agent files of Letta (`.af`): the blocks of an agent's core memory, and its messages.

Facts: version 2 has `agents`, each with `messages` and `block_ids`, and `blocks` beside them; version 1 is the agent itself, with
`core_memory`. What the agent says to a person are the arguments of its call of `send_message`, JSON text in JSON; its own text is
thinking, unless it calls nothing. What a person says is wrapped in JSON text too: `{"type": "user_message", "message": "..."}`;
logins and heartbeats are wrapped alike. The ids of messages are numbered anew in each file. Archival memory is in no agent file:
its passages are JSON objects with `text`, which the format `json` reads.

Rules: each line of a block is a fact whose subject is the label of the block. A message is an event of its role. Its conversation
and its id are made as for any chat (`messages.py`), so a longer file of the same agent adds only the new turns.

Left out, and read on request: `persona`, the block in which the agent tells itself who it is; `thinking`, `tool` and `system`.
Logins and heartbeats are counted as `events`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import orjson

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.validation import fault
from memproc.values import is_blank

OPTIONS = ("persona", "thinking", "tool", "system")
_SAID = "send_message"
_USER = "user_message"


class _Turn(NamedTuple):
    """A message, or the part of it that is of one kind, which is empty for what was said."""

    role: str
    text: object
    kind: str
    message: Item


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    agents = item.get("agents")
    if isinstance(agents, list) and isinstance(item.get("blocks"), list):
        return all(isinstance(agent, dict) and ("messages" in agent or "block_ids" in agent) for agent in agents)
    return isinstance(item.get("core_memory"), list) and isinstance(item.get("messages"), list)


def _read(item: Item, context: Context) -> Iterator[Part]:
    blocks = [*listed(item.get("blocks")), *listed(item.get("core_memory"))]
    agents = [*listed(item.get("agents")), *([item] if isinstance(item.get("messages"), list) else [])]
    for block in blocks:
        yield from of_block(block, context)
    for agent in agents:
        if isinstance(agent, dict):
            yield from _of_agent(agent, context)
        else:
            yield Broken(fault("agents", "not_a_mapping", "an agent is an object"), agent)
    if not blocks and not agents:
        yield LeftOut("empty")


def of_block(block: object, context: Context) -> Iterator[Part]:
    """Yield what a block of core memory says: a fact a line."""
    if not isinstance(block, dict) or not isinstance(block.get("value"), str):
        yield Broken(fault("value", "missing", "a block of core memory has its text in value"), block)
        return
    label = block.get("label")
    if label == "persona" and label not in context.include:
        yield LeftOut("persona")
        return
    lines = [line.strip() for line in block["value"].splitlines() if not is_blank(line)]
    metadata = without_nones({name: block.get(name) for name in ("description", "label") if not is_blank(block.get(name))})
    for line in lines:
        yield Draft(without_nones({"content": line, "subject": label, "metadata": metadata or None}), raw=block)
    if not lines:
        yield LeftOut("empty blocks")


def _of_agent(agent: Item, context: Context) -> Iterator[Part]:
    given, name = listed(agent.get("messages")), agent.get("name")
    if not given:
        yield LeftOut("empty_conversations")
    turns = [turn for message in given if isinstance(message, dict) for turn in turns_of(message)]
    said = [turn for turn in turns if turn.kind == "" and isinstance(turn.text, str)]
    conversation = messages.conversation_of(((turn.role, turn.text, turn.message.get("created_at")) for turn in said), name)
    for at, turn in enumerate(turns):
        if turn.kind and turn.kind not in context.include:
            yield LeftOut(turn.kind)
        elif not isinstance(turn.text, str):
            found = fault("content", "missing", "a message has its text in content, or in the arguments of send_message")
            yield Broken(found, turn.message)
        else:
            fields = {
                "content": turn.text,
                "id": messages.turn_id(at, turn.role, turn.text),
                "conversation": conversation,
                "subject": turn.role,
                "kind": "message",
                "created_at": turn.message.get("created_at"),
                "tags": [turn.kind] if turn.kind else None,
                "metadata": {"agent": name} if isinstance(name, str) else None,
            }
            yield Draft(with_raw_times(without_nones(fields)), is_identity=True, raw=turn.message)
    for message in given:
        if not isinstance(message, dict):
            yield Broken(fault("messages", "not_a_mapping", "a message is an object"), message)


def turns_of(message: Item) -> Iterator[_Turn]:
    """Yield what a message holds: what was said, and what is left out by its kind."""
    role = message.get("role")
    role = role if isinstance(role, str) and not is_blank(role) else "user"
    text = _text(message)
    if role in ("system", "tool"):
        yield _Turn(role, text, role, message)
    elif role == "user":
        yield _of_user(role, text, message)
    else:
        calls = [call for call in listed(message.get("tool_calls")) if isinstance(call, dict)]
        if not is_blank(text):
            yield _Turn(role, text, "thinking" if calls else "", message)
        elif not calls:
            yield _Turn(role, text, "empty", message)
        yield from (_of_call(role, call, message) for call in calls)


def _of_user(role: str, text: object, message: Item) -> _Turn:
    told = _parsed(text)
    if not isinstance(told, dict) or "type" not in told:
        return _Turn(role, text, "empty" if is_blank(text) else "", message)
    return _Turn(role, told.get("message"), "" if told["type"] == _USER else "events", message)


def _of_call(role: str, call: Item, message: Item) -> _Turn:
    function = call.get("function")
    function = function if isinstance(function, dict) else call
    name, arguments = function.get("name"), function.get("arguments")
    if name != _SAID:
        is_call = isinstance(name, str) and isinstance(arguments, str)
        return _Turn(role, f"{name}({arguments})" if is_call else name, "tool", message)
    told = _parsed(arguments) if isinstance(arguments, str) else arguments
    return _Turn(role, told.get("message") if isinstance(told, dict) else None, "", message)


def _parsed(text: object) -> Any:
    try:
        return orjson.loads(text) if isinstance(text, str) and text.lstrip().startswith("{") else None
    except orjson.JSONDecodeError:
        return None


def _text(message: Item) -> object:
    """Return the text of a message: of its parts, or its own."""
    content = message.get("content", message.get("text"))
    if not isinstance(content, list):
        return content
    texts = [part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str)]
    return "\n".join(texts) or None


FORMAT = Format("letta", "an agent file of Letta: blocks of core memory, and messages", _matches, _read, options=OPTIONS)
