"""The table of Copilot's activity is read as the chats that it holds."""

from __future__ import annotations

from pathlib import Path

import memproc
from memproc.formats import copilot
from tests.formats.reading import faults

FIXTURE = Path(__file__).parents[2] / "fixtures" / "copilot.csv"


def test_rows_are_messages_of_their_conversations(tmp_path: Path) -> None:
    """A later table has others before them, and adds only these."""
    head, *rows = FIXTURE.read_bytes().split(b"\r\n")
    later = tmp_path / "later.csv"
    later.write_bytes(b"\r\n".join([head, b'"Bread, again",2026-02-04T08:00:00,Human,And rye?', *rows]))
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURE, store)
        assert (report.format, report.stored) == ("copilot", 2)
        assert sorted((one.kind, one.conversation, one.subject, one.content) for one in store) == [
            ("message", "Bread, again", "AI", "About a day.\nKeep it cool."),
            ("message", "Bread, again", "Human", "How long does sourdough rise?"),
        ]
        assert memproc.ingest(later, store).stored == 1


def test_a_table_is_told_by_all_its_columns() -> None:
    """One more makes it another."""
    row = {"Conversation": "a", "Time": "2026-01-01", "Author": "AI", "Message": "b"}
    assert copilot.FORMAT.matches(row, frozenset())
    assert not copilot.FORMAT.matches({**row, "Tags": "c"}, frozenset())
    assert faults(copilot.FORMAT, {"Author": "AI"}) == [("Message", "missing")]
