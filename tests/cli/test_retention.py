"""The commands of retention, and the one that finds memories."""

from __future__ import annotations

import json

import pytest

from tests.command_line import as_json

OLD, NEW = {"created_at": "2001-01-01"}, {"valid_to": "2001-01-01"}
RECORDS = ({"content": "Lived in Rome", **OLD}, {"content": "Hello", "kind": "message", **OLD}, {"content": "Parks here", **NEW})


@pytest.fixture
def run(memproc_in, tmp_path):
    """Give a function that runs memproc where a store of three memories is, and returns (exit code, output, errors)."""
    (tmp_path / "m.jsonl").write_text("".join(json.dumps(record) + "\n" for record in RECORDS))
    memproc_in("ingest", "m.jsonl", "--into", "m.db")
    return memproc_in


def contents(found):
    """Return what memories that were found say."""
    return [memory["content"] for memory in found["memories"]]


def test_find_lists_what_is_valid_and_has_not_expired(run):
    """The rest on request; `--at` asks what was valid then."""
    _, out, _ = run("find", "m.db", "rome")
    assert out.split("  ")[1] == "Lived in Rome\n"
    assert contents(as_json(run("find", "m.db", "--json"))) == ["Hello", "Lived in Rome"]
    assert len(contents(as_json(run("find", "m.db", "--expired", "--json")))) == 3
    assert len(contents(as_json(run("find", "m.db", "--at", "2000-01-01", "--json")))) == 3
    assert run("find", "m.db", "nothing of this")[1] == "nothing is found\n"
    assert run("find", "m.db", "--since", "soon")[0] == 2


def test_expire_hides_undo_brings_back_and_purge_forgets(run):
    """What is printed tells how to undo; exports tell what they leave out."""
    trial = as_json(run("expire", "m.db", "--older-than", "2y", "--dry-run", "--json"))
    assert trial == {
        "memories": 2,
        "by_kind": {"fact": 1, "message": 1},
        "by_namespace": {"default": 2},
        "undated": 1,
        "names": ["older than 2y"],
        "dry_run": True,
    }
    assert "2 memories would be expired" in run("expire", "m.db", "--older-than", "2y", "--dry-run")[1]
    _, out, _ = run("expire", "m.db", "--older-than", "2y", "--kind", "message")
    assert out.splitlines() == [
        "1 memory expired",
        "  kind message: 1",
        "  namespace default: 1",
        '  to undo: --undo "older than 2y, kind message"',
    ]
    assert "left out, as they have expired: 1 (--expired writes them)" in run("export", "m.db", "--to", "x.jsonl")[1]
    assert as_json(run("export", "m.db", "--to", "x.csv", "--as", "csv", "--json"))["expired"] == 1
    assert run("export", "m.db", "--to", "x.jsonl", "--expired")[1] == "3 lines to x.jsonl\n"
    assert run("expire", "m.db", "--undo", "older than 2y, kind message")[1].startswith("1 memory restored")
    assert run("expire", "m.db", "--undo", "unknown")[0] == 1
    assert run("expire", "m.db", "--undo", "all")[1] == "0 memories restored\n"
    run("expire", "m.db", "--older-than", "2y", "--name", "old")
    assert "0 memories would be forgotten" in run("expire", "m.db", "--purge", "--older-than", "1d", "--dry-run")[1]
    assert as_json(run("expire", "m.db", "--purge", "--older-than", "0h", "--json"))["memories"] == 2
    assert "forgotten               2" in run("stats", "m.db")[1]


def test_the_store_keeps_rules(run):
    """They are shown, added and cleared, and `expire` without options applies them."""
    assert run("retention", "m.db")[1] == "no rule is kept\n"
    assert run("expire", "m.db")[0] == 2
    run("retention", "m.db", "--add", "--older-than", "2y", "--kind", "message")
    run("retention", "m.db", "--add", "--past-valid-to")
    run("retention", "m.db", "--add", "--past-valid-to")  # it is there already
    assert "letter by letter" in run("expire", "m.db", "--older-than", "0h", "--kind", "mesage")[1]
    assert as_json(run("expire", "m.db", "--json"))["memories"] == 2
    assert as_json(run("retention", "m.db", "--json")) == {
        "rules": [{"older_than": "2y", "kind": "message"}, {"past_valid_to": True}],
        "expired": {"older than 2y, kind message": 1, "past valid_to": 1},
    }
    assert "expired  past valid_to  1 observation" in run("retention", "m.db")[1]
    assert run("retention", "m.db", "--clear")[1].startswith("no rule is kept")


@pytest.mark.parametrize(
    "options",
    [
        ("expire", "m.db", "--older-than", "two years"),
        ("expire", "m.db", "--kind", "message"),
        ("expire", "m.db", "--purge"),
        ("expire", "m.db", "--purge", "--older-than", "1d", "--kind", "message"),
        ("expire", "m.db", "--undo", "all", "--dry-run"),
        ("expire", "m.db", "--undo", "all", "--older-than", "1d"),
        ("retention", "m.db", "--older-than", "1d"),
        ("retention", "m.db", "--add"),
        ("retention", "m.db", "--add", "--clear"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_refused_before_work(run, options):
    """With exit code 2, and nothing changed."""
    assert run(*options)[0] == 2
    assert as_json(run("stats", "m.db", "--json"))["expired"] == 0
