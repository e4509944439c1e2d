"""Claude.ai's data export: `conversations.json`, and the memories Claude keeps (`memories.json`, `memories/<account>.json`).

Facts: Anthropic publishes no schema. A conversation holds `chat_messages`; a variant `messages` with `role` for `sender`. A
message's words stand in `content`, a list of blocks (text, thinking, tool_use, tool_result, ...) whose text may be null; older
exports fill `text` only. Attachments carry the text extracted from a file. Nothing links a conversation to its project.
Memories are free markdown: `conversations_memory` of the account, `project_memories` by project, and `memory_files`.

Rules: a message is an event under its own uuid; without a time it takes the conversation's, and `metadata.created_at_from`
says so. Fields of a message without a place of their own go to `metadata`, beside the conversation's title and the account
(the caller says whose memories these are). Thinking, tool blocks, attachments and a conversation's summary are read on
request and counted else. A block read on request has an id derived from its place, which is no identity; an attachment and a
summary are facts. Memories are cut at headings (a line all in bold is one), list items with what is nested in them, and
paragraphs: each is a fact without id, tagged with its heading. Headings without a text below them are counted.

Left out: what a conversation says of itself beyond name, times, account and summary; the
citations of a text block; fenced code is not told from text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple

from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, listed, with_raw_times, without_nones
from memproc.times import says_none
from memproc.validation import fault
from memproc.values import is_blank, is_empty

_MEMORIES = ("conversations_memory", "project_memories", "memory_files")
_MESSAGE_FIELDS = frozenset(("uuid", "sender", "role", "text", "content", "created_at", "updated_at", "attachments"))
_SLUG_LIMIT_CHARS = 100
_DEEPEST_HEADING = 6
_BOLD_LEVEL = 7
_LONGEST_NUMBER = 4  # "100." opens a list item; "2024." ends a sentence
_BULLETS = frozenset("-*+•")


class _Talk(NamedTuple):
    """What the messages of one conversation share."""

    id: object
    created_at: object
    metadata: dict[str, Any]


class _Message(NamedTuple):
    """A message, where it stands, and the conversation it is from."""

    path: str
    given: dict[str, Any]
    talk: _Talk

    def fields(self, notes: dict[str, Any], **fields: object) -> dict[str, Any]:
        """Return the fields of a memory from this message; `notes` are for its metadata."""
        is_dated = not says_none(self.given.get("created_at"))
        origin = {} if is_dated or self.talk.created_at is None else {"created_at_from": "conversation"}
        shared = {
            "conversation": self.talk.id,
            "created_at": self.given["created_at"] if is_dated else self.talk.created_at,
            "updated_at": self.given.get("updated_at"),
            "metadata": {**self.talk.metadata, **notes, **origin},
        }
        return with_raw_times(without_nones({**shared, **fields}))

    @property
    def sender(self) -> object:
        """Who wrote it."""
        return self.given.get("role") if is_blank(self.given.get("sender")) else self.given["sender"]

    @property
    def part_of_it(self) -> list[dict[str, Any]] | None:
        """The relation of its parts to it."""
        target = self.given.get("uuid")
        return None if target is None else [{"type": "part_of", "target": target, "target_kind": "memory"}]


class _Cut(NamedTuple):
    """A piece of markdown: a heading of a level from 1, or a text (level 0)."""

    level: int
    text: str


def _matches_conversation(item: Item, _fields: frozenset[str]) -> bool:
    if isinstance(item.get("chat_messages"), list):
        return True
    messages = item.get("messages")
    return isinstance(messages, list) and any(map(_is_message, messages))


def _is_message(value: object) -> bool:
    """Tell a message of the variant from Zep's, which have `role_type`, and from OpenAI's, which have no `uuid`."""
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
    talk = _talk(item)
    yield from _read_summary(item, talk, context)
    for number, message in enumerate(messages):
        path = f"{name}.{number}"
        if isinstance(message, dict):
            yield from _read_message(_Message(path, message, talk), context)
        else:
            yield Broken(fault(path, "dict_type", "a message is an object"), message)


def _talk(item: Item) -> _Talk:
    account = item.get("account")
    owner = account.get("uuid") if isinstance(account, dict) else account
    metadata = without_nones({"title": item.get("name") or None, "account": owner})
    return _Talk(item.get("uuid"), item.get("created_at"), metadata)


def _read_summary(item: Item, talk: _Talk, context: Context) -> Iterator[Part]:
    summary = item.get("summary")
    if is_empty(summary):
        return
    if "summaries" not in context.include:
        yield LeftOut("summaries")
        return
    times = {"created_at": talk.created_at, "updated_at": item.get("updated_at")}
    fields = {"content": summary, "kind": "fact", "conversation": talk.id, "tags": ("summary",), "metadata": talk.metadata}
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
    """Return what the sender wrote: the text of the blocks, else the plain text."""
    given = message.given
    joined = "\n".join(text for block in listed(given.get("content")) if (text := _maybe_words(block)) is not None)
    content = given.get("text") if is_empty(joined) else joined
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
    """Return the text of a block that is read as what the sender wrote: of all kinds but those read on request."""
    if isinstance(block, dict):
        text = block.get("text")
        return text if isinstance(text, str) and _maybe_request(block) is None else None
    return block if isinstance(block, str) else None


def _maybe_request(block: dict[str, Any]) -> str | None:
    """Return the kind to include for the block to be read, None for one that is read anyway."""
    kind = block.get("type")
    return next((name for name in ("thinking", "tool") if isinstance(kind, str) and name in kind), None)


def _read_block(number: int, block: object, message: _Message, context: Context) -> Iterator[Part]:
    """Yield what becomes of a block apart from its words."""
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
    """Return the texts of a thinking or tool block: what was thought, the tool's name, what it was given and gave."""
    given, given_back = block.get("input"), listed(block.get("content"))
    pieces = [block.get(name) for name in ("thinking", "text", "name", "message")]
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


def _matches_memories(item: Item, _fields: frozenset[str]) -> bool:
    return any(name in item for name in _MEMORIES)


def _read_memories(item: Item, _context: Context) -> Iterator[Part]:
    account = without_nones({"account": item.get("account_uuid")})
    documents = list(_documents(item))
    for path, text, origin in documents:
        if isinstance(text, str):
            yield from _read_markdown(text, {**account, **origin})
        elif text is None:
            yield LeftOut("empty")
        else:
            yield Broken(fault(path, "string_type", "memories are markdown text"), text)
    if not documents:
        yield LeftOut("empty")


def _documents(item: Item) -> Iterator[tuple[str, object, dict[str, Any]]]:
    """Yield the path, the text and the origin of each document of memories."""
    if "conversations_memory" in item:
        yield "conversations_memory", item["conversations_memory"], {}
    for name, origin in (("project_memories", "project"), ("memory_files", "file")):
        given = item.get(name)
        keyed = given.items() if isinstance(given, dict) else enumerate(listed(given))
        for key, document in keyed:
            notes = {origin: key} if isinstance(key, str) else {}
            if isinstance(document, dict) and "content" in document:
                rest = {field: value for field, value in document.items() if field != "content"}
                yield f"{name}.{key}", document["content"], {**rest, **notes}
            else:
                yield f"{name}.{key}", document, notes


def _read_markdown(markdown: str, origin: Mapping[str, Any]) -> Iterator[Part]:
    cuts = list(_cut(markdown))
    sections: list[_Cut] = []
    for cut, following in pairwise([*cuts, _Cut(1, "")]):
        if not cut.level:
            yield _memory(cut.text, sections, origin)
            continue
        sections = [*(section for section in sections if section.level < cut.level), cut]
        if 0 < following.level <= cut.level:
            yield LeftOut("headings")
    if not cuts:
        yield LeftOut("empty")


def _memory(text: str, sections: list[_Cut], origin: Mapping[str, Any]) -> Draft:
    tag = _slug(sections[-1].text) if sections else ""
    section = {"section": " > ".join(heading.text for heading in sections)} if sections else {}
    return Draft({"content": text, "kind": "fact", "tags": (tag,) if tag else (), "metadata": {**origin, **section}}, raw=text)


def _slug(heading: str) -> str:
    """Return a heading as a tag.

    >>> _slug("Work & projects:")
    'work-projects'
    """
    words = "".join(character if character.isalnum() else " " for character in heading.lower()).split()
    return "-".join(words)[:_SLUG_LIMIT_CHARS]


def _cut(markdown: str) -> Iterator[_Cut]:
    r"""Yield the headings, list items and paragraphs of a markdown text in its order.

    >>> [cut.text for cut in _cut("# Home\n- a cat\n  - called Tom\n- a dog\n\nLives in\nBerlin.")]
    ['Home', 'a cat\n- called Tom', 'a dog', 'Lives in\nBerlin.']
    """
    lines: list[str] = []
    item_indent: int | None = None
    for line in [*markdown.splitlines(), ""]:
        text, indent = line.strip(), len(line) - len(line.lstrip())
        is_nested = bool(lines and text) and item_indent is not None and indent > item_indent
        heading, item = _maybe_heading(text), _maybe_item(text)
        if is_nested or (text and heading is None and item is None and not _is_ruler(text)):
            item_indent = item_indent if lines else None
            lines.append(text)
            continue
        if lines:
            yield _Cut(0, "\n".join(lines))
        lines, item_indent = ([], None) if item is None else ([item], indent)
        if heading is not None:
            yield heading


def _maybe_heading(text: str) -> _Cut | None:
    words = text.lstrip("#")
    level = len(text) - len(words)
    if 1 <= level <= _DEEPEST_HEADING and words[:1].isspace() and words.strip("# \t"):
        return _Cut(level, words.strip().rstrip("#").strip())
    bold = text.removesuffix(":")
    inner = bold[2:-2].strip()
    is_bold = bold.startswith("**") and bold.endswith("**") and inner.strip("*: ") and "**" not in inner
    return _Cut(_BOLD_LEVEL, inner.removesuffix(":")) if is_bold else None


def _maybe_item(text: str) -> str | None:
    head, _, rest = text.partition(" ")
    is_numbered = len(head) <= _LONGEST_NUMBER and head[:-1].isdigit() and head[-1] in ".)"
    return rest.strip() if rest.strip() and (head in _BULLETS or is_numbered) else None


def _is_ruler(text: str) -> bool:
    """Tell a line between parts: three or more of one of - * _."""
    return len(text) >= 3 and text[0] in "-*_" and not text.strip(f"{text[0]} ")  # noqa: PLR2004 - as CommonMark has it


CONVERSATIONS = Format(
    name="claude",
    about="Claude.ai data export: conversations.json",
    matches=_matches_conversation,
    read=_read_conversation,
    options=("thinking", "tool", "attachments", "summaries"),
)

MEMORIES = Format(
    name="claude-memories",
    about="Claude.ai data export: memories.json, cut at headings, items and paragraphs",
    matches=_matches_memories,
    read=_read_memories,
)
