"""What LangMem's managers extract is read under its ids, by itself and in items of LangGraph."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

import memproc
from memproc.formats import langgraph, langmem
from tests.formats.reading import draft, drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "langmem.json"
TEXT, TRIPLE, EPISODE, PROFILE, REMOVED = orjson.loads(FIXTURE.read_bytes())


def test_a_file_is_read(tmp_path: Path) -> None:
    """Again it adds nothing; a changed memory is a version of it."""
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURE, store)
        assert (report.format, report.stored, report.left_out) == ("langmem", 4, {"removals": 1})
        assert memproc.ingest(FIXTURE, store).stored == 0


@pytest.mark.parametrize(
    ("item", "content", "metadata"),
    [
        (TEXT, "Mara prefers the early ferry", None),
        (EPISODE, "Mara asked for the tide table", {"action": "Looked it up", "score": 3}),
        (PROFILE, "home: Lagos\nboats: 2", None),
    ],
)
def test_the_content_is_of_any_schema(item, content, metadata) -> None:
    """A text under a usual name, or all that it says."""
    (fact,) = drafts(langmem.FORMAT, item)
    assert (fact.fields["content"], fact.fields.get("metadata"), fact.is_identity) == (content, metadata, True)


def test_a_triple_is_a_sentence_of_its_subject() -> None:
    """With a relation; so too in an item of LangGraph."""
    item = {"namespace": ["memories", "u1"], "key": TRIPLE["id"], "value": {"kind": "Triple", "content": TRIPLE["content"]}}
    for known, given in ((langmem.FORMAT, TRIPLE), (langgraph.FORMAT, item)):
        fields = draft(known, **given).fields
        assert (fields["content"], fields["subject"]) == ("Mara mends fishing nets (in winter)", "Mara")
        assert fields["relations"] == [{"type": "mends", "target": "fishing nets", "target_kind": "entity"}]


def test_what_cannot_be_read_is_broken() -> None:
    """A removal is counted."""
    assert left_out(langmem.FORMAT, REMOVED) == {"removals": 1}
    assert faults(langmem.FORMAT, {"id": "a", "content": {"a": []}}) == [("content", "missing")]
    assert faults(langmem.FORMAT, {"id": "a", "content": "x"}) == [("content", "missing")]
    assert not langmem.FORMAT.matches({"id": "a", "content": {"parts": []}, "author": {}}, frozenset())
