"""A list of texts in a file is as many facts; prose is not taken for one."""

from __future__ import annotations

from pathlib import Path

import pytest

import memproc
from memproc.formats import text
from tests.formats.reading import drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "memories.txt"


def contents(path: Path, content: str | bytes, tmp_path: Path, **how: object) -> list[str]:
    """Give the texts of the memories of a file, in order."""
    file = tmp_path / path
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(file, store, **how)  # type: ignore[arg-type]
        assert report.quarantined == 0
        assert memproc.ingest(file, store, **how).stored == 0  # type: ignore[arg-type]
        return sorted(memory.content for memory in store)


def test_each_item_of_a_list_is_a_fact(tmp_path: Path) -> None:
    """With what is nested in it, its heading as a tag, and its date."""
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(FIXTURE, store).format == "text"
        facts = {memory.content: memory for memory in store}
    assert sorted(facts) == [
        "Drinks tea without milk",
        "Eats no eggs",
        "Has a garden with two apple trees",
        "Shares the house with Nils:\n- he rows",
        "Sold the car",
    ]
    assert facts["Eats no eggs"].tags == ("food",)
    assert facts["Sold the car"].created_at is not None


@pytest.mark.parametrize("name", ["a.txt", "a.md", "A.TXT"])
@pytest.mark.parametrize(
    ("content", "texts"),
    [
        ("- tea\n- coffee", ["coffee", "tea"]),
        ("\ufeff1. tea\r\n2. coffee\r\n", ["coffee", "tea"]),
        ("[2025-01-02] - Rows\n[unknown] - Sings\nand plays\n", ["Rows", "Sings\nand plays"]),
        ("• Grüße aus Köln\n• [ ] buy milk\n", ["Grüße aus Köln", "[ ] buy milk"]),
    ],
)
def test_lists_as_people_write_them(tmp_path: Path, name: str, content: str, texts: list[str]) -> None:
    """With marks, numbers, dates, a byte order mark."""
    assert contents(Path(name), content, tmp_path) == texts


def test_prose_is_refused_with_advice_and_read_where_the_format_is_named(tmp_path: Path) -> None:
    """One fact in each paragraph, or in each line."""
    prose = "Prefers tea.\nHas a dog.\n\nLives in Faro.\n"
    (tmp_path / "a.txt").write_text(prose)
    with pytest.raises(memproc.SourceError, match="--format text for one fact in each paragraph"):
        memproc.ingest(tmp_path / "a.txt", tmp_path / "m.db")
    assert contents(Path("a.txt"), prose, tmp_path, format="text") == ["Lives in Faro.", "Prefers tea.\nHas a dog."]
    (tmp_path / "m.db").unlink()
    assert contents(Path("a.txt"), prose, tmp_path, format="text-lines") == ["Has a dog.", "Lives in Faro.", "Prefers tea."]


@pytest.mark.parametrize(
    "content", ['{"content": "tea"}\n', '[{"content": "tea"}]', 'no JSON\n{"content": "tea"}\n{"content": "tea"}']
)
def test_json_in_a_text_file_is_json(tmp_path: Path, content: str) -> None:
    """Whatever the name of the file."""
    (tmp_path / "a.txt").write_text(content)
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "a.txt", store).format == "json"


def test_what_is_no_utf8_or_too_long_is_quarantined_alone(tmp_path: Path) -> None:
    """Its neighbours are read; the bytes are kept."""
    (tmp_path / "a.txt").write_bytes(b"- tea\n- caf\xe9\n- " + b"x" * 2_000 + b"\n- " + b"short\n" * 300 + b"- milk\n")
    settings = memproc.Settings(max_record_bytes=1_000)
    with memproc.open(tmp_path / "m.db", settings=settings) as store:
        report = memproc.ingest(tmp_path / "a.txt", store)
        assert (report.stored, report.quarantined) == (2, 3)
        assert {memory.content for memory in store} == {"tea", "milk"}
        assert {one.raw[:5] for one in store.quarantine()} == {b"caf\xe9", b"xxxxx", b"short"}


def test_what_is_no_item_is_counted() -> None:
    """Paragraphs beside a list, headings with nothing below."""
    assert left_out(text.FORMAT, {"heading": "Home"}) == {"headings": 1}
    assert [fact.fields["content"] for fact in drafts(text.FORMAT, {"paragraph": "Some prose"})] == ["Some prose"]
    assert faults(text.FORMAT, {"other": 1}) == faults(text.LINES, {"other": 1}) == [("bullet", "missing")]


def test_paragraphs_beside_a_list_are_read_on_request(tmp_path: Path) -> None:
    """Otherwise they are counted."""
    (tmp_path / "a.md").write_text("- tea\n- milk\n\nSome prose\n")
    with memproc.open(tmp_path / "m.db") as store:
        assert memproc.ingest(tmp_path / "a.md", store).left_out == {"paragraphs": 1}
        assert memproc.ingest(tmp_path / "a.md", store, include=["paragraphs"]).stored == 1
