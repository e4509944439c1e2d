"""LongMemEval: questions, each with the sessions of chat that its answer is in, or not.

Facts: an element has `question_id`, `question`, `answer`, `question_date`, and in parallel lists `haystack_sessions` (lists of
messages with `role`, `content` and sometimes `has_answer`), `haystack_session_ids` and `haystack_dates`, such as "2023/05/20 (Sat)
02:21". The same filler sessions stand with many questions.

Rules: a question is a namespace, a session is a conversation, and its date that of its messages. A message is an event under its
turn (see `messages`); `has_answer` goes to the metadata. The question with its answer is read on request, as a fact.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Draft, Format, Item, LeftOut, Part, with_raw_times, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_SESSIONS, _IDS, _DATES = "haystack_sessions", "haystack_session_ids", "haystack_dates"
_ASKED = ("question_type", "answer", "question_date", "answer_session_ids")


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    sessions = item.get(_SESSIONS)
    if not isinstance(sessions, list) or "question_id" not in item:
        return False
    given = [one for session in sessions if isinstance(session, list) for one in session]
    return any(isinstance(one, dict) and "role" in one for one in given) if given else _DATES in item


def _read(item: Item, context: Context) -> Iterator[Part]:
    sessions = item.get(_SESSIONS)
    if not isinstance(sessions, list):
        code = "missing" if sessions is None else "tuple_type"
        yield Broken(fault(_SESSIONS, code, "LongMemEval has its sessions in the list haystack_sessions"))
        return
    for number, session in enumerate(sessions):
        path = f"{_SESSIONS}.{number}"
        if isinstance(session, list):
            yield from _read_session(session, _talk(item, number, session), path, context)
        else:
            yield Broken(fault(path, "tuple_type", "a session is a list of messages"), session)
    if "questions" not in context.include:
        yield LeftOut("questions")
    elif isinstance(item.get("question"), str):
        yield _question(item)
    else:
        yield Broken(fault("question", "string_type", "a question is a text"), item.get("question"))


def _talk(item: Item, number: int, session: list[Any]) -> Talk:
    own = messages.name_of(_at(item.get(_IDS), number))
    said = ((one.get("role"), one.get("content"), None) for one in session if isinstance(one, dict))
    return Talk(
        own or messages.conversation_of(said, _at(item.get(_DATES), number)), item.get("question_id"), _at(item.get(_DATES), number)
    )


def _at(values: object, number: int) -> object:
    return values[number] if isinstance(values, list) and number < len(values) else None


def _read_session(session: list[Any], talk: Talk, path: str, context: Context) -> Iterator[Part]:
    if not session:
        yield LeftOut("empty_conversations")
    for number, given in enumerate(session):
        place = f"{path}.{number}"
        if not isinstance(given, dict) or "content" not in given:
            yield Broken(fault(place, "dict_type", "a message has a role and its content"), given)
            continue
        notes = messages.rest_of(given, ("role", "content"))
        said = Message(given.get("role"), given["content"], raw=given, turn=number, notes=notes, path=place)
        yield from messages.read_message(said, talk, context)


def _question(item: Mapping[str, Any]) -> Draft:
    answer = item.get("answer")
    is_short = isinstance(answer, str | int | float) and messages.is_short(answer)
    fields = {
        "content": f"question: {item['question']}" + (f" answer: {answer}" if is_short else ""),
        "kind": "fact",
        "namespace": item.get("question_id"),
        "created_at": item.get("question_date"),
        "tags": ("question",),
        "metadata": without_nones({name: item.get(name) for name in _ASKED}),
    }
    return Draft(with_raw_times(without_nones(fields)))


FORMAT = Format(
    name="longmemeval",
    about="LongMemEval: questions with their sessions of chat",
    matches=_matches,
    read=_read,
    options=("questions", "system"),
)
