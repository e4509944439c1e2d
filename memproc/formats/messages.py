"""Messages of chats, as all readers of chats read them: who said what, in which conversation, and when.

Facts: `content` is text, null, or a list of parts: texts, or objects with a `type` and mostly their `text`. What is not words of a
speaker is a part or a message of its own: thinking, calls of tools and their results, images. Many chats give their messages no
ids, and no times.

Rules: a message is an event; its subject is the role or the name of the speaker, as given. System, tool and thinking messages are
read on request. A message without an id of its own has its turn and a hash of its words as its id: so a chat that is read again, or
has gone on, repeats what is known; "ok" said twice is two messages; and two chats that only begin alike hide nothing of each other.
A conversation without an id has a hash of its first two messages and their times, and a number where others of the file begin
with the same. A message without a time takes that of the conversation;
`metadata.created_at_from` says so. Embeddings are dropped and counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

from memproc.formats.draft import Broken, Context, Draft, LeftOut, Part, with_raw_times, without_nones
from memproc.records.storable import LARGEST_INTEGER
from memproc.sources.tables.cells import NUMBERS, SHORTEST_EMBEDDING
from memproc.times import parse_time, says_none, to_text
from memproc.validation import fault
from memproc.values import is_blank, is_empty

OPTIONS = ("system", "tool", "thinking")
AUTHORS = ("role", "sender", "speaker", "from", "author")
TEXTS = ("content", "text", "value", "message", "parts", "body")
_NAMES_OF_TEXT = (*TEXTS, "memory", "fact", "note", "observation")
IDS = ("id", "uuid", "_id", "message_id", "messageId")
CONVERSATIONS = (
    "conversation",
    "conversation_id",
    "conversationId",
    "session_id",
    "sessionId",
    "chat_id",
    "chatId",
    "thread_id",
    "threadId",
)
TALK_IDS = (*IDS, *CONVERSATIONS)
OWNERS = ("namespace", "user_id", "userId", "account_id", "tenant")
CREATED = ("created_at", "createdAt", "timestamp", "created", "date", "time", "create_time", "created_utc", "sent_at")
UPDATED = ("updated_at", "updatedAt", "updated", "modified", "update_time", "edited_at")
_KINDS_OF_ROLES = {
    **dict.fromkeys(("system", "developer"), "system"),
    **dict.fromkeys(("tool", "function", "function_call", "function_response", "observation", "tool_call", "tool_result"), "tool"),
}
_SPEAKERS = ("user", "human", "assistant", "ai", "bot", "model", "gpt", "chatgpt", "bing", "bard", "agent", "chatbot")
ROLES = frozenset((*_SPEAKERS, *_KINDS_OF_ROLES))
_KINDS_OF_PARTS = {"think": "thinking", "reason": "thinking", "tool": "tool", "function": "tool"}
_ID_CHARS = 8
_MOST_CHARS = 200  # of a value beside the messages that goes to their metadata


class Talk(NamedTuple):
    """What the messages of one conversation share."""

    id: str | None = None
    namespace: object = None
    created_at: object = None
    metadata: Mapping[str, Any] = {}


class Message(NamedTuple):
    """A message as its system gives it. `raw` is the part of the item that it is, if it is not all of it; `notes` are for the
    metadata; `turn` counts the messages of the conversation from 0.
    """

    subject: object
    content: object
    raw: object = None
    id: object = None
    turn: int | None = None
    created_at: object = None
    updated_at: object = None
    notes: Mapping[str, Any] = {}
    path: str = ""


class Words(NamedTuple):
    """What a content holds: the words of its speaker, if there are any, and what shows its other parts, by kind."""

    text: str | None
    others: Mapping[str, list[str]] = {}


def read_message(message: Message, talk: Talk, context: Context) -> Iterator[Part]:
    """Yield what becomes of one message: its words, and its other parts as messages of their own where `include` names them."""
    words, kind = words_of(message.content), kind_of(message.subject)
    if words is None:
        path = f"{message.path}.content".removeprefix(".")
        yield Broken(fault(path, "string_type", "the content of a message is text, null, or a list of parts"), message.raw)
        return
    if kind is not None and kind not in context.include:
        yield LeftOut(kind)
        return
    if not is_empty(words.text):
        yield from _draft(message, str(words.text), talk)
    elif not words.others:
        yield LeftOut("empty")
    for other, shown in words.others.items():
        text = "\n".join(filter(None, shown))
        if other not in context.include:
            yield LeftOut(other, len(shown))
        elif is_empty(text):
            yield LeftOut("empty", len(shown))
        else:
            yield from _draft(message, text, talk, other)


def _draft(message: Message, text: str, talk: Talk, tag: str | None = None) -> Iterator[Part]:
    notes, embeddings = without_embeddings({**talk.metadata, **message.notes})
    if embeddings:
        yield LeftOut("embeddings", embeddings)
    is_dated = not says_none(message.created_at)
    origin = {} if is_dated or talk.created_at is None else {"created_at_from": "conversation"}
    identifier = name_of(message.id)
    if identifier is None and message.turn is not None:
        identifier = turn_id(message.turn, message.subject, text)
    fields = {
        "content": text,
        "kind": "message",
        "id": f"{identifier}#{tag}" if identifier and tag else identifier,
        "namespace": talk.namespace,
        "subject": None if is_blank(message.subject) else message.subject,
        "conversation": talk.id,
        "created_at": message.created_at if is_dated else talk.created_at,
        "updated_at": message.updated_at,
        "tags": (tag,) if tag else None,
        "metadata": {**notes, **origin},
    }
    yield Draft(with_raw_times(without_nones(fields)), is_identity=None not in (identifier, talk.id), raw=message.raw)


def words_of(content: object) -> Words | None:
    r"""Return what a content holds, None if it is no content.

    >>> words_of(["see", {"type": "text", "text": "this"}, {"type": "image_url"}])
    Words(text='see\nthis', others={'other_parts': ['']})
    """
    if content is None or isinstance(content, str):
        return Words(content)
    if not isinstance(content, list) or not all(isinstance(part, str | dict | None) for part in content):
        return None
    texts, others = list[str](), dict[str, list[str]]()
    for part in content:
        if isinstance(part, dict) and (kind := _kind_of_part(part)) is not None:
            others.setdefault(kind, []).append(_shown(part))
        else:
            texts += [text for text in ([part.get("text")] if isinstance(part, dict) else [part]) if isinstance(text, str)]
    return Words("\n".join(filter(None, texts)) or None, others)


def _kind_of_part(part: Mapping[str, Any]) -> str | None:
    """Return the kind of a part, None if it is words."""
    told = part.get("type")
    name = told.lower() if isinstance(told, str) else ""
    kind = next((kind for mark, kind in _KINDS_OF_PARTS.items() if mark in name), None)
    return kind or (None if "text" in part else "other_parts")


def _shown(part: Mapping[str, Any]) -> str:
    """Return the texts of a thinking or tool part: the thoughts, the name of the tool, its input and its output."""
    function, given = part.get("function"), part.get("input")
    call = {**part, **function} if isinstance(function, dict) else part
    pieces = [call.get(name) for name in ("thinking", "text", "name", "arguments", "content", "output")]
    pieces += given.values() if isinstance(given, dict) else [given]
    return "\n".join(piece for piece in pieces if isinstance(piece, str) and piece)


def kind_of(role: object) -> str | None:
    """Return the kind that `include` must name for what this role says to be read; None if it is read anyway."""
    return _KINDS_OF_ROLES.get(role.lower()) if isinstance(role, str) else None


def conversation_of(messages: Iterable[tuple[object, object, object]], label: object = None) -> str:
    """Return an id for a conversation that has none, from the roles, contents and times of its first two messages with words, and a
    label that others of its file do not have.
    """
    told: list[object] = [label] if isinstance(label, str) else []
    said = 0
    for role, content, time in messages:
        words = words_of(content)
        if kind_of(role) is None and words is not None and not is_empty(words.text):
            told += [role, words.text, *_moment(time)]
            said += 1
        if said > 1:
            break
    return f"chat-{hash_of(told, 2 * _ID_CHARS)}"


def numbered(identifier: str, before: int) -> str:
    """Return an id that was made for something, given for how many before it in the file the same was made."""
    return f"{identifier}-{before + 1}" if before else identifier


def turn_id(turn: int, subject: object, text: str) -> str:
    """Return an id for a message that has none."""
    return f"{turn}-{hash_of([subject, text])}"


def hash_of(said: Iterable[object], chars: int = _ID_CHARS) -> str:
    """Return a hash of some texts; anything else counts as empty."""
    told = "\0".join(part if isinstance(part, str) else "" for part in said)
    return blake2b(told.encode("utf-8", "surrogatepass"), digest_size=chars // 2).hexdigest()


def _moment(time: object) -> list[str]:
    """Return a time as text, the same however it is written; nothing if it is none."""
    try:
        moment = None if time is None else parse_time(time)
    except ValueError:
        return []
    return [] if moment is None else [to_text(moment)]


def first_of(given: Mapping[str, Any], names: Iterable[str]) -> Any:
    """Return the first value that is not blank under one of some names, or None."""
    return next((given[name] for name in names if not is_blank(given.get(name))), None)


def name_of(value: object) -> str | None:
    """Return an id as text: numbers are ids too, and anything else is none."""
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_INTEGER:
        return str(value)
    return value if isinstance(value, str) and not is_blank(value) else None


def named(given: Mapping[str, Any], names: Iterable[str]) -> str | None:
    """Return the first id under one of some names, as text, or None."""
    return next((found for name in names if (found := name_of(given.get(name))) is not None), None)


def rest_of(given: Mapping[str, Any], known: Iterable[str]) -> dict[str, Any]:
    """Return the fields of an object that have a value and are not among the known ones."""
    used = frozenset(known)
    return {name: value for name, value in given.items() if name not in used and value not in (None, "", [], {})}


def has_text(given: Mapping[str, Any]) -> bool:
    """Return whether an object has text under a usual name."""
    return any(isinstance(given.get(name), str) for name in _NAMES_OF_TEXT)


def is_short(value: object) -> bool:
    """Return whether a value is a number or a text that is short enough to be kept with each message."""
    return isinstance(value, bool | int | float) or (isinstance(value, str) and len(value) <= _MOST_CHARS)


def without_embeddings(notes: Mapping[str, Any]) -> tuple[dict[str, Any], int]:
    """Return fields without those that are long lists of numbers, and how many these are."""
    kept = {name: value for name, value in notes.items() if not is_embedding(value)}
    return kept, len(notes) - len(kept)


def is_embedding(value: object) -> bool:
    """Return whether a value is a long list of numbers, or the length of one that was not made."""
    if isinstance(value, dict):
        return [*value] == [NUMBERS]
    return isinstance(value, list) and len(value) >= SHORTEST_EMBEDDING and all(isinstance(one, int | float) for one in value)


def branch_to(leaf: object, parents: Mapping[str, object]) -> list[str]:
    """Return the keys of a tree from its root to a leaf, given the parent of each; a cycle ends where it closes."""
    branch: dict[str, None] = {}
    key = leaf
    while isinstance(key, str) and key in parents and key not in branch:
        branch[key] = None
        key = parents[key]
    return [*branch][::-1]
