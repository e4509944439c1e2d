"""ChatGPT's conversations: `conversations.json`, or its shards: an array of conversations, each a tree of messages.

Facts: a conversation holds `mapping`, from node ids to nodes with `message`, `parent` and `children`. `content.parts` holds text,
null, and objects: images, or speech with its `text`. A message to the recipient "bio" writes a saved memory. Files that were given
along are in `metadata.attachments`. DeepSeek's export has a `mapping` too, but its messages have neither author nor content.

Rules: a message is an event under its own id; a saved memory is a fact about the user under the id of the message, or without one
where a list tells it (`told`); a custom instruction is a fact without an id, because it is repeated in each conversation. A message
without a time takes that of the conversation, or else of the earliest message, or else of the conversation's update;
`metadata.created_at_from` says which. Objects among the parts without text are kept as `metadata.assets`, names of files as
`metadata.attachments`. Side branches and hidden, system, tool and thinking messages are read on request, messages without text
never; all that is not read is counted. Text under an unknown name is a fault. A root node without a message is structure and is not
counted.

Left out: the namespace (the export does not name its account), and fields about the display: status, weight, end of turn.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from memproc.formats.chatgpt.branches import Nodes, active_branch, time_of_talk
from memproc.formats.chatgpt.content import names_of_files, text_and_assets, unknown_texts
from memproc.formats.chatgpt.told import SPEAKS_OF, instructions_of, saved_memories
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times, without_nones
from memproc.times import says_none
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_OBJECTS = ("author", "content", "metadata")
_THINKING = ("thoughts", "reasoning_recap")


class _Talk(NamedTuple):
    """What the messages of one conversation share."""

    id: object
    created_at: object
    created_at_from: str
    model: object
    metadata: dict[str, Any]


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    mapping = item.get("mapping")
    if not isinstance(mapping, dict):
        return False
    messages = [node["message"] for node in mapping.values() if isinstance(node, dict) and node.get("message") is not None]
    return any(map(_is_message, messages)) if messages else "create_time" in item or "current_node" in item


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and any(isinstance(value.get(name), dict) for name in ("author", "content"))


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
    yield from _read_branches(nodes, active_branch(nodes, item.get("current_node")), _talk(item, nodes), context)


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


def _talk(item: Item, nodes: Nodes) -> _Talk:
    created_at, origin = time_of_talk(item, nodes)
    identifier = item.get("id") if is_blank(item.get("conversation_id")) else item["conversation_id"]
    metadata = without_nones({"title": item.get("title"), "gizmo_id": item.get("gizmo_id")})
    return _Talk(identifier, created_at, origin, item.get("default_model_slug"), metadata)


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
    yield from _read_message(path, identified, talk, context, tags)


def _read_message(path: str, message: dict[str, Any], talk: _Talk, context: Context, tags: tuple[str, ...]) -> Iterator[Part]:
    if told := [*_told(message, talk, tags)]:
        yield from told
        return
    content = message.get("content") or {}
    text, assets = text_and_assets(content)
    is_saved = message.get("recipient") == "bio"
    kinds = () if is_saved else _kinds(message)
    left_out = next((kind for kind in kinds if kind not in context.include), None)
    if not left_out and is_empty(text) and (unknown := unknown_texts(content)):
        yield Broken(fault(f"{path}.content", "missing", "has its text under names that are not known: ", unknown), message)
    elif left_out or is_empty(text):
        yield LeftOut(left_out or "empty")
    elif is_saved:
        yield _draft(message, talk, content=text, kind="fact", subject="user", tags=("saved-memory", *tags))
    else:
        role = (message.get("author") or {}).get("role")
        yield _draft(message, talk, content=text, kind="message", subject=role, tags=tags, assets=assets or None)


def _told(message: dict[str, Any], talk: _Talk, tags: tuple[str, ...]) -> Iterator[Draft]:
    """Yield what a hidden message tells of the user."""
    for name, text in instructions_of(message).items():
        yield _instruction(name, text, message, talk, tags)
    for text, created_at in saved_memories(message):
        fields = {"content": text, "kind": "fact", "subject": "user", "tags": ("saved-memory",), "created_at": created_at}
        yield Draft(with_raw_times(without_nones(fields)), raw=text)


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


def _instruction(name: str, text: object, message: dict[str, Any], talk: _Talk, tags: tuple[str, ...]) -> Draft:
    fields = {"content": text, "kind": "fact", "subject": SPEAKS_OF[name], "tags": ("custom-instructions", *tags)}
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
            "attachments": names_of_files(metadata.get("attachments")),
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
    lists=("conversations",),
    options=("side_branches", "hidden", "system", "tool", "thinking"),
)
