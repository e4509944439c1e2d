"""Messengers, where people talk with each other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from memproc.testing.exports.drawn import SOME, Built, Group, Groups, Piece, Said, System, message, pieces_of

_EMPTY = "empty_conversations"
_SERVICE = {"service": "service", "media": "media"}


def _telegram_message(piece: Piece) -> dict[str, Any]:
    number = piece.number + 1
    date = {"date": f"{piece.at:%Y-%m-%dT%H:%M:%S}"} | ({} if piece.sort == "old" else {"date_unixtime": f"{piece.epoch}"})
    sender = {"from": None if piece.sort == "deleted account" else piece.name, "from_id": f"user{piece.is_user:d}"}
    if piece.sort == "service":
        return {"id": number, "type": "service", **date, "actor": piece.name, "action": "pin_message", "text": ""}
    first, _, rest = piece.text.partition(" ")
    pieces = [{"type": "bold", "text": first}, f" {rest}"] if rest else [{"type": "bold", "text": first}]
    text = {"media": "", "pieces": pieces}.get(piece.sort, piece.text)
    photo = {"photo": "photos/photo_1.jpg", "width": 1, "height": 1} if piece.sort == "media" else {}
    return {"id": number, "type": "message", **date, **sender, **photo, "text": text, "text_entities": []}


def _telegram_chat(group: Group) -> dict[str, Any]:
    messages = [_telegram_message(piece) for piece in group.pieces]
    return {"name": "Talk", "type": "personal_chat", "id": 11 + group.number, "messages": messages}


def _telegram_account(found: Groups) -> Built:
    chats = [_telegram_chat(group) for group in found]
    return {"about": "An export", "personal_information": {"user_id": 7, "first_name": "Ann"}, "chats": {"list": chats}}


def _to_telegram(piece: Piece, **others: Any) -> Said:
    subject = f"user{piece.is_user:d}" if piece.sort == "deleted account" else piece.name
    return message(piece, **{"subject": subject, "id": f"{piece.number + 1}", "conversation": f"{11 + piece.group}", **others})


def _whatsapp_line(piece: Piece) -> str:
    text = {"notice": "", "file": "<attached: 1-PHOTO.jpg>", "caption": f"<attached: 1-PHOTO.jpg>\n{piece.text}"}
    head = f"[{piece.at:%d/%m/%Y, %H:%M:%S}]"
    if piece.sort == "notice":
        return f"{head} Messages are end-to-end encrypted.\n"
    return f"{head} {piece.name}: {text.get(piece.sort, piece.text)}\n"


def _whatsapp_in(order: str) -> Any:
    """Return how a chat is built whose dates do not tell which number is the month, as Android writes them."""

    def line(piece: Piece) -> str:
        return f"{_early(piece).strftime(order)}, {piece.at:%H:%M} - {piece.name}: {piece.text}\n"

    return lambda found: "".join(map(line, pieces_of(found)))


def _early(piece: Piece) -> Any:
    return piece.at.replace(day=4)


def _slack_message(piece: Piece) -> dict[str, Any]:
    subtypes = {"service": "channel_join", "bot": "bot_message", "thread": "thread_broadcast"}
    more: dict[str, Any] = {
        "media": {"files": [{"name": "leaf.png"}]},
        "thread": {"thread_ts": "1700000000.000100"},
        "profile": {"user_profile": {"real_name": "Zoë Ash"}},
    }
    author = {"bot_id": "B1", "username": "robot"} if piece.sort == "bot" else {"user": f"U0{piece.is_user:d}"}
    subtype = {"subtype": subtypes[piece.sort]} if piece.sort in subtypes else {}
    text = "" if piece.sort == "media" else piece.text
    return {"type": "message", **subtype, **author, "text": text, "ts": f"{piece.epoch}.000100", **more.get(piece.sort, {})}


def _slack(found: Groups) -> Built:
    days = {
        f"{group.head.talk}/{group.head.begun:%Y-%m-%d}.json": [_slack_message(piece) for piece in group.pieces] for group in found
    }
    channel = {"id": "C1", "name": "talk-0", "created": 1742500000, "creator": "U01", "is_archived": False, "members": ["U01"]}
    user = {"id": "U01", "team_id": "T1", "name": "ann", "deleted": False, "profile": {"real_name": "Ann Ash"}}
    return {"channels.json": [channel], "users.json": [user], **days}


def _to_slack(piece: Piece) -> Said:
    subject = "robot" if piece.sort == "bot" else f"U0{piece.is_user:d}"
    at = piece.at + timedelta(microseconds=100)
    return message(piece, subject=subject, id=f"{piece.epoch}.000100", created_at=at)


def _discord_message(piece: Piece) -> dict[str, Any]:
    kinds = {"service": "ChannelPinnedMessage", "reply": "Reply"}
    nickname = {"nickname": piece.name} if piece.sort != "no nickname" else {}
    author = {"id": f"{piece.is_user:d}", "name": f"{piece.name}1", **nickname, "isBot": piece.sort == "bot"}
    said = {"timestamp": piece.iso, "timestampEdited": None, "content": "" if piece.sort == "media" else piece.text}
    files = [{"id": "1", "fileName": "leaf.png"}] if piece.sort == "media" else []
    answers = {"reference": {"messageId": "1"}} if piece.sort == "reply" else {}
    return {"id": piece.id, "type": kinds.get(piece.sort, "Default"), **said, "author": author, "attachments": files, **answers}


def _discord(found: Groups) -> Built:
    channels = {"guild": {"id": "1", "name": "Choir"}, "dateRange": {"after": None, "before": None}}
    return {
        f"Choir - {group.head.talk}.json": {
            **channels,
            "channel": {"id": group.head.talk, "type": "GuildTextChat", "name": "talk"},
            "messages": [_discord_message(piece) for piece in group.pieces],
            "messageCount": len(group.pieces),
        }
        for group in found
    }


def _to_discord(piece: Piece) -> Said:
    return message(piece, subject=f"{piece.name}1" if piece.sort == "no nickname" else piece.name)


def _as_latin(text: str) -> str:
    """Return a text as Instagram writes it: its UTF-8 taken for Latin-1."""
    return text.encode().decode("latin-1")


def _instagram_message(piece: Piece) -> dict[str, Any]:
    about = {"sender_name": _as_latin(piece.name), "timestamp_ms": piece.epoch * 1000}
    if piece.sort == "media":
        return {**about, "photos": [{"uri": "photos/1.jpg"}]}
    return {**about, "content": piece.text if piece.sort == "right" else _as_latin(piece.text)}


def _instagram(found: Groups) -> Built:
    return {
        f"your_instagram_activity/messages/inbox/{group.head.talk}/message_1.json": {
            "participants": [{"name": "Ann"}, {"name": _as_latin("Zoë")}],
            "messages": [_instagram_message(piece) for piece in group.pieces],
            "title": _as_latin("Zoë"),
            "thread_path": f"inbox/{group.head.talk}",
        }
        for group in found
    }


def _whatsapp_system(order: str) -> System:
    return System(
        "chat.txt",
        _whatsapp_in(order),
        lambda piece: message(piece, subject=piece.name, id=SOME, conversation=SOME, created_at=_early(piece)),
        most=1,
        is_told=False,
    )


MESSENGERS: dict[str, System] = {
    "telegram": System(
        "result.json",
        _telegram_account,
        lambda piece: _to_telegram(piece, namespace="7"),
        odd=("pieces", "deleted account", "old"),
        left=_SERVICE,
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "telegram-chat": System(
        "result.json",
        lambda found: _telegram_chat(found[0]),
        _to_telegram,
        odd=("pieces",),
        left=_SERVICE,
        most=1,
        format="telegram",
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "telegram-messages": System(
        "messages.json",
        lambda found: _telegram_chat(found[0])["messages"],
        lambda piece: _to_telegram(piece, conversation=SOME),
        odd=("pieces",),
        left=_SERVICE,
        most=1,
    ),
    "whatsapp": System(
        "_chat.txt",
        lambda found: "".join(map(_whatsapp_line, pieces_of(found))),
        lambda piece: message(piece, subject=piece.name, id=SOME, conversation=SOME),
        odd=("caption",),
        left={"notice": "notices", "file": "attachments"},
        most=1,
    ),
    "whatsapp-day-first": _whatsapp_system("%d/%m/%Y"),
    "whatsapp-month-first": _whatsapp_system("%m/%d/%Y"),
    "slack": System("slack.zip", _slack, _to_slack, odd=("bot", "thread", "profile"), left=_SERVICE, once={"companions": 2}),
    "discord": System(
        "discord.zip", _discord, _to_discord, odd=("reply", "bot", "no nickname"), left=_SERVICE, empty=_EMPTY, may_be_empty=True
    ),
    "instagram": System(
        "instagram.zip",
        _instagram,
        lambda piece: message(piece, subject=piece.name, id=None),
        odd=("right",),
        left={"media": "media"},
        empty=_EMPTY,
        may_be_empty=True,
    ),
    "instagram-messages": System(
        "message_1.json",
        lambda found: [*map(_instagram_message, pieces_of(found))],
        lambda piece: message(piece, subject=piece.name, id=None, conversation=SOME),
        left={"media": "media"},
        most=1,
    ),
}
