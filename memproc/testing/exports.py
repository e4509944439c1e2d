"""Strategies for the files of other systems, with what is in them: small ones, in the shapes that their exporters write.

Strategy: of each system two things are known: how a file of it is built from what was said or is remembered, and as what kind of
memory that is read. Texts are drawn that no reader takes for anything but words.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from hypothesis import strategies as st

from memproc.errors import UsageError
from memproc.testing.drawing import SEEDS

_START = datetime(2025, 3, 21, 10, tzinfo=UTC)  # a day that no reader takes for a month
_WORDS = ("amber", "brook", "cedar", "delta", "ember", "fjord", "grove", "heath", "inlet", "jetty", "knoll", "ledge")


class Export(NamedTuple):
    """A file of another system: the name of the format that reads it, a name for the file, its bytes, and of each memory that is in
    it, in order, the `content` and the `kind`.
    """

    format: str
    file: str
    data: bytes
    memories: tuple[tuple[str, str], ...]


Texts = Sequence[str]
Built = Any  # JSON values, or text


def exports(format: str | None = None) -> st.SearchStrategy[Export]:
    """Draw a file of a system, of any of those known here by default. Raises UsageError on a name that is none of `BUILT`.

    Write `data` into a file named `file`; reading it gives `memories`.
    """
    if format is None:
        return st.sampled_from(sorted(BUILT)).flatmap(_of_format)
    if format not in BUILT:
        raise UsageError(f"format={format!r}: there are files of {', '.join(BUILT)}")
    return _of_format(format)


def _of_format(format: str) -> st.SearchStrategy[Export]:
    words = st.lists(st.sampled_from(_WORDS), min_size=3, max_size=6).map(" ".join)
    texts = st.lists(st.sampled_from(SEEDS) | words, min_size=1, max_size=5)
    return texts.map(lambda drawn: _export(format, drawn))


def _export(format: str, texts: Texts) -> Export:
    file, kind, build = BUILT[format]
    built = build(texts)
    if isinstance(built, str):
        data = built
    elif file.endswith(".jsonl"):
        data = "".join(f"{json.dumps(line)}\n" for line in built)
    else:
        data = json.dumps(built, indent=1)
    return Export(format, file, data.encode(), tuple((text, kind) for text in texts))


def _at(number: int) -> datetime:
    return _START + timedelta(minutes=number)


def _iso(number: int) -> str:
    return _at(number).isoformat().replace("+00:00", "Z")


def _is_user(number: int) -> bool:
    return number % 2 == 0


def _role(number: int) -> str:
    return "user" if _is_user(number) else "assistant"


def _tree(texts: Texts, message: Callable[[int, str], dict[str, Any]]) -> dict[str, Any]:
    """Return a mapping of nodes as ChatGPT and DeepSeek have it, in one line of messages below a root without one."""
    names = ["root", *(str(number) for number in range(1, len(texts) + 1))]
    nodes: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": names[1:2]}}
    for number, text in enumerate(texts):
        above, name, *below = names[number : number + 3]
        nodes[name] = {"id": name, "message": message(number, text), "parent": above, "children": below}
    return nodes


def _chatgpt(texts: Texts) -> Built:
    def message(number: int, text: str) -> dict[str, Any]:
        author: dict[str, Any] = {"role": _role(number), "name": None, "metadata": {}}
        said = {"content": {"content_type": "text", "parts": [text]}, "create_time": _at(number).timestamp()}
        return {"id": f"m{number}", "author": author, **said, "status": "finished_successfully", "recipient": "all", "metadata": {}}

    times = {"create_time": _at(0).timestamp(), "update_time": _at(9).timestamp()}
    about = {"id": "talk", "conversation_id": "talk", "title": "Talk", **times}
    return [{**about, "mapping": _tree(texts, message), "current_node": f"{len(texts)}"}]


def _deepseek(texts: Texts) -> Built:
    def message(number: int, text: str) -> dict[str, Any]:
        fragment = {"type": "REQUEST" if _is_user(number) else "RESPONSE", "content": text}
        return {"files": [], "model": "deepseek-chat", "inserted_at": _iso(number), "fragments": [fragment]}

    return [{"id": "talk", "title": "Talk", "inserted_at": _iso(0), "updated_at": _iso(9), "mapping": _tree(texts, message)}]


def _claude(texts: Texts) -> Built:
    def message(number: int, text: str) -> dict[str, Any]:
        said = {"text": text, "content": [{"type": "text", "text": text, "citations": []}], "attachments": [], "files": []}
        times = {"created_at": _iso(number), "updated_at": _iso(number)}
        return {"uuid": f"m{number}", "sender": "human" if _is_user(number) else "assistant", **said, **times}

    about = {"uuid": "talk", "name": "Talk", "summary": "", "created_at": _iso(0), "updated_at": _iso(9), "account": {"uuid": "a1"}}
    return [{**about, "chat_messages": [message(number, text) for number, text in enumerate(texts)]}]


def _grok(texts: Texts) -> Built:
    def response(number: int, text: str) -> dict[str, Any]:
        sender = "human" if _is_user(number) else "ASSISTANT"
        return {"_id": f"r{number}", "conversation_id": "talk", "sender": sender, "message": text, "create_time": _iso(number)}

    about = {"id": "talk", "user_id": "ann", "title": "Talk", "create_time": _iso(0)}
    responses = [{"response": response(number, text)} for number, text in enumerate(texts)]
    return {"conversations": [{"conversation": about, "responses": responses}]}


def _openwebui(texts: Texts) -> Built:
    messages = {}
    for number, text in enumerate(texts):
        links = {"parentId": f"m{number - 1}" if number else None, "childrenIds": [f"m{number + 1}"][: len(texts) - number - 1]}
        said = {"role": _role(number), "content": text, "timestamp": int(_at(number).timestamp())}
        messages[f"m{number}"] = {"id": f"m{number}", **links, **said}
    chat = {"title": "Talk", "models": ["a-model"], "history": {"currentId": f"m{len(texts) - 1}", "messages": messages}}
    times = {"created_at": int(_at(0).timestamp()), "updated_at": int(_at(9).timestamp())}
    return [{"id": "talk", "user_id": "ann", "title": "Talk", **times, "chat": chat}]


def _longmemeval(texts: Texts) -> Built:
    turns = [{"role": _role(number), "content": text} for number, text in enumerate(texts)]
    sessions = {"haystack_session_ids": ["s1"], "haystack_dates": ["2023/06/20 (Tue) 02:21"], "haystack_sessions": [turns]}
    asked = {"question_id": "q1", "question_type": "single-session-user", "question": "What?", "answer": "That."}
    return [{**asked, "question_date": "2023/06/30 (Fri) 23:40", **sessions, "answer_session_ids": ["s1"]}]


def _claude_code(texts: Texts) -> Built:
    for number, text in enumerate(texts):
        role = _role(number)
        said = text if _is_user(number) else [{"type": "text", "text": text}]
        above = f"u{number - 1}" if number else None
        where = {"sessionId": "talk", "isSidechain": False, "cwd": "/home/ann", "timestamp": _iso(number)}
        yield {"type": role, "uuid": f"u{number}", "parentUuid": above, **where, "message": {"role": role, "content": said}}


def _codex(texts: Texts) -> Built:
    yield {"timestamp": _iso(0), "type": "session_meta", "payload": {"id": "talk", "cwd": "/home/ann", "cli_version": "0.46.0"}}
    for number, text in enumerate(texts):
        said = [{"type": "input_text" if _is_user(number) else "output_text", "text": text}]
        payload = {"type": "message", "role": _role(number), "content": said}
        yield {"timestamp": _iso(number), "type": "response_item", "payload": payload}


def _messages(texts: Texts) -> Built:
    return [{"role": _role(number), "content": text} for number, text in enumerate(texts)]


def _locomo(texts: Texts) -> Built:
    turns = [
        {"speaker": "Ines" if _is_user(number) else "Tomas", "dia_id": f"D1:{number + 1}", "text": text}
        for number, text in enumerate(texts)
    ]
    spoken = {"speaker_a": "Ines", "speaker_b": "Tomas", "session_1_date_time": "1:56 pm on 8 May, 2023", "session_1": turns}
    return [{"sample_id": "talk", "conversation": spoken, "qa": []}]


def _telegram(texts: Texts) -> Built:
    def message(number: int, text: str) -> dict[str, Any]:
        times = {"date": _iso(number)[:-1], "date_unixtime": f"{_at(number).timestamp():.0f}"}
        return {"id": number, "type": "message", **times, "from": "Ann", "from_id": "user1", "text": text, "text_entities": []}

    messages = [message(number, text) for number, text in enumerate(texts)]
    return {"name": "Tom", "type": "personal_chat", "id": 11, "messages": messages}


def _whatsapp(texts: Texts) -> Built:
    def line(number: int, text: str) -> str:
        return f"[{_at(number):%d/%m/%Y, %H:%M:%S}] {'Ann' if _is_user(number) else 'Bob'}: {text}\n"

    return "".join(line(number, text) for number, text in enumerate(texts))


def _mem0(texts: Texts) -> Built:
    about = {"user_id": "ann", "metadata": None, "updated_at": None}
    rows = [
        {"id": f"m{number}", "memory": text, "hash": f"h{number}", "created_at": _iso(number), **about}
        for number, text in enumerate(texts)
    ]
    return {"results": rows}


def _langgraph(texts: Texts) -> Built:
    about = {"namespace": ["memories", "ann"], "created_at": _iso(0), "updated_at": _iso(1)}
    return [{**about, "key": f"k{number}", "value": {"text": text}} for number, text in enumerate(texts)]


def _memories(texts: Texts) -> Built:
    return [{"content": text, "namespace": "ann", "created_at": _iso(number)} for number, text in enumerate(texts)]


def _csv(texts: Texts) -> Built:
    return "text,user_id,created_at\n" + "".join(f'"{text}",ann,{_iso(number)}\n' for number, text in enumerate(texts))


def _legacy(texts: Texts) -> Built:
    return [
        {"schema_version": 0, "id": number, "text": text, "timestamp": int(_at(number).timestamp()), "user": "ann"}
        for number, text in enumerate(texts)
    ]


BUILT: dict[str, tuple[str, str, Callable[[Texts], Built]]] = {
    "chatgpt": ("conversations.json", "message", _chatgpt),
    "claude": ("conversations.json", "message", _claude),
    "deepseek": ("conversations.json", "message", _deepseek),
    "grok": ("prod-grok-backend.json", "message", _grok),
    "openwebui": ("chat-export.json", "message", _openwebui),
    "longmemeval": ("longmemeval.json", "message", _longmemeval),
    "claude-code": ("session.jsonl", "message", _claude_code),
    "codex": ("rollout.jsonl", "message", _codex),
    "messages": ("chat.json", "message", _messages),
    "locomo": ("locomo.json", "message", _locomo),
    "telegram": ("result.json", "message", _telegram),
    "whatsapp": ("_chat.txt", "message", _whatsapp),
    "mem0": ("mem0.json", "fact", _mem0),
    "langgraph": ("items.json", "fact", _langgraph),
    "memproc-v0": ("old.jsonl", "fact", _legacy),
    "json": ("memories.json", "fact", _memories),
    "csv": ("memories.csv", "fact", _csv),
    "texts": ("texts.json", "fact", list),
}
"""By the name of a format: a name for its file, the kind of its memories, and how the file is built from their texts."""
