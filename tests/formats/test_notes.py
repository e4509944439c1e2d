"""A note with a head is read item by item; its head, its relations and its tasks are no facts of their own."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

import memproc
from memproc.formats import mem0_plugin
from memproc.formats.notes import FORMAT
from tests.formats.reading import drafts, faults, left_out

FIXTURES = Path(__file__).parents[2] / "fixtures"
NOTE = {"note": (FIXTURES / "note.md").read_text(), "name": "note"}


def note(text: str) -> dict[str, Any]:
    """Make the item of a note."""
    return {"note": text, "name": "tea"}


def fields(text: str, *include: str) -> list[dict[str, Any]]:
    """Give the fields of the facts of a note."""
    return [draft.fields for draft in drafts(FORMAT, note(text), *include)]


def test_each_item_is_a_fact_with_its_category_and_tags() -> None:
    """Tasks are no categories; a heading is a tag too, but not those of basic-memory's own sections."""
    assert [(draft.fields["content"], draft.fields["tags"]) for draft in drafts(FORMAT, NOTE)] == [
        ("Heavy clay, good for beans", ["soil", "beans", "garden", "food"]),
        ("No fires, says Maria", ["rule", "garden", "food"]),
        ("Water comes from the canal (not in winter)", ["garden", "food"]),
        ("Order seeds", ["task", "spring", "garden", "food"]),
        ("Mend the gate", ["task-done", "garden", "food"]),
    ]


def test_the_head_says_when_and_of_what() -> None:
    """Its dates are those of the facts, the rest is metadata."""
    first, second = (draft.fields for draft in drafts(FORMAT, NOTE)[:2])
    assert (first["created_at"], first["updated_at"]) == ("2025-01-15T10:00:00", "2025-02-01")
    metadata = {
        "title": "The allotment",
        "type": "note",
        "permalink": "garden/the-allotment",
        "relations": ["part_of [[Garden club#2025]] (since March)", "[[Compost]]"],
        "section": "The allotment > Observations",
        "created_at_raw": "2025-01-15T10:00:00",
        "updated_at_raw": "2025-02-01",
    }
    assert first["metadata"] == {**metadata, "context": "from the neighbour"}
    assert second["metadata"] == metadata
    assert not drafts(FORMAT, NOTE)[0].is_identity


def test_relations_are_those_of_the_facts_of_the_note() -> None:
    """Without the heading or the alias of a link; a link in a text is one more."""
    of_note = [("part_of", "Garden club"), ("relates_to", "Compost")]
    first, second = ([(one["type"], one["target"]) for one in draft.fields["relations"]] for draft in drafts(FORMAT, NOTE)[:2])
    assert first == of_note
    assert second == [*of_note, ("links_to", "Maria Santos")]


def test_a_relation_that_no_fact_carries_is_one() -> None:
    """With the words that it has; of a link alone there are none. A paragraph that is read carries it."""
    links = ["Lives in [[Ghent|the old town]] (since May)", "[[Rui]] (her brother)", "[[Bo]]"]
    text = "\n- ".join(["---\ntags: [town]\n---\nOn people.\n## Ann", *links])
    found = [(one["content"], one["tags"], one["relations"][0]["type"], one["relations"][0]["target"]) for one in fields(text)]
    assert found == [
        ("Lives in the old town (since May)", ["ann", "town"], "Lives in", "Ghent"),
        ("Rui (her brother)", ["ann", "town"], "relates_to", "Rui"),
    ]
    assert left_out(FORMAT, note(text)) == {"paragraphs": 1, "relations": 1}
    (fact,) = fields(text, "paragraphs")
    assert (fact["content"], len(fact["relations"])) == ("On people.", 3)


def test_what_is_no_fact_is_counted() -> None:
    """Paragraphs are read on request."""
    assert left_out(FORMAT, NOTE) == {"paragraphs": 1}
    assert drafts(FORMAT, NOTE, "paragraphs")[0].fields["content"] == "A strip behind the station."
    assert left_out(FORMAT, note("---\na: b\n---\n- [[Ann]]\n")) == {"relations": 1}
    assert left_out(FORMAT, note("---\na: b\n---\n# One\n# Two\n")) == {"headings": 2}
    assert left_out(FORMAT, note("---\na: b\n---\n")) == {"empty": 1}
    assert faults(FORMAT, {"name": "tea"}) == [("note", "missing")]


@pytest.mark.parametrize(
    ("item", "content", "tags"),
    [
        ("- [see](https://example.org) for more", "[see](https://example.org) for more", None),
        ("- #todo", "#todo", ["todo"]),
        ("- Issue #12 is closed", "Issue #12 is closed", None),
        ("- a #b c", "a #b c", ["b"]),
        ("- The best smell is #bread.", "The best smell is #bread.", ["bread"]),
        ("- [a] Is it #b? (c)", "Is it #b?", ["a", "b"]),
        ("- It was #12.", "It was #12.", None),
        ("- [Fun fact] Bees dance", "Bees dance", ["fun-fact"]),
        ("- Grew up with [[Tea#Green|green tea]]\n  - daily", "Grew up with green tea\n- daily", None),
    ],
)
def test_items_as_people_write_them(item: str, content: str, tags: list[str] | None) -> None:
    """What only looks like a category or a tag is text."""
    (fact,) = fields(f"---\na: b\n---\n{item}\n")
    assert (fact["content"], fact.get("tags")) == (content, tags)


@pytest.mark.parametrize(
    ("head", "tags"),
    [
        ("tags: tea, home", ["tea", "home"]),
        ('tags: ["#tea", home]', ["tea", "home"]),
        ("tags:\n  - tea\n  - home", ["tea", "home"]),
        ("tags:\n- tea\n- home", ["tea", "home"]),
        ("description: a: b\ntags: [tea, home]", ["tea", "home"]),
        ("more: &a [x]\ntags: [tea, home]", ["tea", "home"]),
        ("more:\n  of: it\ntags: [tea, home]", ["tea", "home"]),
        ("more:\n  of: a: b\ntags: [tea, home]", ["tea", "home"]),
    ],
)
def test_tags_in_the_head(head: str, tags: list[str]) -> None:
    """In the forms of programs and people, valid YAML or not."""
    pytest.importorskip("yaml")
    assert fields(f"---\n{head}\n---\n- Drinks it\n")[0]["tags"] == tags


def test_values_of_a_head_are_text() -> None:
    """No is no False, 012 is no 10."""
    pytest.importorskip("yaml")
    (fact,) = fields("---\nmore:\n  answer: no\n  code: 012\n---\n- Drinks it\n")
    assert fact["metadata"]["more"] == {"answer": "no", "code": "012"}


def test_a_head_that_needs_a_package_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Most heads do not."""
    monkeypatch.setitem(sys.modules, "yaml", None)
    assert faults(FORMAT, note("---\nmore:\n  of: it\n---\n- tea\n")) == [("note", "extra_missing")]
    assert len(fields("---\ntitle: it\n---\n- tea\n")) == 1


def test_notes_are_told_by_their_head(tmp_path: Path) -> None:
    """A byte order mark before it is no part of it."""
    (tmp_path / "bom.md").write_bytes(b"\xef\xbb\xbf" + NOTE["note"].replace("\n", "\r\n").encode())
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(FIXTURES / "note.md", store).format == "markdown"
        assert memproc.ingest(tmp_path / "bom.md", store).stored == 0


def test_the_export_of_mem0s_plugin_is_read(tmp_path: Path) -> None:
    """A ruler in a memory does not cut it; each is known by its id."""
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(FIXTURES / "mem0-plugin.md", store)
        assert (report.format, report.stored) == ("mem0-plugin", 2)
        first, second = sorted(store, key=lambda memory: str(memory.created_at))
    assert first.content == "Run the tests of a module before its commit.\n\n---\n\nThat is a rule of the house."
    assert first.tags == ("coding_conventions", "task_learnings")
    assert first.metadata["confidence"] == "0.9"
    assert second.content == "Prefers short functions."
    assert second.tags == ("preference",)


def test_a_memory_of_the_plugin_without_text_is_counted() -> None:
    """One without a head is broken."""
    assert left_out(mem0_plugin.FORMAT, {"part": "---\nid: a\ncreated_at: 2024-01-01\n---\n"}) == {"empty": 1}
    assert faults(mem0_plugin.FORMAT, {"part": "text"}) == [("part", "missing")]
