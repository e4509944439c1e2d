"""What to do after an ingestion: commands that can be pasted, and that do what they say."""

from __future__ import annotations

import gzip
import json
import shlex

import pytest

import memproc
from memproc.cli.following import Asked, command_of, following
from memproc.report.report import Report
from tests.command_line import as_json
from tests.conftest import ROOT

ASKED = Asked(("ingest", "a b.json", "--into", "my store.db"), "my store.db", ("a b.json",), can_resume=True)
INGEST = "memproc ingest 'a b.json' --into 'my store.db'"
REVIEW = "memproc review 'my store.db'"
PATTERNS = "memproc quarantine 'my store.db' --patterns"
INSPECT = "memproc inspect 'a b.json'"


@pytest.fixture(autouse=True)
def _no_options_before(memproc_in):
    """See that no option before the command is left of another test."""
    memproc_in("formats")


NOT_MET = memproc.GateJudged("during", (memproc.RuleJudged("few-bad", "at most 5", "failed", "6 of 20"),))
CASES = {
    "all is well": ({"status": "done", "read": 2, "stored": 2}, []),
    "pairs wait": ({"status": "done", "read": 2, "review": 3}, [REVIEW]),
    "pairs were accepted": ({"status": "done", "read": 2, "review": 3, "accepted": 3}, []),
    "some are bad": ({"status": "done", "read": 2, "quarantined": 1}, [PATTERNS]),
    "all are bad": ({"status": "done", "read": 2, "quarantined": 2}, [PATTERNS, INSPECT]),
    "nothing was read": ({"status": "done", "notes": ["no record was read: try"]}, [INSPECT]),
    "interrupted": ({"status": "interrupted", "read": 2}, [f"{INGEST} --resume"]),
    "failed": ({"status": "failed", "read": 2, "review": 1}, [f"{INGEST} --resume", REVIEW]),
    "paused": ({"status": "paused", "read": 2}, [f"{INGEST} --resume"]),
    "cancelled": ({"status": "cancelled", "read": 2}, []),
    "too late": ({"status": "stopped", "read": 2, "notes": ["stopped: max_seconds=1 are over"]}, [f"{INGEST} --resume"]),
    "too many errors": ({"status": "stopped", "read": 2, "quarantined": 1, "notes": ["more than max_errors=0"]}, [PATTERNS]),
    "stopped by a gate": ({"status": "stopped", "gates": [NOT_MET]}, []),
    "rehearsed in vain": ({"status": "rehearsed", "gates": [NOT_MET]}, []),
    "refused before": ({"status": "refused"}, ["memproc validate 'a b.json'"]),
}


@pytest.mark.parametrize(("fields", "commands"), CASES.values(), ids=CASES)
def test_the_end_says_what_to_do(fields, commands):
    """In the order in which to do it."""
    assert [one.command for one in following(Report(**fields), ASKED)] == commands


def test_what_cannot_be_resumed_is_not_offered():
    """A pipe is read once; a dry run keeps nothing; a job that was resumed is resumed with the same command."""
    interrupted = Report(status="interrupted", read=2)
    assert following(interrupted, ASKED._replace(can_resume=False)) == []
    assert following(interrupted, ASKED._replace(arguments=(*ASKED.arguments, "--dry-run"))) == []
    resumed = ASKED._replace(arguments=(*ASKED.arguments, "--resume"))
    assert [one.command for one in following(interrupted, resumed)] == [f"{INGEST} --resume"]


def test_after_a_dry_run_the_command_without_it():
    """And nothing on a store that has none of it."""
    found = following(
        Report(status="rehearsed", read=2, review=2, quarantined=1), ASKED._replace(arguments=(*ASKED.arguments, "--dry-run"))
    )
    assert [one.command for one in found] == [INGEST]


@pytest.mark.parametrize("part", ["a b", "it's", "$HOME", "a;b", "`x`", "*", "", "ä", '"', "\\"])
def test_a_command_is_quoted(part):
    """A shell gives back what was given."""
    assert shlex.split(command_of(["ingest", part])) == ["memproc", "ingest", part]


def test_no_password_is_shown():
    """Neither of a URL nor of a header."""
    arguments = (
        "ingest",
        "https://api.example.org/x?key=lion",
        "--header",
        "Authorization: Bearer tiger",
        "--into=mysql://a:puma@h/d",
    )
    asked = Asked(arguments, "mysql://a:puma@h/d", arguments[1:2], can_resume=True)
    told = str(following(Report(status="interrupted", read=1, review=1), asked))
    assert not [word for word in ("lion", "tiger", "puma") if word in told]
    assert "--resume" in told
    assert "memproc review" in told


def test_the_commands_work_as_printed(memproc_in, tmp_path):
    """Run by their own words, on a store with a space in its name and a prefix before its tables."""
    lines = [{"content": "Prefers tea"}, {"content": ""}, {"content": "She lives in Rome"}, {"content": "She lives in Oslo"}]
    (tmp_path / "a b.jsonl").write_text("".join(json.dumps(one) + "\n" for one in lines))
    base = ("--table-prefix", "own_", "ingest", "a b.jsonl", "--into", "my store.db")
    code, _, told = memproc_in(*base)
    assert code == 0
    commands = [line.strip() for line in told.splitlines() if line.startswith("  memproc")]
    assert "memproc --table-prefix own_ quarantine 'my store.db' --patterns" in commands
    for command in commands:
        code, out, told = memproc_in(*shlex.split(command)[1:])
        assert (code, told) == (0, "")
        assert out
    report = as_json(memproc_in(*base, "--json"))
    assert report["next"][-1] in commands


def test_a_failed_ingestion_tells_how_to_go_on(memproc_in, tmp_path):
    """The very command, with --resume."""
    lines = "".join(json.dumps({"content": f"note {number} {hash(str(number))}"}) + "\n" for number in range(2_000))
    (tmp_path / "cut.jsonl.gz").write_bytes(gzip.compress(lines.encode())[:-2_000])
    code, _, told = memproc_in("ingest", "cut.jsonl.gz", "--into", "m.db", "--dedup", "off")
    assert code == 1
    assert "to go on where it ended:\n  memproc ingest cut.jsonl.gz --into m.db --dedup off --resume\n" in told


def test_of_an_error_too(memproc_in, tmp_path, monkeypatch):
    """If the job had begun and can be resumed."""
    lines = "".join(json.dumps({"content": f"note {number}"}) + "\n" for number in range(10))
    (tmp_path / "a.jsonl").write_text(lines)

    def broken(*_, **__):
        raise memproc.StoreError("the disk is full")

    monkeypatch.setattr("memproc.ingestion.run.Run._land_whole", broken)
    code, _, told = memproc_in("ingest", "a.jsonl", "--into", "m.db")
    assert (code, told.splitlines()[-3:]) == (
        1,
        ["memproc: the disk is full", "to go on:", "  memproc ingest a.jsonl --into m.db --resume"],
    )
    code, _, told = memproc_in("ingest", ROOT / "gone", "--into", "m.db")
    assert (code, "--resume" in told) == (2, False)
