"""Chats with assistants that keep their messages one after another, and lists of prompts with their answers."""

from __future__ import annotations

import csv
import io
from html import escape
from typing import Any

from memproc.testing.exports.drawn import SOME, Built, Groups, Piece, Said, System, iso, message, pieces_of

_EMPTY = "empty_conversations"
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


def _grok_response(piece: Piece) -> dict[str, Any]:
    millis = {"$date": {"$numberLong": f"{piece.epoch * 1000}"}}
    time = {"undated": None, "plain time": piece.iso}.get(piece.sort, millis)
    sender = "human" if piece.is_user else "ASSISTANT"
    text = "" if piece.sort == "empty" else piece.text
    return {
        "_id": piece.id,
        "conversation_id": piece.talk,
        "sender": sender,
        "message": text,
        "create_time": time,
        "model": "a-model",
    }


def _grok(found: Groups) -> Built:
    talks = []
    for group in found:
        head = group.head
        about = {"id": head.talk, "user_id": head.owner, "title": "Talk", "create_time": iso(head.begun)}
        talks.append({"conversation": about, "responses": [{"response": _grok_response(piece)} for piece in group.pieces]})
    return {"conversations": talks, "projects": [], "tasks": []}


def _to_grok(piece: Piece) -> Said:
    at = piece.begun if piece.sort == "undated" else piece.at
    return message(piece, subject="human" if piece.is_user else "assistant", namespace=piece.owner, created_at=at)


def _longmemeval(found: Groups) -> Built:
    asked = []
    for group in found:
        head = group.head
        turns = [
            {"role": "system" if piece.sort == "system" else piece.role, "content": piece.text}
            | ({"has_answer": True} if piece.sort == "answer" else {})
            for piece in group.pieces
        ]
        date = f"{head.begun:%Y/%m/%d} ({_DAYS[head.begun.weekday()]}) {head.begun:%H:%M}"
        sessions = {"haystack_session_ids": [head.talk], "haystack_dates": [date], "haystack_sessions": [turns]}
        question = {"question_id": head.owner, "question_type": "single-session-user", "question": "What?", "answer": 4}
        asked.append({**question, "question_date": "2025/06/30 (Mon) 23:40", **sessions, "answer_session_ids": [head.talk]})
    return asked


_ACTIVITY = "Used an Assistant feature"


def _address(piece: Piece) -> str:
    return f"https://gemini.google.com/app/{piece.talk}"


def _gemini_activity(piece: Piece) -> dict[str, Any]:
    word = "Eingegebener Prompt:" if piece.sort == "german" else "Prompted"
    activity = {"header": "Gemini Apps", "time": piece.iso, "products": ["Gemini Apps"], "activityControls": ["Activity"]}
    if piece.sort == "activity":
        return {**activity, "title": _ACTIVITY}
    answer = {"title": f"{word} {piece.text}", "safeHtmlItem": [{"html": _html(piece.text)}]}
    files = {"attachedFiles": ["leaf.jpg"]} if piece.sort == "file" else {}
    link = {} if piece.sort == "no link" else {"titleUrl": _address(piece)}
    return {**activity, **answer, **files, **link}


def _html(text: str) -> str:
    return f"<p>{'<br>'.join(escape(line) for line in text.splitlines())}</p>"


def _lines(text: str) -> str:
    """Return a text as it reads in HTML, where a line without words is none."""
    return "\n".join(filter(None, text.splitlines()))


def _asked(piece: Piece) -> tuple[Said, Said]:
    """Return a prompt and its answer, which here says the same."""
    talk = None if piece.sort == "no link" else piece.talk
    said = message(piece, id=None, conversation=talk, subject="user")
    return said, said._replace(content=_lines(piece.text), subject="assistant")


def _asked_in_html(piece: Piece) -> tuple[Said, Said]:
    prompt, answer = _asked(piece)
    return prompt._replace(content=_lines(piece.text)), answer


def _gemini_card(piece: Piece) -> str:
    product = "Search" if piece.sort == "search" else "Gemini Apps"
    prompt = "<br>".join(escape(line) for line in piece.text.splitlines())
    files = '<br>Attached 1 file.<br>-&nbsp; <a href="leaf-52.jpg">leaf.jpg</a>' if piece.sort == "file" else ""
    german = piece.sort == "german"
    said = f"{'Eingegebener Prompt:&nbsp;' if german else 'Prompted '}{prompt}{files}"
    said = f"Searched for {prompt}" if product == "Search" else _ACTIVITY if piece.sort == "activity" else said
    time = f"{piece.at:%d.%m.%Y, %H:%M:%S} UTC" if german else f"{piece.at:%b} {piece.at.day}, {piece.at:%Y, %I:%M:%S %p} UTC"
    answer = "" if piece.sort in ("search", "activity") else f"{_html(piece.text)}"
    cell = '<div class="content-cell mdl-cell mdl-cell--{0}">{1}</div>'.format
    told = cell("6-col mdl-typography--body-1", f"{said}<br>{time}<br>{answer}")
    link = cell("12-col mdl-typography--caption", f'<b>Details:</b><br>&emsp;<a href="{_address(piece)}">link</a><br>')
    head = f'<div class="header-cell mdl-cell mdl-cell--12-col"><p class="mdl-typography--title">{product}<br></p></div>'
    return f'<div class="outer-cell mdl-cell mdl-cell--12-col"><div class="mdl-grid">{head}{told}{link}</div></div>'


def _gemini_html(found: Groups) -> Built:
    cards = "".join(map(_gemini_card, pieces_of(found)))
    head = '<html><head><meta charset="utf-8"><title>My Activity</title><style>.mdl-grid{display:flex}</style></head>'
    return f'{head}<body><div class="mdl-grid">{cards}</div></body></html>'


def _copilot(found: Groups) -> Built:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(("Conversation", "Time", "Author", "Message"))
    for piece in pieces_of(found):
        writer.writerow((piece.talk, f"{piece.at:%Y-%m-%dT%H:%M:%S}", "Human" if piece.is_user else "AI", piece.text))
    return "\ufeff" + stream.getvalue()


def _sillytavern_line(piece: Piece) -> dict[str, Any]:
    marked = f"{piece.at.year}-{piece.at.month}-{piece.at.day}@{piece.at:%Hh%Mm%Ss}"
    spoken = f"{piece.at:%B} {piece.at.day}, {piece.at.year} {piece.at.hour % 12}:{piece.at:%M%p}".replace("PM", "pm").replace(
        "AM", "am"
    )
    more: dict[str, Any] = {
        "thinking": {"extra": {"reasoning": "So be it"}},
        "swipes": {"swipes": [piece.text, "Or so"], "swipe_id": 0},
        "system": {"is_system": True},
    }
    about = {"name": piece.name, "is_user": piece.is_user, "is_system": False, "mes": piece.text}
    return {**about, "send_date": marked if piece.sort == "marked" else spoken, **more.get(piece.sort, {})}


def _sillytavern(found: Groups) -> Built:
    head = {"user_name": "Ann", "character_name": "Zoë", "create_date": "2025-3-21@10h00m00s", "chat_metadata": {}}
    return [head, *map(_sillytavern_line, pieces_of(found))]


def _to_sillytavern(piece: Piece) -> Said:
    return message(piece, subject=piece.name, id=SOME, conversation="Ann / Zoë / 2025-3-21@10h00m00s")


ASSISTANTS: dict[str, System] = {
    "grok": System(
        "prod-grok-backend.json",
        _grok,
        _to_grok,
        odd=("undated", "plain time"),
        left={"empty": "empty"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "longmemeval": System(
        "longmemeval_s.json",
        _longmemeval,
        lambda piece: message(piece, namespace=piece.owner, id=SOME, created_at=piece.begun),
        odd=("answer",),
        left={"system": "system"},
        beside={"questions": 1},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "gemini": System(
        "MyActivity.json",
        lambda found: [*map(_gemini_activity, pieces_of(found))],
        _asked,
        odd=("german", "file", "no link"),
        left={"activity": "activities"},
    ),
    "gemini-html": System(
        "MyActivity.html",
        _gemini_html,
        _asked_in_html,
        odd=("german", "file"),
        left={"activity": "activities", "search": "other_products"},
        format="gemini",
    ),
    "copilot": System(
        "copilot-activity-history.csv",
        _copilot,
        lambda piece: message(piece, subject="Human" if piece.is_user else "AI", id=None),
    ),
    "sillytavern": System(
        "Zoë.jsonl",
        _sillytavern,
        _to_sillytavern,
        odd=("marked",),
        left={"system": "system"},
        partly={"thinking": "thinking", "swipes": "swipes"},
        beside={"head_lines": 1},
        most=1,
    ),
}
