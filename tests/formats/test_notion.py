"""Notion's export is read as it comes: archives in an archive, each page by its name, each table once."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import memproc
from memproc.formats import notion
from memproc.sources.passing import repeated_in
from tests.formats.reading import drafts, faults, left_out

PAGE, TABLE, ROW = "a" * 32, "b" * 32, "0123456789abcdef" * 2
ROWS = "\ufeffName,Tags,Created,Done\r\n{}"
WHOLE = ROWS.format('Prune the pear,"garden, spring","March 3, 2026 10:00 AM",Yes\r\nSow beans,,"March 4, 2026 10:00 AM",No\r\n')
FILES = {
    f"Export/Garden {PAGE}.md": "# Garden\n\nA strip behind the station.\n\n- Heavy clay\n- No fires\n",
    f"Export/Garden/Tasks {TABLE}.csv": ROWS.format("Prune the pear,garden,,\r\n"),
    f"Export/Garden/Tasks {TABLE}_all.csv": WHOLE,
    f"Export/Garden/Tasks/Prune the pear {ROW}.md": (
        "# Prune the pear\n\nTags: garden, spring\nCreated: March 3, 2026 10:00 AM\nDone: Yes\n"
    ),
}


def zipped(files: dict[str, str | bytes]) -> bytes:
    """Return an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize("kind", ["archive", "folder"])
def test_an_export_is_read_as_it_comes(tmp_path: Path, kind: str) -> None:
    """In its inner archive, or unpacked: what a view of a table shows is not read twice, and a row that is a page is one memory."""
    what = tmp_path / "export.zip"
    if kind == "archive":
        what.write_bytes(zipped({"Export-1-Part-1.zip": zipped(dict(FILES)), "index.html": "<html><p>Index</p></html>"}))
    else:
        what = tmp_path / "unpacked"
        for name, text in FILES.items():
            (what / name).parent.mkdir(parents=True, exist_ok=True)
            (what / name).write_text(text, newline="")
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(what, store)
        assert (report.stored, report.duplicate, report.quarantined) == (4, 1, 0)
        assert report.left_out["tables of Notion that stand there whole"] == 1
        assert report.left_out["paragraphs"] == 1
        found = {one.content: one for one in store}
        assert sorted(found) == ["Heavy clay", "No fires", "Prune the pear", "Sow beans"]
        assert (found["Prune the pear"].tags, str(found["Prune the pear"].created_at)[:10]) == (("garden", "spring"), "2026-03-03")
        assert found["Sow beans"].metadata["Done"] == "No"
        assert found["Heavy clay"].metadata["title"] == "Garden"


def test_a_page_says_what_its_items_say() -> None:
    """Its properties are those of each; only of a page without items the title is the fact."""
    page = {"note": "# Trip\n\nStatus: Planned\nTags: sea\n\n- Take the ferry\n", "name": f"Trip {PAGE}"}
    (fact,) = drafts(notion.FORMAT, page)
    assert (fact.fields["content"], fact.fields["tags"]) == ("Take the ferry", ["sea"])
    assert fact.fields["metadata"] == {"title": "Trip", "Status": "Planned"}
    prose = {"note": "# Trip\n\nStatus: Planned\nand more of it\n", "name": f"Trip {PAGE}"}
    assert not drafts(notion.FORMAT, prose)
    assert left_out(notion.FORMAT, prose) == {"paragraphs": 1}
    assert left_out(notion.FORMAT, {"note": "# Trip\n", "name": f"Trip {PAGE}"}) == {"empty": 1}
    assert faults(notion.FORMAT, {"name": "x"}) == [("note", "missing")]
    assert faults(notion.TABLE, {"Name": " ", "Tags": "x"}) == [("Name", "missing")]


def test_pages_are_told_by_the_digits_in_their_names() -> None:
    """A table with a column of text is read as any other."""
    assert notion.FORMAT.matches({"note": "# A\n", "name": f"A {PAGE}"}, frozenset())
    assert notion.FORMAT.matches({"note": "# A\n", "name": PAGE}, frozenset())
    assert not notion.FORMAT.matches({"note": "# A\n", "name": "A 0123"}, frozenset())
    assert notion.is_table(f"A {TABLE}_all", [{"Name": "a"}], frozenset())
    assert not notion.is_table(f"A {TABLE}_all", [{"Name": "a", "Note": "b"}], frozenset())


def test_a_table_without_its_whole_is_read() -> None:
    """Only what another file holds whole is passed."""
    assert repeated_in([f"a/T {TABLE}.csv", f"a/T {TABLE}_all.csv", f"b/T {TABLE}.csv", "x.csv", "x_all.csv"]) == {
        f"a/T {TABLE}.csv"
    }
