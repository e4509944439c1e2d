"""ChatGPT's data export (`conversations.json`, or its shards): an array of conversations, each a tree of messages.

Facts: OpenAI publishes no schema. A conversation holds `mapping`, from node ids to nodes with `message`, `parent` and `children`. A
regenerated answer or an edited message starts a branch; `current_node` is the leaf that was shown last, and may be missing from the
mapping. Times are epoch seconds, and any of them may be null. `content.parts` holds text, null, and objects: images, or speech with
its `text`. A message to the recipient "bio" writes a saved memory. Custom instructions are in the
`metadata.user_context_message_data` of a hidden message with empty parts, in some exports in a `user_editable_context`.

Rules: the active branch is read from its root to `current_node`, or else to the newest leaf. A message is an event under its own
id; a saved memory is a fact about the user under the id of the message; a custom instruction is a fact without an id, because it is
repeated in each conversation. A message without a time takes that of the conversation, or else of the earliest message, or else of
the conversation's update; `metadata.created_at_from` says which. Objects among the parts without text are kept as
`metadata.assets`. Side branches and hidden, system, tool and thinking messages are read on request, messages without text never;
all that is not read is counted. A root node without a message is structure and is not counted.

Left out: the namespace (the export does not name its account), and fields about the display: status, weight, end of turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times, without_nones
from memproc.times import EPOCH, parse_time, says_none
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_OBJECTS = ("author", "content", "metadata")
_TEXT_FIELDS = ("parts", "text", "result", "thoughts", "content")
_THINKING = ("thoughts", "reasoning_recap")
_SPEAKS_OF = {
    "about_user_message": "user",
    "about_model_message": "assistant",
    "user_profile": "user",
    "user_instructions": "assistant",
}

Nodes = Mapping[str, Mapping[str, Any]]


class _Talk(NamedTuple):
    """What the messages of one conversation share."""

    id: object
    created_at: object
    created_at_from: str
    model: object
    metadata: dict[str, Any]


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return isinstance(item.get("mapping"), dict)


def _read(item: Item, context: Context) -> Iterator[Part]:
    mapping = item.get("mapping")
    if not isinstance(mapping, dict):
        code = "missing" if mapping is None else "dict_type"
        yield Broken(fault("mapping", code, "a ChatGPT conversation keeps its messages in the object mapping"))
        return
    nodes = {key: node for key, node in mapping.items() if isinstance(node, dict)}
    for key, node in mapping.items():
        if key not in nodes:
            yield Broken(fault(f"mapping.{key}", "dict_type", "a node of a conversation is an object"), node)
    if all(node.get("message") is None for node in nodes.values()):
        yield LeftOut("empty_conversations")
    yield from _read_branches(nodes, _active_branch(nodes, item.get("current_node")), _talk(item, nodes), context)


def _read_branches(nodes: Nodes, active: list[str], talk: _Talk, context: Context) -> Iterator[Part]:
    for key in active:
        yield from _read_node(key, nodes[key], talk, context, ())
    shown = frozenset(active)
    side = [key for key, node in nodes.items() if key not in shown and node.get("message") is not None]
    if "side_branches" in context.include:
        for key in side:
            yield from _read_node(key, nodes[key], talk, context, ("side-branch",))
    elif side:
        yield LeftOut("side_branches", len(side))


def _active_branch(nodes: Nodes, current: object) -> list[str]:
    """Return the keys from the root to the current node; a cycle ends where it closes."""
    branch: dict[str, None] = {}
    key = current if isinstance(current, str) and current in nodes else _newest_leaf(nodes)
    while isinstance(key, str) and key in nodes and key not in branch:
        branch[key] = None
        key = nodes[key].get("parent")
    return list(branch)[::-1]


def _newest_leaf(nodes: Nodes) -> object:
    """Return the key of the leaf with the latest message, the largest key among equals; None if there are no nodes."""
    parents = {parent for node in nodes.values() if isinstance(parent := node.get("parent"), str)}
    leaves = [key for key in nodes if key not in parents] or list(nodes)
    return max(leaves, key=lambda key: (_moment(_written_at(nodes[key])) or EPOCH, key), default=None)


def _written_at(node: Mapping[str, Any]) -> object:
    message = node.get("message")
    return message.get("create_time") if isinstance(message, dict) else None


def _moment(value: object) -> datetime | None:
    try:
        return parse_time(value)
    except (ValueError, OverflowError):
        return None


def _talk(item: Item, nodes: Nodes) -> _Talk:
    created_at, origin = _time_of_talk(item, nodes)
    identifier = item.get("id") if is_blank(item.get("conversation_id")) else item["conversation_id"]
    metadata = without_nones({"title": item.get("title"), "gizmo_id": item.get("gizmo_id")})
    return _Talk(identifier, created_at, origin, item.get("default_model_slug"), metadata)


def _time_of_talk(item: Item, nodes: Nodes) -> tuple[object, str]:
    """Return the time for messages without one, and where it comes from. The order of choice is stable across exports."""
    if not says_none(item.get("create_time")):
        return item["create_time"], "conversation"
    written = [value for node in nodes.values() if _moment(value := _written_at(node)) is not None]
    if written:
        return min(written, key=lambda value: _moment(value) or EPOCH), "earliest_message"
    return item.get("update_time"), "conversation_update"


def _read_node(key: str, node: Mapping[str, Any], talk: _Talk, context: Context, tags: tuple[str, ...]) -> Iterator[Part]:
    message = node.get("message")
    if message is None:
        return
    path = f"mapping.{key}.message"
    if not isinstance(message, dict):
        yield Broken(fault(path, "dict_type", "a message is an object"), node)
        return
    for name in _OBJECTS:
        if not isinstance(message.get(name), dict | None):
            yield Broken(fault(f"{path}.{name}", "dict_type", f"the {name} of a message is an object"), message)
            return
    identified = {**message, "id": key if is_blank(message.get("id")) else message["id"]}
    yield from _read_message(identified, talk, context, tags)


def _read_message(message: dict[str, Any], talk: _Talk, context: Context, tags: tuple[str, ...]) -> Iterator[Part]:
    if instructions := _instructions(message):
        for name, text in instructions.items():
            yield _instruction(name, text, message, talk, tags)
        return
    text, assets = _text_and_assets(message.get("content") or {})
    is_saved = message.get("recipient") == "bio"
    kinds = () if is_saved else _kinds(message)
    left_out = next((kind for kind in kinds if kind not in context.include), None)
    if left_out or is_empty(text):
        yield LeftOut(left_out or "empty")
    elif is_saved:
        yield _draft(message, talk, content=text, kind="fact", subject="user", tags=("saved-memory", *tags))
    else:
        role = (message.get("author") or {}).get("role")
        yield _draft(message, talk, content=text, kind="message", subject=role, tags=tags, assets=assets or None)


def _instructions(message: dict[str, Any]) -> dict[str, Any]:
    content = message.get("content") or {}
    given = (message.get("metadata") or {}).get("user_context_message_data")
    if not isinstance(given, dict):
        given = content if content.get("content_type") == "user_editable_context" else {}
    return {name: given[name] for name in _SPEAKS_OF if not is_empty(given.get(name))}


def _kinds(message: dict[str, Any]) -> Iterator[str]:
    """Yield each reason to leave the message out: it is read only if all of them are included."""
    role = (message.get("author") or {}).get("role")
    if (message.get("metadata") or {}).get("is_visually_hidden_from_conversation"):
        yield "hidden"
    if role == "system":
        yield "system"
    if role == "tool" or message.get("recipient") not in (None, "all"):
        yield "tool"
    if (message.get("content") or {}).get("content_type") in _THINKING:
        yield "thinking"


def _text_and_assets(content: dict[str, Any]) -> tuple[str, list[Any]]:
    texts: list[str] = []
    assets: list[Any] = []
    for piece in _pieces(content):
        text = _text_of(piece)
        if text is not None:
            texts.append(text)
        elif piece is not None:
            assets.append(piece)
    return "\n".join(texts), assets


def _pieces(content: dict[str, Any]) -> Iterator[object]:
    for name in _TEXT_FIELDS:
        value = content.get(name)
        yield from value if isinstance(value, list) else (value,)


def _text_of(piece: object) -> str | None:
    if isinstance(piece, dict):
        return next((text for name in ("text", "content") if isinstance(text := piece.get(name), str)), None)
    return piece if isinstance(piece, str) else None


def _instruction(name: str, text: object, message: dict[str, Any], talk: _Talk, tags: tuple[str, ...]) -> Draft:
    fields = {"content": text, "kind": "fact", "subject": _SPEAKS_OF[name], "tags": ("custom-instructions", *tags)}
    draft = _draft({**message, "id": None}, talk, **fields, instruction=name)
    return draft._replace(is_identity=False, raw=message)


def _draft(message: dict[str, Any], talk: _Talk, **fields: object) -> Draft:
    """Return a draft of the fields; those that a memory does not have go to its metadata."""
    notes: dict[str, Any] = {name: fields.pop(name) for name in ("assets", "instruction") if name in fields}
    is_dated = not says_none(message.get("create_time"))
    created_at = message["create_time"] if is_dated else talk.created_at
    notes["created_at_from"] = None if is_dated or created_at is None else talk.created_at_from
    shared = {
        "id": message.get("id"),
        "conversation": talk.id,
        "created_at": created_at,
        "updated_at": message.get("update_time"),
        "metadata": {**talk.metadata, **_described(message, talk), **without_nones(notes)},
    }
    return Draft(with_raw_times(without_nones({**shared, **fields})), is_identity=True, raw=message)


def _described(message: dict[str, Any], talk: _Talk) -> dict[str, Any]:
    """Return the metadata of a message: its model, author, type and language."""
    author, content, metadata = ((message.get(name) or {}) for name in _OBJECTS)
    content_type = content.get("content_type")
    model = metadata.get("model_slug")
    return without_nones(
        {
            "model": talk.model if model is None and author.get("role") == "assistant" else model,
            "author_name": author.get("name"),
            "content_type": None if content_type == "text" else content_type,
            "language": content.get("language"),
        }
    )


FORMAT = Format(
    name="chatgpt",
    about="ChatGPT data export: conversations.json",
    matches=_matches,
    read=_read,
    options=("side_branches", "hidden", "system", "tool", "thinking"),
)
