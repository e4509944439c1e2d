"""Chats as programs keep them: messages with a role or a name and their content, or pairs of what a user and a bot said.

Facts: a message is `role` and `content`, or `sender`, `speaker`, `from` with `text`, `value` or `message`. A file is one list of
messages, or an object with one, or holds many such objects, as an array, as lines (what models are trained with), or in a list of
sessions. ShareGPT has `conversations` with `from` and `value`; older logs are pairs, `user` and `bot`. `content` may be null beside
`tool_calls`. LangChain writes its messages in forms of its own (see `langchain`).

Rules: see `messages`. A list is a chat where most of what is in it are messages: by the author and the content inside, not by the
name of the list. By itself, a message must have a role that chats use, or a sender, and nothing that only a memory has: a table of
people has roles too, and so may a table of facts. What an author says is one by itself if it has a time, and its words under a name
that facts do not have; what goes `from` one `to` another if it has a time, and no `subject` as mails have. A table is a chat if all
its first rows have such a role. The subject of what a pair says is the name of its field. A time that a pair has is that of both.

Left out: lists and objects beside the messages, counted as `unknown_fields`; short values there go to the metadata of each message.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from memproc.formats import langchain, messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part
from memproc.formats.messages import Message, Talk
from memproc.validation import fault
from memproc.values import is_blank

_LISTS = (
    "messages",
    "conversation",
    "conversations",
    "chat",
    "history",
    "chat_history",
    "turns",
    "dialogue",
    "dialog",
    "transcript",
    "contents",
)
_SESSIONS = ("sessions", "chats", "threads", "conversations")
_USERS = ("user", "human", "prompt", "user_message", "user_input")
_BOTS = (
    "bot",
    "ai",
    "assistant",
    "response",
    "answer",
    "reply",
    "bot_response",
    "ai_response",
    "assistant_response",
    "assistant_message",
    "completion",
)
_TALK_FIELDS = frozenset((*messages.TALK_IDS, *messages.OWNERS, *messages.CREATED, "system", "title", "name"))
_MESSAGE_FIELDS = frozenset(
    (*messages.IDS, *messages.CONVERSATIONS, *messages.OWNERS, *messages.CREATED, *messages.UPDATED, "tool_calls", "function_call")
)
_OF_MEMORIES = frozenset(("importance", "emotion", "kind", "memory_type", "valid_from", "valid_to", "expiration_date"))
_OF_MESSAGES = ("text", "message", "body")
_BESIDE_FACTS = frozenset(("tags", "metadata", "title", "source"))
_THOUGHTS = ("reasoning_content", "reasoning", "thinking")


class _Said(NamedTuple):
    """What one element of a chat says: by whom, the content, and the names of the two fields."""

    subject: object
    content: object
    names: tuple[str, ...]


def _said(element: object) -> list[_Said]:
    """Return what an element of a chat says: one thing for a message, two for a pair, nothing if it is neither."""
    if not isinstance(element, dict):
        return []
    value = langchain.plain(element)
    author = next((name for name in messages.AUTHORS if isinstance(value.get(name), str) and not is_blank(value[name])), None)
    text = next((name for name in messages.TEXTS if isinstance(value.get(name), str | list)), None)
    text = text or next((name for name in messages.TEXTS if name in value and value[name] is None), None)
    if author is not None and (text is not None or "tool_calls" in value or "function_call" in value):
        return [_Said(value[author], _content(value, text), (author, text or ""))]
    pair = [next((name for name in names if isinstance(value.get(name), str)), None) for names in (_USERS, _BOTS)]
    return [] if None in pair or text is not None else [_Said(name, value[name], (name,)) for name in pair if name is not None]


def _content(value: Mapping[str, Any], name: str | None) -> object:
    """Return the content of a message together with its thoughts and its calls of tools, as parts."""
    content = value.get(name) if name else None
    calls = value.get("tool_calls")
    parts: list[Any] = [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []
    parts += [value["function_call"]] if isinstance(value.get("function_call"), dict) else []
    parts = [{"type": "tool_call", **part} if "type" not in part else part for part in parts]
    parts += [{"type": "thinking", "text": value[name]} for name in _THOUGHTS if isinstance(value.get(name), str) and value[name]]
    if not parts or not isinstance(content, str | list | None):
        return content
    return [*(content if isinstance(content, list) else [content]), *parts]


def _list_of(item: Item) -> str | None:
    """Return the name of the list of messages in an item, or None."""
    return next((name for name in _LISTS if _is_chat(item.get(name))), None)


def _is_chat(value: object) -> bool:
    return isinstance(value, list) and bool(value) and sum(map(bool, map(_said, value))) * 2 >= len(value)


def _sessions_of(item: Item) -> str | None:
    """Return the name of the list of sessions in an item, or None."""
    return next((name for name in _SESSIONS if isinstance(item.get(name), list) and any(map(_is_session, item[name]))), None)


def _is_session(value: object) -> bool:
    return _is_chat(value) or (isinstance(value, dict) and _list_of(value) is not None)


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    return _list_of(item) is not None or _sessions_of(item) is not None


def _matches_message(item: Item, fields: frozenset[str]) -> bool:
    if not _OF_MEMORIES.isdisjoint(item) or _list_of(item) is not None or _sessions_of(item) is not None:
        return False
    said = _said(item)
    if not said or any(part.names[0] in fields for part in said):
        return False
    author, text = (*said[0].names, "")[:2]
    if len(said) > 1 or author == "sender" or str(said[0].subject).lower() in messages.ROLES:
        return True
    is_between = author == "from" and "to" in item and "subject" not in item
    is_by = author == "author" and text in _OF_MESSAGES and not _BESIDE_FACTS.intersection(item)
    return (is_between or is_by) and messages.first_of(item, messages.CREATED) is not None


def is_turn(item: Item, fields: frozenset[str]) -> bool:
    """Return whether an item is a message of one of the roles that chats use. `fields` are those of the schema."""
    return str(item.get("role")).lower() in messages.ROLES and _matches_message(item, fields)


def _read(item: Item, context: Context) -> Iterator[Part]:
    before = iter(() if context.place is None else context.place.before)
    name, sessions = _list_of(item), _sessions_of(item)
    if name is None and sessions is None:
        empty = next((name for name in (*_LISTS, *_SESSIONS) if item.get(name) == []), None)
        told = fault("messages", "missing", "a chat has its messages in a list: objects with a role and their content, or pairs")
        yield LeftOut("empty_conversations") if empty else Broken(told)
        return
    if name is not None:
        yield from _read_talk(item, item, context, before)
    for number, session in enumerate(item[sessions] if sessions and sessions != name else ()):
        path = f"{sessions}.{number}"
        inner = _session(session)
        if isinstance(inner, dict) and _list_of(inner) is not None:
            yield from _read_talk(inner, item, context, before)
        elif isinstance(inner, dict) and any(inner.get(name) == [] for name in _LISTS):
            yield LeftOut("empty_conversations")
        else:
            yield Broken(fault(path, "dict_type", "a session is a list of messages, or an object with one"), session)


def _session(value: object) -> object:
    """Return a session that is a list of messages as an object with one."""
    return {"messages": value} if isinstance(value, list) else value


def _read_talk(talk: Item, whole: Item, context: Context, before: Iterator[int]) -> Iterator[Part]:
    """Yield what becomes of the messages of one conversation, which is an item, or is in one: `whole`. `before` tells of those
    without an id how many began with the same.
    """
    name = _list_of(talk) or ""
    given = talk[name]
    yield from _unread(talk, name)
    made = _made_id(talk, given)
    identifier = messages.named(talk, messages.TALK_IDS) if made is None else messages.numbered(made, next(before, 0))
    shared = _shared(identifier, talk, whole)
    for number, value in enumerate(given):
        yield from _read_element(value, shared, context._replace(place=None), number, f"{name}.{number}")


def _made_id(talk: Item, given: Sequence[object]) -> str | None:
    """Return the id that is made for a conversation, None if it has one of its own."""
    if messages.named(talk, messages.TALK_IDS) is not None:
        return None
    return _talk_of([value for value in given if isinstance(value, dict)], "")


def _made_ids(item: Item) -> list[str]:
    """Return the ids that are made for the conversations in an item, in the order in which they are read."""
    name, sessions = _list_of(item), _sessions_of(item)
    inner = [_session(one) for one in item[sessions]] if sessions and sessions != name else []
    named = [(item, name)] if name is not None else []
    named += [(one, found) for one in inner if isinstance(one, dict) and (found := _list_of(one)) is not None]
    return [made for talk, found in named if (made := _made_id(talk, talk[found])) is not None]


def _shared(identifier: str | None, talk: Item, whole: Item) -> Talk:
    owner = messages.first_of(talk, messages.OWNERS) or messages.first_of(whole, messages.OWNERS)
    title = messages.first_of(talk, ("title", "name"))
    short = {key: value for key, value in _beside(talk).items() if messages.is_short(value)}
    notes = {**short, **({"title": title} if isinstance(title, str) else {})}
    return Talk(identifier, messages.name_of(owner) or owner, messages.first_of(talk, messages.CREATED), notes)


def _beside(talk: Item) -> dict[str, Any]:
    return messages.rest_of(talk, (*_TALK_FIELDS, *_LISTS, *_SESSIONS))


def _unread(talk: Item, name: str) -> Iterator[Part]:
    unknown = [value for value in _beside(talk).values() if not messages.is_short(value)]
    unknown += [talk[key] for key in (*_LISTS, *_SESSIONS) if key != name and talk.get(key) and not _sessions_of({key: talk[key]})]
    if unknown:
        yield LeftOut("unknown_fields", len(unknown))
    if not is_blank(talk.get("system")):
        yield LeftOut("system_prompts")


def _read_message(item: Item, context: Context) -> Iterator[Part]:
    own = messages.named(item, messages.CONVERSATIONS)
    place = context.place
    talk = Talk(own) if place is None else _shared(own or place.conversation, place.head, {})
    owner = messages.first_of(item, messages.OWNERS)
    talk = talk if owner is None else talk._replace(namespace=messages.name_of(owner) or owner)
    yield from _read_element(item, talk, context, None if place is None else place.turn, "")


def _read_element(value: object, talk: Talk, context: Context, turn: int | None, path: str) -> Iterator[Part]:
    """Yield what becomes of an element of a chat; without a path it is an item by itself."""
    said = _said(value)
    given = langchain.plain(value) if isinstance(value, dict) else {}
    if not said:
        told = "a message has a role or a sender, and its content"
        yield Broken(fault(path, "dict_type", told), value if path else None)
        return
    used = _MESSAGE_FIELDS.union(*(part.names for part in said), _THOUGHTS)
    for number, part in enumerate(said):
        message = Message(
            part.subject,
            part.content,
            raw=value if path else None,
            id=messages.first_of(given, messages.IDS) if len(said) == 1 else None,
            turn=None if turn is None else turn * 2 + number if len(said) > 1 else turn,
            created_at=messages.first_of(given, messages.CREATED),
            updated_at=messages.first_of(given, messages.UPDATED),
            notes=messages.rest_of(given, used),
            path=path,
        )
        yield from messages.read_message(message, talk, context)


def _talk_of(items: Sequence[Item], _path: str) -> str:
    said = ((part, messages.first_of(langchain.plain(item), messages.CREATED)) for item in items for part in _said(item))
    return messages.conversation_of((part.subject, part.content, time) for part, time in said)


CHATS = Format(
    name="chat",
    about="conversations with messages: role and content, sender and text, ShareGPT, training data for chat models",
    matches=_matches,
    read=_read,
    options=messages.OPTIONS,
    made_ids=_made_ids,
)
MESSAGES = Format(
    name="messages",
    about="the messages of one conversation: role and content, sender and text, or pairs of user and bot",
    matches=_matches_message,
    read=_read_message,
    long_lists=_LISTS,
    options=messages.OPTIONS,
    talk_of=_talk_of,
)
