"""Claude.ai's conversations: `conversations.json`, and the chats of designs.

Facts: a conversation holds `chat_messages`; a variant holds `messages` with `role` for `sender`, and in chats of designs the blocks
are inside an object `content`. The words of a message stand in `content`, a list of blocks (text, thinking, tool_use, tool_result,
...) whose text may be null; older exports fill `text` only, newer ones repeat thoughts in it and say what the app could not show.
Attachments carry the text extracted from a file. Nothing but the chat of a design links a conversation to its project.

Rules: the account is the namespace. A message is an event under its own uuid. Without a time it takes the conversation's, and
`metadata.created_at_from` says so. Fields of a message without a place of their own go to `metadata`, next to the conversation's
title. `text` counts only where no block says more. Side branches (`branches`), thinking, tool blocks, attachments and a
conversation's summary are read on request, otherwise counted. A block read on request has an id derived from its position, which is
no identity; an attachment and a summary are facts.

Left out: what a conversation says of itself beyond name, times, account and summary, and the citations of a text block.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from memproc.formats.claude.branches import side_branches
from memproc.formats.claude.designs import author_of, project_of, unfolded
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.times import says_none
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_MESSAGE_FIELDS = frozenset(("uuid", "sender", "role", "text", "content", "created_at", "updated_at", "attachments"))


class _Talk(NamedTuple):
    """What the messages of one conversation have in common."""

    id: object
    namespace: object
    created_at: object
    metadata: dict[str, Any]


class _Message(NamedTuple):
    """A message, its path in the item, the conversation it is from, and the tags of all that it says."""

    path: str
    given: dict[str, Any]
    talk: _Talk
    tags: tuple[str, ...] = ()

    def fields(self, notes: dict[str, Any], **fields: object) -> dict[str, Any]:
        """Return the fields of a memory from this message; `notes` go to its metadata."""
        is_dated = not says_none(self.given.get("created_at"))
        origin = {} if is_dated or self.talk.created_at is None else {"created_at_from": "conversation"}
        shared = {
            "namespace": self.talk.namespace,
            "conversation": self.talk.id,
            "created_at": self.given["created_at"] if is_dated else self.talk.created_at,
            "updated_at": self.given.get("updated_at"),
            "metadata": {**self.talk.metadata, **notes, **origin},
        }
        tags = (*fields.pop("tags", ()), *self.tags)  # type: ignore[misc]
        return with_raw_times(without_nones({**shared, **fields, "tags": tags or None}))

    @property
    def sender(self) -> object:
        """Who wrote it."""
        return self.given.get("role") if is_blank(self.given.get("sender")) else self.given["sender"]

    @property
    def part_of_it(self) -> list[dict[str, Any]] | None:
        """The relation that links parts of this message to it."""
        target = self.given.get("uuid")
        return None if target is None else [{"type": "part_of", "target": target, "target_kind": "memory"}]


def _matches_conversation(item: Item, _fields: frozenset[str]) -> bool:
    if isinstance(item.get("chat_messages"), list):
        return True
    messages = item.get("messages")
    return isinstance(messages, list) and any(map(_is_message, messages))


def _is_message(value: object) -> bool:
    """Return whether a value is a message of the variant. Zep's messages have `role_type`, OpenAI's have no `uuid`."""
    return isinstance(value, dict) and "uuid" in value and ("sender" in value or "role" in value) and "role_type" not in value


def _read_conversation(item: Item, context: Context) -> Iterator[Part]:
    name = "messages" if item.get("chat_messages") is None else "chat_messages"
    messages = item.get(name)
    if not isinstance(messages, list):
        code = "missing" if messages is None else "tuple_type"
        yield Broken(fault("chat_messages", code, "a Claude conversation has its messages in the list chat_messages"))
        return
    if not messages:
        yield LeftOut("empty_conversations")
    talk = _talk(item, messages)
    yield from _read_summary(item, talk, context)
    side = side_branches(messages, item.get("current_leaf_message_uuid"))
    reads_side = "side_branches" in context.include
    for number, message in enumerate(messages):
        path = f"{name}.{number}"
        if not isinstance(message, dict):
            yield Broken(fault(path, "dict_type", "a message is an object"), message)
        elif number not in side:
            yield from _read_message(_Message(path, unfolded(message), talk), context)
        elif reads_side:
            yield from _read_message(_Message(path, unfolded(message), talk, ("side-branch",)), context)
    if side and not reads_side:
        yield LeftOut("side_branches", len(side))


def _talk(item: Item, messages: list[Any]) -> _Talk:
    account = item.get("account")
    owner = account.get("uuid") if isinstance(account, dict) else account
    if is_blank(owner):
        owner = next((author for message in messages if (author := author_of(message)) is not None), None)
    metadata = without_nones({"title": item.get("name") or item.get("title") or None, **project_of(item.get("project"))})
    return _Talk(item.get("uuid"), owner, item.get("created_at"), metadata)


def _read_summary(item: Item, talk: _Talk, context: Context) -> Iterator[Part]:
    summary = item.get("summary")
    if is_empty(summary):
        return
    if "summaries" not in context.include:
        yield LeftOut("summaries")
        return
    times = {"created_at": talk.created_at, "updated_at": item.get("updated_at")}
    whose = {"namespace": talk.namespace, "conversation": talk.id}
    fields = {**whose, "content": summary, "kind": "fact", "tags": ("summary",), "metadata": talk.metadata}
    yield Draft(with_raw_times(without_nones({**fields, **times})), raw=summary)


def _read_message(message: _Message, context: Context) -> Iterator[Part]:
    for name in ("content", "attachments"):
        if not isinstance(message.given.get(name), list | str | None):
            yield Broken(fault(f"{message.path}.{name}", "tuple_type", f"the {name} of a message are a list"), message.given)
            return
    yield _read_words(message)
    for number, block in enumerate(listed(message.given.get("content"))):
        yield from _read_block(number, block, message, context)
    for number, attachment in enumerate(listed(message.given.get("attachments"))):
        yield from _read_attachment(number, attachment, message, context)


def _read_words(message: _Message) -> Draft | LeftOut:
    """Return what the sender wrote: the text of the blocks, or the plain text if there are none of another kind."""
    given = message.given
    blocks = listed(given.get("content"))
    joined = "\n".join(text for block in blocks if (text := _maybe_words(block)) is not None)
    says_all = any(isinstance(block, dict) and block.get("type") != "text" for block in blocks)
    content = joined if says_all or not is_empty(joined) else given.get("text")
    if is_empty(content):
        return LeftOut("empty")
    notes = {name: value for name, value in given.items() if name not in _MESSAGE_FIELDS and value not in (None, "", [], {})}
    files = [_without_text(file) for file in listed(given.get("attachments")) if isinstance(file, dict)]
    said = {"id": given.get("uuid"), "kind": "message", "subject": message.sender, "content": content}
    fields = message.fields({**notes, **({"attachments": files} if files else {})}, **said)
    return Draft(fields, is_identity="id" in fields, raw=given)


def _without_text(file: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in file.items() if name != "extracted_content" and value is not None}


def _maybe_words(block: object) -> str | None:
    """Return the text of a block as words of the sender; None for the kinds that are read on request."""
    if isinstance(block, dict):
        text = block.get("text")
        return text if isinstance(text, str) and _maybe_request(block) is None else None
    return block if isinstance(block, str) else None


def _maybe_request(block: dict[str, Any]) -> str | None:
    """Return the kind that `include` must name for the block to be read; None if it is read anyway."""
    kind = block.get("type")
    return next((name for name in ("thinking", "tool") if isinstance(kind, str) and name in kind), None)


def _read_block(number: int, block: object, message: _Message, context: Context) -> Iterator[Part]:
    """Yield what becomes of a block that is not words of the sender."""
    if block is None or _maybe_words(block) is not None:
        return
    if not isinstance(block, dict) or not isinstance(block.get("text"), str | None):
        yield Broken(
            fault(f"{message.path}.content.{number}", "dict_type", "a block is an object, its text is text or null"), block
        )
        return
    kind = _maybe_request(block)
    if kind in context.include:
        yield _read_request(kind, number, block, message)
    elif kind or block.get("type") != "text":
        yield LeftOut(kind or "other_blocks")


def _read_request(kind: str, number: int, block: dict[str, Any], message: _Message) -> Draft | LeftOut:
    content = _shown(block)
    if is_empty(content):
        return LeftOut("empty")
    uuid = message.given.get("uuid")
    identifier = f"{uuid}#{number}" if isinstance(uuid, str) else None
    said = {"id": identifier, "kind": "message", "subject": message.sender, "content": content, "tags": (kind,)}
    notes = without_nones({"block": block.get("type"), "input": block.get("input")})
    return Draft(message.fields(notes, **said, relations=message.part_of_it), raw=block)


def _shown(block: dict[str, Any]) -> str:
    """Return the texts of a thinking or tool block: the thoughts, or their summaries if they are hidden, the name of the tool, its
    input and its output.
    """
    given, given_back = block.get("input"), listed(block.get("content"))
    pieces = [block.get(name) for name in ("thinking", "text", "name", "message")]
    if is_empty(block.get("thinking")):
        pieces += [one.get("summary") for one in listed(block.get("summaries")) if isinstance(one, dict)]
    pieces += given.values() if isinstance(given, dict) else [given]
    pieces += [piece.get("text") if isinstance(piece, dict) else piece for piece in given_back]
    return "\n".join(piece for piece in pieces if isinstance(piece, str) and piece)


def _read_attachment(number: int, attachment: object, message: _Message, context: Context) -> Iterator[Part]:
    if not isinstance(attachment, dict):
        yield Broken(fault(f"{message.path}.attachments.{number}", "dict_type", "an attachment is an object"), attachment)
        return
    text = attachment.get("extracted_content")
    if is_empty(text):
        return  # its name is in the metadata of the message
    if "attachments" not in context.include:
        yield LeftOut("attachments")
        return
    said = {"kind": "fact", "content": text, "tags": ("attachment",), "relations": message.part_of_it}
    yield Draft(message.fields(_without_text(attachment), **said), raw=attachment)


CONVERSATIONS = Format(
    name="claude",
    about="Claude.ai data export: conversations.json",
    matches=_matches_conversation,
    read=_read_conversation,
    lists=("conversations",),
    options=("side_branches", "thinking", "tool", "attachments", "summaries"),
)
