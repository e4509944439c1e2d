"""The commands on single memories."""

from __future__ import annotations

import json

SCHEMA = "import memproc\n\n\nclass Mine(memproc.Memory):\n    mood: str = 'calm'\n"


def as_json(ran):
    """Return what a command printed as JSON."""
    return json.loads(ran[1])


def test_a_memory_is_added_shown_changed_and_forgotten(memproc_in):
    """By the beginning of its id, or by an id of the caller's."""
    code, out, _ = memproc_in(
        "add", "m.db", "Lives in Rome", "--namespace", "ann", "--source", "app", "--set", "id=m-1", "--set", 'tags=["home"]'
    )
    assert (code, out.splitlines()[0]) == (0, "stored")
    one = out.split()[1]
    assert as_json(memproc_in("show", "m.db", one[:20], "--json"))["memory"]["tags"] == ["home"]
    assert "Lives in Rome" in memproc_in("show", "m.db", "m-1", "--source", "app", "--namespace", "ann")[1]
    changed = as_json(
        memproc_in("update", "m.db", one[:20], "Lives in Oslo", "--set", "tags=", "--set", "importance=0.5", "--json")
    )
    assert changed["outcome"] == "updated"
    assert (changed["memory"]["content"], changed["memory"]["importance"], "tags" in changed["memory"]) == (
        "Lives in Oslo",
        0.5,
        False,
    )
    assert "Lives in Rome" in memproc_in("update", "m.db", one, "--revert")[1]
    assert memproc_in("trace", "m.db", one[:20])[1].startswith(one)
    assert memproc_in("forget", "m.db", one[:20])[1] == "3 observations forgotten\n"
    assert memproc_in("show", "m.db", one)[0] == 1


def test_faults_of_what_is_added_or_changed_are_told(memproc_in):
    """And the command exits with 1."""
    one = memproc_in("add", "m.db", "Lives in Rome")[1].split()[1]
    for command in (("add", "m.db", "x"), ("update", "m.db", one)):
        code, out, _ = memproc_in(*command, "--set", "importance=7", "--json")
        assert (code, [fault["path"] for fault in json.loads(out)["errors"]]) == (1, ["importance"])
    for wrong in (["update", "m.db", one], ["update", "m.db", one, "x", "--revert"], ["add", "m.db", "x", "--set", "tags"]):
        assert memproc_in(*wrong)[0] == 2


def test_pages_are_listed_one_after_the_other(memproc_in):
    """Each ends with what to give for the next."""
    for at in range(5):
        memproc_in("add", "m.db", f"Ran {at + 3} kilometres", "--set", f"created_at=2025-01-0{at + 1}")
    first = as_json(memproc_in("list", "m.db", "--limit", "3", "--json"))
    rest = as_json(memproc_in("find", "m.db", "--limit", "3", "--after", first["after"], "--json"))
    contents = [memory["content"] for page in (first, rest) for memory in page["memories"]]
    assert contents == [f"Ran {at} kilometres" for at in (7, 6, 5, 4, 3)]
    assert rest["after"] is None
    going_on = f"there are more:\n  memproc list m.db --namespace default --limit 3 --after {first['after']}\n"
    for page in (("--limit", "3"), ("--after", "999999999999999999.0f7cd910ad008365b21f0815672ec2c4", "--limit", "3")):
        assert memproc_in("list", "m.db", "--namespace", "default", *page)[1].endswith(going_on)


def test_all_of_a_person_is_forgotten(memproc_in):
    """With a receipt, and without anything removed on trial."""
    for name in ("ann", "bob"):
        memproc_in("add", "m.db", "Lives in Rome", "--namespace", name)
    assert "would be forgotten" in memproc_in("forget", "m.db", "--namespace", "ann", "--dry-run")[1]
    assert as_json(memproc_in("forget", "m.db", "--namespace", "ann", "--json"))["observations"] == 1
    assert len(as_json(memproc_in("list", "m.db", "--json"))["memories"]) == 1
    assert memproc_in("forget", "m.db")[0] == 2


def test_a_class_of_ones_own_is_named(memproc_in, tmp_path):
    """Its fields are added, shown and changed."""
    (tmp_path / "mine_of_test.py").write_text(SCHEMA)
    own = ("--schema", "mine_of_test:Mine", "--json")
    one = as_json(memproc_in("add", "m.db", "Lives in Rome", "--set", "mood=glad", *own))["memory"]
    assert one["mood"] == "glad"
    assert as_json(memproc_in("update", "m.db", one["id"], "--set", "mood=sad", *own))["memory"]["mood"] == "sad"
    assert as_json(memproc_in("find", "m.db", *own))["memories"][0]["mood"] == "sad"


def test_a_text_of_many_lines_is_one_line_of_a_list(memproc_in):
    """A long one is cut there, and marks that steer a terminal are written out; JSON and `show` give it whole."""
    text = "A plan:\n1. pack\n\n2. go \x1b[2J" + "word " * 100
    memproc_in("add", "m.db", text)
    memproc_in("add", "m.db", "Prefers tea")
    for command in ("find", "list"):
        told = memproc_in(command, "m.db")[1].splitlines()
        assert len(told) == 2
        line = next(line for line in told if "A plan: 1. pack 2. go \\x1b[2Jword" in line)
        assert len(line) <= 32 + 2 + 320
        whole = {memory["content"] for memory in as_json(memproc_in(command, "m.db", "--json"))["memories"]}
        assert text.strip() in {one.strip() for one in whole}


def test_forget_without_anything_to_forget_tells_the_options(memproc_in):
    """In the words of the command line."""
    memproc_in("add", "m.db", "Prefers tea")
    code, _, err = memproc_in("forget", "m.db")
    assert (code, "give an ID, or --namespace and --subject, which may be tried with --dry-run" in err) == (2, True)
