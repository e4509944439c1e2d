"""Quarantine on the command line: processes of their own, their output and their exit codes."""

from __future__ import annotations

import json

import pytest

from tests.command_line import as_json

LINES = [
    {"content": "Moves house", "created_at": "31/02/2024"},
    {"content": "Has a dog"},
    {"content": "Likes chess", "importance": 7},
    {"content": "Moves in", "created_at": "31/02/2024"},
]


@pytest.fixture
def run(memproc_in, tmp_path):
    """Give a function that runs memproc beside a store with three records in quarantine; it returns (code, output, errors)."""
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, LINES)))
    memproc_in("ingest", "a.jsonl", "--into", "m.db")
    return memproc_in


def test_the_report_shows_the_commonest_patterns(run):
    """Below the counts by category."""
    told = run("ingest", "a.jsonl", "--into", "other.db")[1].splitlines()
    at = told.index("quarantined: 3 validation")
    assert told[at + 1].startswith("  2 x created_at: not a date: '31/02/2024'")
    assert told[at + 2].startswith("  1 x importance: ")
    patterns = as_json(run("ingest", "a.jsonl", "--into", "other.db", "--json"))["patterns"]
    assert [(pattern["records"], pattern["example"]) for pattern in patterns] == [(2, 1), (1, 2)]


def test_list_patterns_and_one(run):
    """With filters, as text and as JSON; one is shown whole."""
    listed = as_json(run("quarantine", "m.db", "--code", "date_unparsable", "--json"))["quarantined"]
    assert [one["number"] for one in listed] == [1, 3]
    assert [one["number"] for one in as_json(run("quarantine", "m.db", 2, 3, "--json"))["quarantined"]] == [2, 3]
    assert run("quarantine", "m.db", "--patterns")[1].startswith("2 x created_at: not a date: '31/02/2024'")
    assert as_json(run("quarantine", "m.db", "--patterns", "--limit", 1, "--json"))["patterns"][0]["example"] == 1
    code, told, _ = run("quarantine", "m.db", "--show", 2)
    assert code == 0
    assert json.dumps(LINES[2]) in told
    assert "position 2 of a.jsonl" in told
    assert "history:" in told
    one = as_json(run("quarantine", "m.db", "--show", 2, "--json"))
    assert (one["raw"], one["history"][0]["kind"], "hint" in one["faults"][0]) == (json.dumps(LINES[2]), "quarantined", True)
    assert run("quarantine", "m.db", "--job", 9)[1] == "nothing is in quarantine\n"


def test_export_edit_and_retry(run, tmp_path):
    """The way of a person: 1 while something still fails, 0 when all is taken; the store adds up."""
    assert as_json(run("quarantine", "m.db", "--export", "q.jsonl", "--json")) == {"lines": 3, "to": "q.jsonl"}
    lines = [json.loads(line) for line in (tmp_path / "q.jsonl").read_text().splitlines()]
    for line in lines[:2]:
        line["record"] = {**line["record"], "created_at": "2024-02-28"}
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, lines)))
    report = as_json(run("retry", "m.db", "--from", "q.jsonl", "--json"), code=1)
    assert (report["read"], report["stored"], report["quarantined"]) == (3, 1, 2)
    lines[1]["record"]["importance"] = 0.7
    lines[2]["record"]["created_at"] = "2024-02-28"
    (tmp_path / "q.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert run("retry", "m.db", "--from", "q.jsonl")[0] == 0
    assert as_json(run("stats", "m.db", "--json"))["recount"]["is_whole"] is True
    assert run("quarantine", "m.db")[1] == "nothing is in quarantine\n"
    assert run("retry", "m.db")[:2] == (0, "nothing to replay\n")
    assert len(as_json(run("quarantine", "m.db", "--status", "replayed", "--json"))["quarantined"]) == 3


def test_retry_with_a_mapping_and_a_format(run, tmp_path):
    """Where a field is found, as in ingest; of the numbers or of the job named only."""
    (tmp_path / "b.jsonl").write_text('{"body": {"text": "Plays the flute"}}\n')
    assert as_json(run("ingest", "b.jsonl", "--into", "m.db", "--format", "json", "--json"), code=1)["quarantined"] == 1
    assert run("retry", "m.db", 4)[0] == 1
    assert as_json(run("retry", "m.db", "--job", 2, "--map", "content=body.text", "--json"))["stored"] == 1
    assert as_json(run("retry", "m.db", 1, "--format", "mem0", "--json"), code=1)["errors"] == {"transform": 1}


def test_discard(run):
    """By number or by filter, with a note that the history keeps."""
    assert as_json(run("quarantine", "m.db", "--discard", 1, 2, "--note", "no use", "--json")) == {"discarded": 2}
    assert "discarded: no use" in run("quarantine", "m.db", "--show", 1)[1]
    assert as_json(run("quarantine", "m.db", "--discard", "--code", "date_unparsable", "--json")) == {"discarded": 1}
    assert as_json(run("stats", "m.db", "--json"))["quarantine"] == 0
    assert run("quarantine", "m.db", "--discard", 1)[0] == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("quarantine", "m.db", "--discard"), "say what to discard"),
        (("quarantine", "m.db", "--discard", 1, "--code", "x"), "say what to discard"),
        (("quarantine", "m.db", "--patterns", "--show", 1), "give one of"),
        (("quarantine", "m.db", 1, "--patterns"), "give numbers to list"),
        (("quarantine", "m.db", "--status", "gone"), "gone"),
        (("retry", "m.db", "--from", "missing.jsonl"), "does not exist"),
        (("retry", "m.db", "--from", "a.jsonl"), "give quarantine"),
        (("retry", "m.db", "--format", "wrong"), "choose one of"),
        (("retry", "m.db", "--map", "content"), "FIELD=PATH"),
        (("retry", "missing.db"), "no store"),
    ],
)
def test_wrong_use_exits_with_2(run, arguments, message):
    """And says what would be right."""
    code, told, error = run(*arguments)
    assert (code, told) == (2, "")
    assert message in error


def test_a_number_that_is_not_open_exits_with_1(run):
    """The store is there, the record is not."""
    code, told, error = run("retry", "m.db", 99, "--json")
    assert (code, "error" in json.loads(told)) == (1, True)
    assert "nothing open in quarantine under 99" in error
