"""A concept of OKF is one fact, with who wrote it and who confirmed it; what only lists concepts is none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import memproc
from memproc.formats import okf
from memproc.formats.notes import FORMAT as NOTES
from tests.formats.reading import drafts, faults, left_out

FIXTURE = Path(__file__).parents[2] / "fixtures" / "okf.md"
pytest.importorskip("yaml")


def concept(head: str, body: str = "Water it.", name: str = "tea") -> dict[str, Any]:
    """Make the item of a concept."""
    return {"note": f"---\n{head}\n---\n{body}\n", "name": name}


def test_a_concept_is_one_fact() -> None:
    """Of its title, with its text as it is; its type is a tag, and its path no id."""
    (one,) = drafts(okf.FORMAT, {"note": FIXTURE.read_text(), "name": "okf"})
    assert not one.is_identity
    assert one.fields["content"].startswith("# Steps\n\n1. Air it before noon")
    assert (one.fields["subject"], one.fields["created_at"]) == ("Opening the greenhouse", "2026-03-02T07:30:00Z")
    assert one.fields["tags"] == ["playbook", "greenhouse", "spring"]
    assert [(link["type"], link["target"]) for link in one.fields["relations"]] == [
        ("links_to", "parts/windows"),
        ("links_to", "stove"),
    ]


def test_who_wrote_and_confirmed_it_is_kept() -> None:
    """As are names that OKF does not know; a date of staleness does not end its validity."""
    (one,) = drafts(okf.FORMAT, {"note": FIXTURE.read_text(), "name": "okf"})
    assert "valid_to" not in one.fields
    assert one.fields["metadata"] == {
        "type": "Playbook",
        "description": "What to do on the first warm day of the year.",
        "generated": {"by": "garden_agent/gemini-2.5-pro", "at": "2026-03-02T07:30:00Z"},
        "verified": [
            {"by": "human:maria", "at": "2026-03-05T09:00:00Z"},
            {"by": "process:weather-nightly", "at": "2026-03-06T02:00:00Z"},
        ],
        "sources": [{"id": "manual", "resource": "https://example.org/greenhouse"}],
        "stale_after": "2027-03-01",
        "season": "early",
    }


@pytest.mark.parametrize(
    ("head", "is_okf"),
    [
        ("type: Metric\nverified: { by: human:ann, at: 2026-01-01 }", True),
        ("type: Metric\nresource: https://example.org", True),
        ("type: Metric\ntimestamp: 2026-05-28T14:30:00Z\ndescription: a", True),
        ('okf_version: "0.2"', True),
        ("type: note\npermalink: a/b", False),
        ("type: Metric", False),
        ("verified: yes", False),
    ],
)
def test_a_concept_is_told_by_what_only_okf_has(head: str, *, is_okf: bool) -> None:
    """A type alone stands in notes of others too."""
    assert okf.FORMAT.matches(concept(head), frozenset()) is is_okf
    assert NOTES.matches(concept(head), frozenset())


def test_heads_of_any_version_are_read() -> None:
    """Before 0.2 the date was a timestamp; one confirmation may stand without a list; a concept may be its description."""
    (old,) = drafts(okf.FORMAT, concept("type: Metric\ntimestamp: 2026-05-28T14:30:00Z\ndescription: Counts cups"))
    assert old.fields["created_at"] == "2026-05-28T14:30:00Z"
    (short,) = drafts(okf.FORMAT, concept("type: Metric\ndescription: Counts cups\nverified: {by: human:ann, at: 2026-01-01}", ""))
    assert (short.fields["content"], short.fields["metadata"]["verified"]) == (
        "Counts cups",
        [{"by": "human:ann", "at": "2026-01-01"}],
    )


def test_what_no_longer_holds_is_counted() -> None:
    """And read on request; a list of concepts is none, nor is one that says nothing."""
    old = concept("type: Metric\nresource: x\nstatus: deprecated")
    assert left_out(okf.FORMAT, old) == {"deprecated": 1}
    assert len(drafts(okf.FORMAT, old, "deprecated")) == 1
    assert left_out(okf.FORMAT, concept('okf_version: "0.2"', "* [Tea](tea.md) - a drink", "index")) == {"indexes": 1}
    assert left_out(okf.FORMAT, concept("type: Metric\nresource: x", "")) == {"empty": 1}
    assert faults(okf.FORMAT, {"name": "tea"}) == [("note", "missing")]
    later = concept('type: fact\nmemproc: {"memproc_version":99}')
    assert [path for path, _ in faults(okf.FORMAT, later)] == ["memproc_version"]
    assert faults(okf.FORMAT, concept('type: fact\nmemproc: {"memproc_version":"x"}')) == [("memproc", "version")]


def test_a_bundle_is_its_concepts(tmp_path: Path) -> None:
    """Its indexes and logs are named and skipped, at each level."""
    bundle = tmp_path / "bundle"
    (bundle / "below").mkdir(parents=True)
    (bundle / "a.md").write_text(FIXTURE.read_text())
    (bundle / "index.md").write_text('---\nokf_version: "0.2"\n---\n\n# All\n\n* [Greenhouse](a.md) - opening it\n')
    (bundle / "below" / "index.md").write_text("# Part\n\n* [Greenhouse](../a.md) - opening it\n")
    (bundle / "log.md").write_text("# Log\n\n## 2026-03-02\n* **Creation**: Wrote of the [greenhouse](/a.md).\n")
    report = memproc.ingest(bundle, tmp_path / "m.db")
    assert (report.stored, report.left_out) == (1, {"companions": 2, "indexes": 1})
    assert any("log.md holds the log of a folder of notes" in note for note in report.notes)
