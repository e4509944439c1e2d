"""`memproc review` with a policy: what it shows before, decides, lists and takes back."""

from __future__ import annotations

import json

import pytest

import memproc
from memproc.cli.review import spread

POLICY = "confidence >= 0 and kind == similar"
TEXTS = [
    *(f"She keeps her {word} in the garden shed" for word in ("bicycle", "bike")),
    *(f"He plays {music} at home" for music in ("Bach and Satie", "Satie and Bach")),
    *(f"The old {animal} sleeps on the warm sofa" for animal in ("cat", "dog")),
]


@pytest.fixture
def review(memproc_in, tmp_path):
    """Give a function that runs `memproc review` on a store in which three pairs wait, and returns what it printed."""
    memproc.ingest([{"content": text} for text in TEXTS], tmp_path / "m.db", settings=memproc.Settings(review_at=0.0))

    def run(*options, code=0):
        done = memproc_in("review", "m.db", *options)
        assert done[0] == code, done
        if code == 2:
            return done[2]
        return json.loads(done[1]) if "--json" in options else done[1]

    return run


def test_a_policy_decides_and_is_undone(review):
    """By the name that it is told with."""
    first = review("--json")["reviews"]
    done = review("--accept", POLICY, "--json", "--note", "sure enough")
    assert done == {"policy": POLICY, "verdict": "merge", "decided": 3, "memories": 3, "held": 0, "dry_run": False}
    assert review("--json") == {"reviews": []}
    listed = review("--decided", "--json")
    assert listed["policies"] == [{"name": POLICY, "decisions": 3}]
    assert {one["policy"] for one in listed["decided"]} == {POLICY}
    told = review("--decided", "--limit", 1).splitlines()
    assert told[0] == f"policy  {POLICY}  3 pairs"
    assert told[1].endswith(f"by the policy {POLICY}")
    assert len(told) == 2
    undone = review("--undo", "--policy", POLICY, "--json")
    assert (undone["memories"], len(undone["decisions"])) == (6, 3)
    assert {one["policy"] for one in undone["decisions"]} == {POLICY}
    assert review("--json")["reviews"] == first
    assert review("--decided") == "nothing is decided\n"
    review("--undo", "--policy", POLICY, code=1)


def test_what_people_read(review):
    """How many pairs, in how many memories; what waits for a person."""
    assert review("--accept", POLICY, "--dry-run") == f"3 pairs would be merged by the policy {POLICY}, in 3 memories\n"
    number = review("--json")["reviews"][0]["number"]
    assert review("--accept", POLICY, "--limit", "1", "--name", "night") == "1 pair merged by the policy night, in 1 memory\n"
    assert review("--undo", number) == "1 pair withdrawn; 6 memories\n"
    told = review("--accept", POLICY, "--verdict", "distinct", "--name", "apart").splitlines()
    assert told[0] == "2 pairs held distinct by the policy apart, in 4 memories"
    assert told[1].startswith("1 pair that it means too wait")
    assert review("--undo", "--policy", "apart") == "2 pairs withdrawn; 6 memories\n"


def test_a_sample_is_shown_before(review):
    """From the surest to the least sure, and nothing is decided."""
    waiting = review("--json")["reviews"]
    shown = review("--accept", POLICY, "--sample", "2", "--json")
    assert shown["sample"] == [waiting[0], waiting[2]]
    assert (shown["decided"], shown["dry_run"]) == (3, True)
    told = review("--accept", POLICY, "--sample", "9").splitlines()
    assert len(told) == 3 * 3 + 1
    assert told[1].strip() in TEXTS
    assert told[-1].startswith("3 pairs would be merged")
    assert review("--json")["reviews"] == waiting


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        (["--accept", "confidence => 1"], "character 12"),
        (["--accept", POLICY, "--name", " "], "name of a policy"),
        (["--accept", POLICY, "--decided"], "give one of"),
        (["--accept", POLICY, "--undo", "7"], "give one of"),
        (["--dry-run"], "--dry-run goes with --accept"),
        (["--sample", "3"], "--sample goes with --accept"),
        (["--verdict", "merge", "--decided"], "--verdict goes with --accept"),
        (["--name", "x"], "--name goes with --accept"),
        (["--policy", "x"], "--policy goes with --undo"),
        (["7"], "N or ID goes with --undo"),
        (["--undo"], "say what --undo takes back"),
        (["--undo", "7", "--policy", "x"], "say what --undo takes back"),
    ],
)
def test_wrong_use_is_told(review, options, advice):
    """With exit code 2, and nothing is decided."""
    assert advice in review(*options, code=2)
    assert review("--decided") == "nothing is decided\n"


def test_an_ingestion_accepts(memproc_in, tmp_path):
    """With `--accept-at`; a note tells how to take it back."""
    (tmp_path / "s.jsonl").write_text("".join(json.dumps({"content": text}) + "\n" for text in TEXTS))
    code, out, _ = memproc_in("ingest", "s.jsonl", "--into", "m.db", "--review-at", "0", "--accept-at", "0", "--json")
    report = json.loads(out)
    assert (code, report["accepted"]) == (0, 3)
    assert report["notes"][-1].endswith("memproc review DB --undo --policy 'accept_at >= 0.0' takes that back")
    assert memproc_in("review", "m.db", "--undo", "--policy", "accept_at >= 0.0")[1] == "3 pairs withdrawn; 6 memories\n"
    assert memproc_in("ingest", "s.jsonl", "--into", "m.db", "--accept-at", "1.5")[0] == 2


def test_a_sample_is_spread_evenly():
    """The first and the last are in it."""
    for count in range(12):
        for most in range(1, 12):
            chosen = spread(range(count), most)
            assert len(chosen) == len(set(chosen)) == min(count, most)
            assert chosen == sorted(chosen)
            if min(count, most) > 1:
                assert (chosen[0], chosen[-1]) == (0, count - 1)
