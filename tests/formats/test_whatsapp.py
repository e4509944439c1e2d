"""A chat of WhatsApp is read message by message, its dates as they are meant."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import memproc
from memproc.formats import whatsapp
from tests.formats.reading import drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "whatsapp.txt"


CHAT = (
    (28, 1, "Ann", "Lunch?"),
    (28, 2, "Bob", "Yes"),
    (28, 2, "Bob", "Where?"),
    (29, 3, "Ann", "ok"),
    (29, 3, "Ann", "ok"),
    (29, 3, "Bob", "ok"),
    (29, 4, "Ann", "ok"),
    (30, 1, "Ann", "Lunch?"),
)


def item(said: str = "hi", **fields: Any) -> dict[str, Any]:
    """Make the item of a message."""
    return {"whatsapp": "1/2/25, 9:15 PM", "sender": "Ann", "said": said, "chat": "c", "again": 1, "day_first": True, **fields}


def test_a_chat_is_read(tmp_path: Path) -> None:
    """Lines that follow belong to the message; what is said twice is two messages; read again it is the same."""
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURE, store)
        assert (report.format, report.stored, report.left_out) == ("whatsapp", 5, {"attachments": 1, "notices": 1})
        said = sorted((memory.created_at, memory.subject, memory.content) for memory in store)
        assert [(subject, content) for _, subject, content in said] == [
            ("Ann", "The choir meets in the old mill now"),
            ("Bob", "Good!\nWhich evening?"),
            ("Ann", "Fridays"),
            ("Ann", "ok"),
            ("Ann", "ok"),
        ]
        assert said[0][0].isoformat() == "2024-12-28T21:15:03+00:00"
        assert len({memory.conversation for memory in store}) == 1
        assert memproc.ingest(FIXTURE, store).stored == 0


def test_a_longer_export_of_a_chat_adds_what_is_new(tmp_path: Path) -> None:
    """The chat is the same chat."""
    longer = tmp_path / "longer.txt"
    longer.write_text(FIXTURE.read_text() + "[29/12/2024, 09:00:00] Bob: See you there\n")
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest(FIXTURE, store)
        assert memproc.ingest(longer, store).stored == 1


def test_an_export_that_begins_later_in_the_chat_adds_what_is_new(tmp_path: Path) -> None:
    """WhatsApp cuts long chats. What was said twice in a minute is there twice, and no more."""
    lines = [f"{day:02}/12/2024, 09:0{minute} - {who}: {said}\n" for day, minute, who, said in CHAT]
    (tmp_path / "whole.txt").write_text("".join(lines))
    (tmp_path / "later.txt").write_text("".join([*lines[3:], "31/12/2024, 10:00 - Bob: See you there\n"]))
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "whole.txt", store).stored == 8
        report = memproc.ingest(tmp_path / "later.txt", store)
        assert (report.stored, report.duplicate) == (1, 5)
        assert {memory.conversation for memory in store} == {"Ann & Bob"}


def test_a_group_has_no_name_in_its_file(tmp_path: Path) -> None:
    """Who speaks in its beginning changes from export to export."""
    (tmp_path / "group.txt").write_text("".join(f"31/12/2024, 09:00 - {who}: hi\n" for who in ("Ann", "Bob", "Cara")))
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "group.txt", store).stored == 3
        assert {memory.conversation for memory in store} == {"whatsapp"}


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        (("31/12/2024", "01/01/2025"), "2024-12-31"),
        (("12/31/24", "1/1/25"), "2024-12-31"),
        (("2024-12-31", "2025-01-01"), "2024-12-31"),
        (("31.12.24", "01.01.25"), "2024-12-31"),
        (("01/02/2025", "02/02/2025", "01/03/2025"), "2025-02-01"),
        (("2/1/25", "2/2/25", "3/1/25"), "2025-02-01"),
    ],
)
def test_the_order_of_day_and_month_is_told_from_the_dates(tmp_path: Path, dates: tuple[str, ...], day: str) -> None:
    """By a number above 12, or by the order in which they stand."""
    (tmp_path / "chat.txt").write_text("".join(f"{date}, 21:15 - Ann: hi {number}\n" for number, date in enumerate(dates)))
    with memproc.open(tmp_path / "m.db") as store:
        memproc.ingest(tmp_path / "chat.txt", store)
        assert min(str(memory.created_at) for memory in store).startswith(day)


def test_dates_that_tell_nothing_are_refused_with_advice(tmp_path: Path) -> None:
    """The order can be named, and the messages are the same as if it had been told."""
    chat = tmp_path / "chat.txt"
    chat.write_text("1/2/25, 9:15\u202fPM - Ann: hi\n1/3/25, 9:16\u202fAM - Bob: hello\n")
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.SourceError, match="--format whatsapp-day-first or --format whatsapp-month-first"):
            memproc.ingest(chat, store)
        (tmp_path / "other.jsonl").write_text('{"content": "Prefers tea"}')
        [told] = [note for note in memproc.ingest([tmp_path], tmp_path / "other.db").notes if "chat.txt" in note]
        assert told.endswith("--format whatsapp-month-first, for this file alone")
        memproc.ingest(chat, store, format="whatsapp-month-first")
        assert sorted(str(memory.created_at)[:16] for memory in store) == ["2025-01-02 21:15", "2025-01-03 09:16"]
        chat.write_text(chat.read_text() + "1/14/25, 9:16\u202fAM - Bob: again\n")
        assert memproc.ingest(chat, store).stored == 1


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        (item("\u200e<attached: photo.jpg>"), "attachments"),
        (item("IMG-1.jpg (file attached)"), "attachments"),
        (item("<Medien ausgeschlossen>"), "attachments"),
        (item("\u200eThis message was deleted."), "notices"),
        (item(sender=None), "notices"),
        (item(" "), "empty"),
    ],
)
def test_what_is_no_message_is_counted(message: dict[str, Any], kind: str) -> None:
    """Nothing vanishes."""
    assert left_out(whatsapp.FORMAT, message) == {kind: 1}


def test_a_caption_is_read_with_the_name_of_its_file() -> None:
    """As for other chats."""
    (caption,) = drafts(whatsapp.FORMAT, item("IMG-1.jpg (file attached)\nOur new kitchen"))
    assert caption.is_identity
    assert caption.fields == {
        "id": "fa81c88ff719636a-2",
        "conversation": "c",
        "source": "whatsapp",
        "content": "Our new kitchen",
        "kind": "message",
        "subject": "Ann",
        "created_at": "2025-02-01T21:15:00",
        "metadata": {"created_at_raw": "1/2/25, 9:15 PM", "attachments": ["IMG-1.jpg"]},
    }


def test_what_cannot_be_read_is_broken() -> None:
    """A date that is none is not made up."""
    assert faults(whatsapp.FORMAT, {}) == [("said", "missing")]
    assert faults(whatsapp.FORMAT, item(whatsapp="40/40/2025, 9:15")) == [("whatsapp", "date_unparsable")]
    assert faults(whatsapp.FORMAT, item(day_first=None)) == [("whatsapp", "date_unparsable")]
    assert len(drafts(whatsapp.MONTH_FIRST, item(day_first=None))) == len(drafts(whatsapp.DAY_FIRST, item(day_first=None))) == 1
