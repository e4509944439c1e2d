"""A block of Letta's MemFS is read as facts of its label."""

from __future__ import annotations

from pathlib import Path

import pytest

import memproc
from memproc.formats import letta_memfs
from tests.formats.reading import drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "letta-memfs.md"


def test_a_block_is_read_piece_by_piece(tmp_path: Path) -> None:
    """Its label is the name of the file; the persona is left out, whatever folder it is in."""
    (tmp_path / "memory" / "system").mkdir(parents=True)
    (tmp_path / "memory" / "system" / "human.md").write_text(FIXTURE.read_text())
    (tmp_path / "memory" / "system" / "persona.md").write_text("---\ndescription: Who I am\n---\nI am kind.\n")
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "memory", store)
        assert (report.format, report.stored, report.left_out) == ("letta-memfs", 3, {"persona": 1})
        assert sorted((one.subject, one.content, one.tags) for one in store) == [
            ("human", "Drinks his coffee black", ("food",)),
            ("human", "Eats no fish", ("food",)),
            ("human", "Works at the harbour as a pilot.", ()),
        ]
        assert memproc.ingest(tmp_path / "memory", store, include=["persona"]).stored == 1


@pytest.mark.parametrize(
    ("head", "is_block"),
    [
        ("description: a", True),
        ("description: a\nlimit: 5000\nread_only: true", True),
        ("name: a\ndescription: a", False),
        ("limit: 5", False),
    ],
)
def test_a_block_is_told_by_its_head(head: str, *, is_block: bool) -> None:
    """A note of others has more in its head, or no description."""
    assert letta_memfs.FORMAT.matches({"note": f"---\n{head}\n---\ntea", "name": "x"}, frozenset()) is is_block


def test_what_says_nothing_is_counted() -> None:
    """Headings with nothing below, and a block without text."""
    block = {"note": "---\ndescription: a\n---\n# One\n# Two\ntea\n", "name": "x"}
    assert left_out(letta_memfs.FORMAT, block) == {"headings": 1}
    assert [one.fields["metadata"] for one in drafts(letta_memfs.FORMAT, block)] == [
        {"label": "x", "description": "a", "section": "Two"}
    ]
    assert left_out(letta_memfs.FORMAT, {"note": "---\ndescription: a\n---\n", "name": "x"}) == {"empty": 1}
    assert faults(letta_memfs.FORMAT, {"name": "x"}) == [("note", "missing")]
