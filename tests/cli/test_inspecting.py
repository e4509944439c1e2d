"""`inspect` and `ingest --show`: what is in a file is told before anything is written."""

from __future__ import annotations

import json
import zipfile

import pytest

CHAT = [
    {"content": "Prefers tea", "namespace": "ann", "subject": "Ann", "created_at": "2024-05-01"},
    {"content": "Good morning", "namespace": "ann", "subject": "Ann", "created_at": "2024-05-03", "kind": "message"},
    {"content": "Has a dog", "namespace": "bob", "subject": "Bob"},
    {"content": ""},
    {"content": "Has a cat", "namespace": "bob", "importance": 7},
]


@pytest.fixture
def run(memproc_in, tmp_path):
    """Give a function that runs memproc beside an archive and returns (exit code, standard output, standard error)."""
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("chat.jsonl", "\n".join(map(json.dumps, CHAT)))
        archive.writestr("list.json", json.dumps({"memories": [{"content": "Plays chess"}], "others": [{"a": 1}]}))
        archive.writestr("photo.jpg", b"\xff\xd8\0\0")
        archive.writestr(".DS_Store", b"\0")
    return memproc_in


def test_inspect_tells_what_is_there_and_what_to_run_next(run, tmp_path):
    """Of each member; nothing is written."""
    before = sorted(tmp_path.iterdir())
    code, told, error = run("inspect", "export.zip", "--json")
    assert (code, error) == (0, "")
    found = json.loads(told)
    assert found["files"] == [
        {
            "file": "export.zip!chat.jsonl",
            "format": "json",
            "kinds": {"fact": 2, "message": 1},
            "left_out": {},
            "quarantined": {"content: string_too_short": 1, "importance: less_than_equal": 1},
            "broken": "",
        },
        {
            "file": "export.zip!list.json",
            "format": "json",
            "kinds": {"fact": 1},
            "left_out": {"in the list others": 1},
            "quarantined": {},
            "broken": "",
        },
    ]
    assert (found["records"], found["rejected"], found["undated"]) == (4, 2, 2)
    assert (found["first"][:10], found["last"][:10]) == ("2024-05-01", "2024-05-03")
    assert found["namespaces"] == {"ann": 2, "bob": 1, "default": 1}
    assert found["subjects"] == {"Ann": 2, "Bob": 1}
    assert found["skipped"] == {".DS_Store": 1, "files of no known kind": 1}
    assert "export.zip!photo.jpg" in found["not_read"][0]
    assert [one["content"] for one in found["examples"]] == ["Prefers tea", "Good morning", "Has a dog"]
    assert found["next"] == [
        "memproc ingest export.zip --into memories.db --dry-run",
        "memproc ingest export.zip --into memories.db",
    ]
    assert sorted(tmp_path.iterdir()) == before


def test_inspect_tells_a_person_the_same(run):
    """As lines."""
    code, told, _ = run("inspect", "export.zip")
    assert code == 0
    lines = told.splitlines()
    assert lines[0] == "export.zip!chat.jsonl: json, 2 fact, 1 message"
    assert "namespaces: 2 ann, 1 bob, 1 default" in lines
    assert lines[-3] == "next:"


def test_what_was_left_out_is_offered_and_nothing_else(run, tmp_path):
    """A note of prose has paragraphs, which nothing was read of; a note with a list has none."""
    (tmp_path / "prose.md").write_text("---\ntitle: Garden\n---\nA strip behind the station.\n")
    (tmp_path / "list.md").write_text("---\ntitle: Garden\n---\n- Grows beans\n")
    told = json.loads(run("inspect", "prose.md", "--json")[1])
    assert told["next"] == ["memproc ingest prose.md --into memories.db --include paragraphs"]
    report = json.loads(run("ingest", "prose.md", "--into", "m.db", "--json")[1])
    assert "no record was read: --include paragraphs reads what was left out" in report["notes"]
    assert json.loads(run("validate", "prose.md", "--include", "paragraphs", "--json")[1])["read"] == 1
    told = json.loads(run("inspect", "list.md", "--json")[1])
    assert (told["include"], len(told["next"])) == ([], 2)


def test_inspect_proposes_a_mapping_where_nothing_can_be_taken(run, tmp_path):
    """A table without a column of text is refused; where all records are faulty the exit code is 1."""
    (tmp_path / "a.csv").write_text("nr,remark\n1,Likes tea\n2,Has a dog\n")
    code, _, error = run("inspect", "a.csv")
    assert code == 2
    assert "--map content=remark" in error
    (tmp_path / "b.csv").write_text("content,remark\n,Likes tea\n,Has a dog\n")
    code, told, _ = run("inspect", "b.csv")
    assert code == 1
    assert "--map content=NAME" in told
    assert run("inspect", "a.csv", "--map", "content=remark")[0] == 0


def test_the_first_records_are_shown_as_they_would_be_stored(run, tmp_path):
    """Without a store; faults go to standard error."""
    code, told, error = run("ingest", "export.zip", "--show", "4", "--namespace", "zoe", "--source", "crm")
    shown = [json.loads(line) for line in told.splitlines()]
    assert code == 0
    assert [(one["content"], one["namespace"], one["source"]) for one in shown] == [
        ("Prefers tea", "ann", "crm"),
        ("Good morning", "ann", "crm"),
        ("Has a dog", "bob", "crm"),
    ]
    assert "content:" in error
    assert "photo.jpg" in error
    assert not list(tmp_path.glob("*.db"))
    code, told, _ = run("ingest", "export.zip", "--show", "2", "--json")
    assert [one["content"] for one in json.loads(told)["memories"]] == ["Prefers tea", "Good morning"]


def test_options_of_reading_are_taken_by_all_commands_that_read(run, tmp_path):
    """The list, the delimiter and the encoding."""
    (tmp_path / "a.json").write_text(json.dumps({"data": {"items": [{"content": "Plays chess"}]}}))
    (tmp_path / "b.csv").write_bytes("id^content\n1^Café\n".encode("cp1252"))
    for command in ("validate", "transform", "inspect"):
        assert run(command, "a.json", "--records", "data.items")[0] == 0
        assert run(command, "b.csv", "--delimiter", "^", "--encoding", "cp1252")[0] == 0
    run("ingest", "a.json", "--into", "m.db", "--records", "data.items", "--limit", "1")
    code, told, _ = run("ingest", "b.csv", "--into", "m.db", "--delimiter", "^", "--encoding", "cp1252", "--json")
    assert (code, json.loads(told)["stored"]) == (0, 1)
    assert [json.loads(line)["content"] for line in run("transform", "export.zip")[1].splitlines()][-1] == "Plays chess"
