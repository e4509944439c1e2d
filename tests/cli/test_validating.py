"""`memproc validate`: what is wrong with which record, and where it stands, for people and for the tools that show it."""

from __future__ import annotations

import gzip
import json
import sys
from io import BytesIO, TextIOWrapper
from zipfile import ZipFile

import pytest

from tests.command_line import as_json

LINES = '{"content": "tea"}\n\n{"content": "x", "importance": 7}\n{"content": "x", "importance": 9}\n{broken\n'
ARRAY = '[\n {"content": "a"},\n {"content": "b",\n  "tags": 5},\n\n\n {"content": "c", "importance": 3}]'
# What a file holds, and the lines at which its faulty records begin.
FILES = [
    ("a.jsonl", LINES, [3, 4, 5]),
    ("a.json", ARRAY, [3, 7]),
    ("wrapped.json", f'{{"version": 1,\n "memories":\n {ARRAY}}}', [5, 9]),
    ("one.json", '\n\n{"content": "x",\n "importance": 7}', [3]),
    ("joined.json", '[{"content": "a"}]\n[{"content": "b"},\n {"content": ""}]', [3]),
    ("rows.csv", 'content,importance\n"two\nlines",0.5\nx,8\nx,0.1,3\n\n"three\n\nlines",7\n', [4, 5, 7]),
    ("sep.csv", "sep=;\ncontent;importance\nx;8\n", [3]),
    ("quote.csv", 'content,importance\n"never closed,1\nx,8\nx,0.5\n', [2, 3]),
    ("utf16.jsonl", LINES.encode("utf-16"), [3, 4, 5]),
    ("packed.jsonl.gz", gzip.compress(LINES.encode()), [3, 4, 5]),
]


@pytest.fixture
def folder(tmp_path):
    """Give a folder of files with faults, one of them below, and one that is none of records."""
    (tmp_path / "data" / "sub").mkdir(parents=True)
    (tmp_path / "data" / "a.jsonl").write_text(LINES)
    (tmp_path / "data" / "sub" / "b, c.json").write_text(ARRAY)
    (tmp_path / "data" / "e.bin").write_bytes(b"\0\1\2")
    with ZipFile(tmp_path / "data.zip", "w") as archive:
        archive.writestr("inner/a.jsonl", LINES)
    return tmp_path


@pytest.mark.parametrize(("name", "content", "lines"), FILES, ids=[name for name, _, _ in FILES])
def test_a_fault_has_the_number_of_the_line_where_its_record_begins(memproc_in, tmp_path, name, content, lines):
    """That of the file, whatever stands between the records."""
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    found = as_json(memproc_in("validate", name, "--json"), code=1)
    assert [error["line"] for error in found["errors"]] == lines
    assert {error["file"] for error in found["errors"]} == {name}


def test_lines_are_counted_over_what_is_read_in_pieces(memproc_in, tmp_path):
    """Elements and gaps longer than what is in memory at once."""
    gap = "\n" * 600_000
    long = '{"content": "' + "x" * 900_000 + '"}'
    (tmp_path / "a.json").write_text(f'[{long},{gap}{long},\n{long},{gap}{{"content": ""}},\n7{gap},\n8]')
    found = as_json(memproc_in("validate", "a.json", "--json"), code=1)
    assert [error["line"] for error in found["errors"]] == [1_200_002, 1_200_003, 1_800_004]


def test_equal_faults_are_one_line_with_their_places_and_a_summary_by_field(memproc_in, folder):
    """And each names its file, in a folder too."""
    code, told, errors = memproc_in("validate", "data")
    lines = told.splitlines()
    assert code == 1
    assert lines[0].startswith("data/a.jsonl: 2 faults, lines 3, 4: importance: ")
    assert lines[1].startswith("data/a.jsonl:5: record: no valid JSON")
    assert lines[2].startswith("data/sub/b, c.json:3: tags: ")
    assert lines[-2:] == ["faults by field: importance 3, record 1, tags 1", "2 of 7 records are valid"]
    assert "data/e.bin holds binary data" in errors
    named = as_json(memproc_in("validate", "data.zip", "--json"), code=1)["errors"]
    assert {error["file"] for error in named} == {"data.zip!inner/a.jsonl"}
    assert [error["line"] for error in named] == [3, 4, 5]
    assert folder.exists()


def test_of_very_many_faults_the_first_are_kept_and_all_are_counted(memproc_in, tmp_path):
    """As many as --max-shown says."""
    (tmp_path / "a.jsonl").write_text('{"content": "x", "importance": 7}\n' * 500)
    found = as_json(memproc_in("validate", "a.jsonl", "--json", "--max-shown", "3"), code=1)
    assert [error["line"] for error in found["errors"]] == [1, 2, 3]
    assert (found["invalid"], found["not_shown"], found["groups"][0]["count"]) == (500, 497, 500)
    assert "500 faults, lines 1, 2, 3, ...:" in memproc_in("validate", "a.jsonl", "--max-shown", "3")[1]


@pytest.mark.parametrize(
    ("record", "code", "told"),
    [
        ('{"content": "Prefers tea"}', 0, "1 of 1 records are valid"),
        ('{"content": "Prefers tea", "importance": 7}', 1, "the record:1: importance: "),
        ("5", 1, "a record is an object, not int"),
        ("{broken", 1, "no valid JSON"),
        ("", 1, "no valid JSON"),
    ],
)
def test_one_record_is_checked_by_itself(memproc_in, record, code, told):
    """Given as JSON."""
    assert memproc_in("validate", "--record", record)[0] == code
    assert told in memproc_in("validate", "--record", record)[1]


def test_standard_input_is_checked(memproc_in, monkeypatch):
    """One record, or many."""
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO(b'{"content": "x",\n "importance": 7}')))
    assert "standard input:1: importance: " in memproc_in("validate", "-")[1]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "give what to check"),
        (("a.jsonl", "--record", "{}"), "give what to check"),
        (("a.jsonl", "--json", "--output", "sarif"), "give one of them"),
        (("a.jsonl", "--output", "xml"), "xml"),
        (("a.jsonl", "--max-shown", "0"), "--max-shown"),
        (("missing.jsonl",), "does not exist"),
        (("a.jsonl", "--schema", "Note"), "MODULE:CLASS"),
        (("a.jsonl", "--schema", "no_such_module:Note"), "importing no_such_module raised"),
        (("a.jsonl", "--schema", "json:JSONDecoder"), "no subclass of memproc.Memory"),
    ],
)
def test_wrong_use_exits_with_2(memproc_in, tmp_path, arguments, told):
    """Before anything is read."""
    (tmp_path / "a.jsonl").write_text(LINES)
    code, out, error = memproc_in("validate", *arguments)
    assert (code, out) == (2, "")
    assert told in error


@pytest.mark.costly
def test_a_file_that_ends_too_early_is_told_and_fails(memproc_in, tmp_path):
    """Though all records before its end are valid."""
    whole = gzip.compress(b"".join(b'{"content": "tea %d"}\n' % number for number in range(20_000)))
    (tmp_path / "cut.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    found = as_json(memproc_in("validate", "cut.jsonl.gz", "--json"), code=1)
    assert "could not be read to its end" in found["broken"]["cut.jsonl.gz"]
    assert found["invalid"] == 0
    log = json.loads(memproc_in("validate", "cut.jsonl.gz", "--output", "sarif")[1])
    assert log["runs"][0]["invocations"][0]["executionSuccessful"] is False
    assert "::error title=memproc::cut.jsonl.gz" in memproc_in("validate", "cut.jsonl.gz", "--output", "github")[1]


def test_sarif_names_rules_and_lines(memproc_in, folder):
    """With all that version 2.1.0 requires; a path is a URI, relative to the current folder."""
    code, told, _ = memproc_in("validate", "data", "--output", "sarif")
    log = json.loads(told)
    [run] = log["runs"]
    driver, results = run["tool"]["driver"], run["results"]
    assert (code, log["version"], driver["name"]) == (1, "2.1.0", "memproc")
    assert log["$schema"].endswith("sarif-schema-2.1.0.json")
    assert [rule["id"] for rule in driver["rules"]] == ["less_than_equal", "json_invalid", "tuple_type"]
    assert all(rule["helpUri"].endswith("/reference/codes.md") and rule["help"]["text"] for rule in driver["rules"])
    assert all(driver["rules"][one["ruleIndex"]]["id"] == one["ruleId"] and one["level"] == "error" for one in results)
    places = [one["locations"][0]["physicalLocation"] for one in results]
    assert {place["artifactLocation"]["uri"] for place in places} == {"data/a.jsonl", "data/sub/b%2C%20c.json"}
    assert [place["region"]["startLine"] for place in places] == [3, 4, 5, 3, 7]
    notes = run["invocations"][0]["toolExecutionNotifications"]
    assert ["e.bin" in note["message"]["text"] for note in notes] == [True]
    [inner, *_] = json.loads(memproc_in("validate", "data.zip", "--output", "sarif")[1])["runs"][0]["results"]
    assert inner["locations"][0]["physicalLocation"] == {"artifactLocation": {"uri": "data.zip"}}
    assert inner["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "data.zip!inner/a.jsonl:3"
    elsewhere = json.loads(memproc_in("validate", folder / "data", "--output", "sarif", folder=folder / "data" / "sub")[1])
    [first, *_] = elsewhere["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == f"file://{folder}/data/a.jsonl"


@pytest.mark.usefixtures("folder")
def test_workflow_commands_annotate_lines(memproc_in):
    """What would end a property is escaped."""
    code, told, _ = memproc_in("validate", "data", "--output", "github", "--max-shown", "1")
    lines = told.splitlines()
    assert code == 1
    assert lines[0].startswith("::error file=data/a.jsonl,title=memproc less_than_equal,line=3::importance: ")
    assert lines[2].startswith("::error file=data/sub/b%2C c.json,title=memproc tuple_type,line=3::tags: ")
    assert "::warning title=memproc::1 more of importance: less_than_equal in data/a.jsonl: --max-shown shows more" in lines
    assert lines[-1] == "::notice title=memproc::2 of 7 records are valid"
    inner = memproc_in("validate", "data.zip", "--output", "github")[1].splitlines()[0]
    assert inner.startswith("::error file=data.zip,title=memproc less_than_equal::data.zip!inner/a.jsonl:3: importance: ")


def test_a_schema_of_the_current_folder_is_obeyed(memproc_in, tmp_path, monkeypatch):
    """Its fields are known, and its rules hold."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "own_notes.py").write_text(
        "from memproc import Memory\nfrom pydantic import Field\n\n\nclass Note(Memory):\n    mood: int = Field(default=0, le=10)\n"
    )
    arguments = ("validate", "--record", '{"content": "x", "mood": 11}')
    assert memproc_in(*arguments)[0] == 0
    code, told, _ = memproc_in(*arguments, "--schema", "own_notes:Note")
    assert (code, "mood: Input should be less than or equal to 10" in told) == (1, True)


def test_a_file_that_cannot_be_read_is_a_failure_on_request(memproc_in, tmp_path):
    """In a folder it stops nothing, and is told; a check in CI may want to know."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_text('{"content": "tea"}\n')
    (tmp_path / "data" / "b.json").write_text('{"sku": 1}')
    assert memproc_in("validate", "data")[0] == 0
    assert memproc_in("validate", "data", "--strict")[0] == 1
    assert memproc_in("validate", "data/a.jsonl", "--strict")[0] == 0


@pytest.mark.parametrize("wrong", [("gone.jsonl",), ("data", "--format", "poetry")], ids=["no such file", "no such format"])
def test_a_check_that_could_not_be_made_is_told_in_the_form_asked_for(memproc_in, wrong):
    """Who reads a SARIF log or annotations sees nothing else; the exit code and the message are as ever."""
    plain, _, message = memproc_in("validate", *wrong)
    code, told, also = memproc_in("validate", *wrong, "--output", "sarif")
    assert (code, also) == (plain, message)
    [run] = json.loads(told)["runs"]
    [invocation] = run["invocations"]
    assert not invocation["executionSuccessful"]
    [notification] = invocation["toolExecutionNotifications"]
    assert notification["level"] == "error"
    assert notification["message"]["text"] in message
    assert run["results"] == []
    assert memproc_in("validate", *wrong, "--output", "github")[1].startswith("::error title=memproc::")


def test_where_one_field_alone_is_wrong_the_format_is_not_in_doubt(memproc_in, folder):
    """What is wrong with it is told already."""
    (folder / "dates.csv").write_text("content,created_at\na,03/04/2024\nb,05/04/2024\n")
    told = memproc_in("validate", "dates.csv")[2]
    assert "nothing but created_at is wrong" in told
    assert "--format" not in told
    report = json.loads(memproc_in("ingest", "dates.csv", "--into", "m.db", "--json")[1])
    [note] = [note for note in report["notes"] if note.startswith("every record was quarantined")]
    assert note == "every record was quarantined: nothing but created_at is wrong in what was read: mend that"
