"""The command line as a person or a script meets it: a process of its own, its output and its exit code."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress

import pytest

import memproc
from memproc.formats import FORMATS
from tests.command_line import as_json
from tests.waiting import LIMIT_SECONDS, until

GOOD = '{"content": "Prefers tea", "tags": ["drinks"]}\n{"content": "Really prefers tea"}\n{"content": "Has a dog"}\n'
BAD = GOOD + '{"content": "Likes it", "importance": 7}\n'


@pytest.fixture
def run(memproc_in, tmp_path):
    """Give a function that runs memproc beside two files and returns (exit code, standard output, standard error)."""
    (tmp_path / "good.jsonl").write_text(GOOD)
    (tmp_path / "bad.jsonl").write_text(BAD)
    return memproc_in


COMMANDS = [
    "ingest",
    "validate",
    "transform",
    "formats",
    "export",
    "stats",
    "trace",
    "unmerge",
    "forget",
    "rebuild",
    "index",
    "review",
    "recall",
    "calibrate",
    "quarantine",
    "backup",
    "doctor",
    "retry",
]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_json(run, command):
    """Each command tells of itself and can answer a script."""
    code, told, _ = run(command, "--help")
    assert code == 0
    assert "--json" in told


def test_ingest_prints_the_fields_of_the_contract(run):
    """One JSON object with every field that the contract names, and the sum exact."""
    report = as_json(run("ingest", "bad.jsonl", "--into", "m.db", "--json"))
    named = (
        "job status format namespace read stored duplicate merged quarantined review batches seconds records_per_second "
        "peak_rss_mb candidates verified workers errors"
    )
    assert set(named.split()) <= report.keys()
    assert report["read"] == report["stored"] + report["duplicate"] + report["merged"] + report["quarantined"] == 4
    assert report["errors"] == {"validation": 1}
    assert report["workers"][0]["records"] == 4


def test_the_settings_that_advice_names_are_options(run, tmp_path):
    """Of ingest, and of retry where it takes what was refused."""
    lines = [
        {"content": "short"},
        {"content": "x" * 3_000},
        {"content": "deep", "metadata": {"a": {"b": {"c": 1}}}},
        {"content": "many", "metadata": {str(at): at for at in range(40)}},
        {"content": "x", "created_at": "hunter2"},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    limits = ("--max-record", "2KB", "--max-fields", "20", "--max-depth", "2", "--durability", "full", "--redact", "--tracebacks")
    code, out, err = run("ingest", "a.jsonl", "--into", "m.db", *limits, "--json")
    report = json.loads(out)
    assert (code, report["stored"], report["errors"]) == (0, 1, {"resource": 3, "validation": 1})
    assert "hunter2" not in out + err
    with memproc.open(tmp_path / "m.db") as store:
        codes = {fault.code for one in store.quarantine() for fault in one.faults}
        assert codes == {"record_too_long", "nested_too_deep", "too_many_fields", "date_unparsable"}
    code, out, _ = run("retry", "m.db", "--code", "too_many_fields", "--max-fields", "30", "--json")
    assert (code, json.loads(out)["quarantined"]) == (1, 1)
    for which in (("too_many_fields", "--max-fields", "50"), ("nested_too_deep", "--max-depth", "3")):
        code, out, _ = run("retry", "m.db", "--code", *which, "--json")
        assert (code, json.loads(out)["stored"]) == (0, 1)


TRIES = 6
INTERRUPTIBLE = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # a shell may have had it ignored
    "from memproc.cli.main import main; main()"
)


def after_signals(process):
    """Interrupt a process, and again if it does not end, as a person would: Python misses a signal that comes right before a read
    that waits. Return its standard output and standard error.
    """
    for _ in range(TRIES - 1):
        process.send_signal(signal.SIGINT)
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(timeout=LIMIT_SECONDS / TRIES)
    process.send_signal(signal.SIGINT)
    return process.communicate(timeout=LIMIT_SECONDS / TRIES)


def interrupted(tmp_path, *arguments, when):
    """Run memproc until something is so, and interrupt it; return (exit code, standard output, standard error)."""
    command = [sys.executable, "-c", INTERRUPTIBLE, *arguments]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            until(when)
            told = after_signals(process)
        finally:
            process.kill()
    return process.returncode, *told


def landed(path):
    """Tell whether a store has a few batches."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            return connection.execute("SELECT count(*) FROM memproc_batches").fetchone()[0] > 2
    except sqlite3.Error:
        return False


@pytest.mark.slow
def test_an_interrupted_ingestion_tells_what_it_did_and_goes_on(run, tmp_path):
    """The JSON object, a message, and the exit code of what was stopped."""
    lines = [json.dumps({"content": f"She keeps {number} hens and feeds them"}) + "\n" for number in range(10_000)]
    (tmp_path / "long.jsonl").write_text("".join(lines))
    ingest = ("ingest", "long.jsonl", "--into", "m.db", "--batch-size", "20", "--json")
    code, out, err = interrupted(tmp_path, *ingest, when=lambda: landed(tmp_path / "m.db"))
    report = json.loads(out)
    assert (code, report["status"]) == (1, "interrupted")
    assert 0 < report["read"] == report["stored"] < 10_000
    assert "interrupted: --resume goes on behind the last batch" in err
    assert as_json(run("jobs", "m.db", "--json"))["jobs"][0]["status"] == "interrupted"
    going_on = ("ingest", "long.jsonl", "--into", "m.db", "--resume", "--dedup", "near", "--json")
    assert (as_json(run(*going_on))["read"], as_json(run("jobs", "m.db", "--json"))["jobs"][0]["runs"]) == (10_000, 2)


@pytest.mark.costly
def test_any_command_that_is_interrupted_ends_with_1(tmp_path):
    """Here one that waits at a pipe."""
    os.mkfifo(tmp_path / "pipe.jsonl")
    writing = []

    def is_opened():
        with suppress(OSError):  # as long as nobody opens it to read
            writing.append(os.open(tmp_path / "pipe.jsonl", os.O_WRONLY | os.O_NONBLOCK))
        return writing

    code, out, _ = interrupted(tmp_path, "validate", "pipe.jsonl", "--json", when=is_opened)
    os.close(*writing)
    assert (code, json.loads(out)) == (1, {"error": "interrupted"})


def test_a_second_time_everything_is_duplicate(run):
    """Reading the same file again stores nothing."""
    run("ingest", "good.jsonl", "--into", "m.db")
    report = as_json(run("ingest", "good.jsonl", "--into", "m.db", "--json"))
    assert (report["stored"], report["merged"], report["duplicate"]) == (0, 0, 3)


@pytest.mark.costly
def test_the_life_of_a_store(run, tmp_path):
    """ingest, stats, export, trace, unmerge, undo, rebuild, quarantine, forget: each does what it says."""
    run("ingest", "bad.jsonl", "--into", "m.db")
    assert as_json(run("stats", "m.db", "--json"))["recount"]["is_whole"] is True
    assert as_json(run("export", "m.db", "--to", "out.jsonl", "--json"))["lines"] == 2
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    tea = next(line for line in lines if len(line["observations"]) == 2)
    told = as_json(run("trace", "m.db", tea["id"], "--json"))
    assert told["memory"]["content"] == "Really prefers tea"
    assert [entry["reason"] for entry in told["ledger"] if entry["kind"] == "similar"] == ["adds 'Really'"]
    observation = tea["observations"][0]["observation"]
    assert as_json(run("unmerge", "m.db", observation, "--json"))["memories"] == 3
    assert as_json(run("unmerge", "m.db", observation, "--undo", "--json"))["memories"] == 2
    assert as_json(run("rebuild", "m.db", "--json")) == {"memories": 2, "fewer": 0, "more": 0}
    (bad,) = as_json(run("quarantine", "m.db", "--json"))["quarantined"]
    assert (bad["position"], bad["faults"][0]["path"]) == (3, "importance")
    assert as_json(run("forget", "m.db", tea["id"], "--json"))["observations"] == 2
    assert as_json(run("trace", "m.db", tea["id"], "--json"))["memory"] is None
    assert "was forgotten" in run("trace", "m.db", tea["id"])[1]
    assert as_json(run("stats", "m.db", "--json"))["memories"] == 1


def test_validate_and_transform_need_no_store(run, tmp_path):
    """They show what is wrong, or what a record becomes."""
    faults = as_json(run("validate", "bad.jsonl", "--json"), code=1)
    assert (faults["valid"], faults["invalid"], faults["errors"][0]["hint"] != "") == (3, 1, True)
    (tmp_path / "old.json").write_text('{"results": [{"id": "1", "memory": "Likes badminton", "user_id": "alice"}]}')
    code, lines, _ = run("transform", "old.json", "--format", "mem0")
    assert code == 0
    assert json.loads(lines)["namespace"] == "alice"
    assert not (tmp_path / "m.db").exists()


def test_formats_lists_every_format(run):
    """With what each reads on request only."""
    names = {known["name"] for known in as_json(run("formats", "--json"))["formats"]}
    assert names == {known.name for known in FORMATS}


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("--strict",), 1, "done"),
        (("--max-errors", "0"), 1, "stopped"),
        (("--max-errors", "1"), 0, "done"),
        (("--max-errors", "50%"), 0, "done"),
        (("--on-error", "stop"), 1, "stopped"),
        (("--validate", "before"), 1, "refused"),
    ],
)
def test_tolerance_decides_the_exit_code(run, arguments, code, status):
    """1 where the job was stopped, refused, or --strict and something was quarantined; the JSON object is there all the same."""
    report = as_json(run("ingest", "bad.jsonl", "--into", "m.db", "--json", *arguments), code=code)
    assert report["status"] == status


def test_validate_before_writes_nothing_if_a_record_is_invalid(run, tmp_path):
    """All or nothing."""
    as_json(run("ingest", "bad.jsonl", "--into", "m.db", "--validate", "before", "--json"), code=1)
    assert not (tmp_path / "m.db").exists()


def test_on_error_stop_commits_the_batch_without_the_bad_record(run, tmp_path):
    """The batch of the first bad record commits without it, then the job stops."""
    (tmp_path / "late.jsonl").write_text(
        GOOD.splitlines()[0] + '\n{"content": ""}\n{"content": "Has a dog"}\n{"content": "Has a cat"}\n'
    )
    as_json(run("ingest", "late.jsonl", "--into", "m.db", "--on-error", "stop", "--batch-size", "2", "--json"), code=1)
    stats = as_json(run("stats", "m.db", "--json"))
    assert (stats["memories"], stats["quarantine"]) == (1, 1)


def test_a_dry_run_tells_and_writes_nothing(run, tmp_path):
    """The counts are those of the real run; the store stays as it was, or is not made at all."""
    report = as_json(run("ingest", "bad.jsonl", "--into", "m.db", "--dry-run", "--json"))
    assert (report["status"], report["stored"], report["merged"], report["quarantined"]) == ("rehearsed", 2, 1, 1)
    assert not (tmp_path / "m.db").exists()
    run("ingest", "good.jsonl", "--into", "m.db")
    before = as_json(run("stats", "m.db", "--json"))
    (tmp_path / "more.jsonl").write_text('{"content": "Plays chess"}\n{"content": "Has a dog"}\n')
    report = as_json(run("ingest", "more.jsonl", "--into", "m.db", "--dry-run", "--json"))
    assert (report["stored"], report["duplicate"]) == (1, 1)
    assert as_json(run("stats", "m.db", "--json")) == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ingest", "missing.jsonl", "--into", "m.db"), "does not exist"),
        (("ingest", "good.jsonl"), "--into"),
        (("ingest", "empty", "--into", "m.db"), "no file that can be read"),
        (("ingest", "good.jsonl", "--into", "m.db", "--format", "wrong"), "choose one of"),
        (("ingest", "good.jsonl", "--into", "m.db", "--batch-size", "0"), "batch_size"),
        (("ingest", "good.jsonl", "--into", "m.db", "--batch-size", "many"), "no number"),
        (("ingest", "good.jsonl", "--into", "m.db", "--max-errors", "200%"), "share"),
        (("ingest", "good.jsonl", "--into", "m.db", "--include", "nonsense"), "include"),
        (("ingest", "good.jsonl", "--into", "mongodb://x"), "not served"),
        (("ingest", "good.jsonl", "--into", "m.db", "--map", "content"), "FIELD=PATH"),
        (("stats", "missing.db"), "no store"),
        (("ingest",), "Missing"),
        (("nonsense",), "No such command"),
    ],
)
def test_wrong_use_exits_with_2_and_says_what_would_be_right(run, arguments, message, tmp_path):
    """No JSON, no store, a message on standard error."""
    (tmp_path / "empty").mkdir()
    code, told, error = run(*arguments)
    assert (code, told) == (2, "")
    assert message in error
    assert "Traceback" not in error
    assert not (tmp_path / "m.db").exists()


def test_an_unknown_id_exits_with_1(run):
    """The store is there, the memory is not."""
    run("ingest", "good.jsonl", "--into", "m.db")
    code, told, error = run("trace", "m.db", "00" * 16, "--json")
    assert code == 1
    assert json.loads(told)["error"]
    assert "no memory" in error


@pytest.mark.costly
def test_a_dry_run_shows_the_least_certain_merges(run, tmp_path):
    """Ten, the least certain first, with both texts and the difference; a real run shows none."""
    things = ("kitchen", "garden", "cellar", "attic", "hall", "study", "porch", "garage", "stable", "shed", "barn")
    lines = [{"content": f"She {filler}cleans the {thing} on Monday"} for thing in things for filler in ("", "really ")]
    lines.append({"content": "She cleans the kithcen on Monday"})
    (tmp_path / "many.jsonl").write_text("\n".join(map(json.dumps, lines)))
    merges = as_json(run("ingest", "many.jsonl", "--into", "m.db", "--dry-run", "--json"))["least_certain"]
    assert len(merges) == 10
    assert merges[0] == {
        "confidence": 0.95,
        "reason": "'kithcen' may be a typo for 'kitchen'",
        "one": "She cleans the kithcen on Monday",
        "other": "She cleans the kitchen on Monday",
    }
    assert [merge["confidence"] for merge in merges[1:]] == [0.99] * 9
    told = run("ingest", "many.jsonl", "--into", "m.db", "--dry-run")[1]
    assert "the least certain merges:\n  0.95  'kithcen' may be a typo" in told
    assert as_json(run("ingest", "many.jsonl", "--into", "m.db", "--json"))["least_certain"] == []


def test_a_csv_with_a_mapping(run, tmp_path):
    """Columns by their usual names, or where --map says."""
    (tmp_path / "table.csv").write_text("note,who,when,labels\nPrefers tea,alice,2024-01-01,drinks;home\n")
    options = ("--map", "content=note", "--map", "namespace=who", "--map", "created_at=when", "--map", "tags=labels")
    as_json(run("ingest", "table.csv", "--into", "m.db", "--json", *options))
    run("export", "m.db", "--to", "out.jsonl")
    memory = json.loads((tmp_path / "out.jsonl").read_text())
    assert (memory["namespace"], memory["tags"], memory["created_at"][:10]) == ("alice", ["drinks", "home"], "2024-01-01")


@pytest.mark.costly
def test_help_is_quick_to_import():
    """`memproc --help` loads none of the heavy libraries (what makes it slow is imports, so they are counted, not seconds)."""
    code = """
import sys
sys.argv = ["memproc", "--help"]
from memproc.cli.main import main
try:
    main()
except SystemExit:
    pass
print(*sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LIMIT_SECONDS)
    loaded = set(done.stdout.split())
    assert loaded.isdisjoint({"sqlalchemy", "numpy", "pydantic", "hypothesis", "rich"})


def test_the_version_is_told(run):
    """On standard output, and nothing else."""
    assert run("--version") == (0, f"memproc {memproc.__version__}\n", "")


def test_a_wrong_format_is_suspected_when_nothing_could_be_taken(run, tmp_path):
    """A format named by mistake quarantines everything, which is no success."""
    source = tmp_path / "a.jsonl"
    source.write_text('{"content": "She likes tea"}\n')
    report = as_json(run("ingest", source, "--into", tmp_path / "m.db", "--format", "chatgpt", "--json"), code=1)
    assert "is the format 'chatgpt' right?" in report["notes"][0]


def test_calibrate_reads_labels_and_tells_what_it_found(run, tmp_path):
    """Ids of records serve; a label that cannot be read is wrong use."""
    words = ["tea", "milk", "bread", "rice", "soup", "fish", "corn", "beans", "plums", "pears", "leeks", "limes", "dates"]
    records = [
        {"id": f"{kind}{at}", "content": f"{text} {word} at the old market hall"}
        for at, word in enumerate(words)
        for kind, text in (("a", "She buys"), ("b", "Every week she buys fresh"))
    ]
    (tmp_path / "r.jsonl").write_text("\n".join(json.dumps(record) for record in records))
    run("ingest", "r.jsonl", "--into", "m.db")
    rows = [f"a{at},b{at},true\na{at},b{(at + 1) % len(words)},false" for at in range(len(words))]
    (tmp_path / "labels.csv").write_text("\n".join(["one,other,same", *sorted("\n".join(rows).split("\n"))]))
    found = as_json(run("calibrate", "m.db", "labels.csv", "--json"))
    assert found["pairs"] == 2 * len(words)
    assert "memproc rebuild" in run("calibrate", "m.db", "labels.csv")[1]
    (tmp_path / "bad.csv").write_text("one,other,same\na0,b0,perhaps\n")
    code, _, told = run("calibrate", "m.db", "bad.csv")
    assert code == 2
    assert "label 0" in told


def test_unmerge_of_a_job_and_wrong_use_of_it(run):
    """All that the job merged, and back; not together with an id."""
    run("ingest", "good.jsonl", "--into", "m.db")
    assert as_json(run("unmerge", "m.db", "--job", 1, "--json"))["memories"] == 3
    assert run("unmerge", "m.db", "--job", 1)[1] == "nothing to do: nothing is merged there\n"
    assert as_json(run("unmerge", "m.db", "--job", 2, "--undo", "--json"))["decisions"] == []
    assert as_json(run("unmerge", "m.db", "--job", 1, "--undo", "--json"))["memories"] == 2
    assert run("unmerge", "m.db", "--job", 1, "--undo")[1] == "nothing to do: no decision on it is in force\n"
    for wrong in (("unmerge", "m.db"), ("unmerge", "m.db", "00", "--job", 1), ("unmerge", "m.db", "--undo")):
        assert run(*wrong)[0] == 2


def test_unmerge_tells_what_it_split_off_and_what_is_left(run, tmp_path):
    """Of a memory of three nodes the first is split off; what is left is named, with the way to split that."""
    texts = ("She likes the old house", "She really likes the old house", "Well, she likes the old house")
    (tmp_path / "house.jsonl").write_text("\n".join(json.dumps({"content": text}) for text in texts))
    run("ingest", "house.jsonl", "--into", "m.db")
    run("export", "m.db", "--to", "out.jsonl")
    (whole,) = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    found = as_json(run("unmerge", "m.db", whole["id"], "--json"))
    assert (found["memories"], len(found["decisions"]), len(found["rest"])) == (2, 2, 1)
    left = as_json(run("trace", "m.db", found["rest"][0], "--json"))["memory"]["content"]
    split_off = as_json(run("trace", "m.db", found["split_off"], "--json"))["memory"]["content"]
    told = run("unmerge", "m.db", found["rest"][0])[1]
    assert f"split off  {found['rest'][0]}" in told
    assert "to split what is left, unmerge that too" in told
    assert {left, split_off} <= set(texts)
    assert as_json(run("stats", "m.db", "--json"))["memories"] == 3


def test_the_note_on_forgetting_is_told(run, tmp_path):
    """Of what was forgotten the reason stays."""
    run("ingest", "good.jsonl", "--into", "m.db")
    run("export", "m.db", "--to", "out.jsonl")
    dog = next(json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines() if "dog" in line)
    run("forget", "m.db", dog["id"], "--note", "asked for: ticket 12")
    (line,) = [entry for entry in as_json(run("trace", "m.db", dog["id"], "--json"))["ledger"] if entry["kind"] == "forgotten"]
    assert line["reason"] == "asked for: ticket 12"


def test_recall_shows_what_the_index_missed(run, tmp_path):
    """Each pair with both texts, or how many there are."""
    text = "The recipe from Aisha needs 84 grams of pistachios and some {} sandwiches on the side of the plate"
    records = [{"content": text.format(word)} for word in ("cucumber", "cucmuberz")]
    (tmp_path / "r.jsonl").write_text("\n".join(map(json.dumps, records)))
    run("ingest", "r.jsonl", "--into", "m.db")
    found = as_json(run("recall", "m.db", "--json"))
    assert (found["facts"], found["alike"], found["found"], found["missed"]) == (2, 1, 1, [])
    assert run("recall", "m.db")[1].startswith("1 of 1 pair of 2 facts")


def test_settings_that_decide_are_options(run, tmp_path):
    """Of `ingest` for a new store, of `rebuild` for one that is there; a store keeps what it was built with."""
    (tmp_path / "typos.jsonl").write_text(
        "".join(f'{{"content": "Cooks in the {word} at night"}}\n' for word in ("kitchen", "kithcen"))
    )
    options = ("--merge-at", "0.98", "--recall", "high", "--review-at", "0.99")
    report = as_json(run("ingest", "typos.jsonl", "--into", "m.db", *options, "--json"))
    assert (report["stored"], report["merged"], report["review"]) == (2, 0, 0)
    with memproc.open(tmp_path / "m.db") as store:
        assert (store.policy.merge_at, store.policy.recall) == (0.98, "high")
    run("rebuild", "m.db", "--review-at", "0.9")
    assert len(as_json(run("review", "m.db", "--json"))["reviews"]) == 1
    assert as_json(run("rebuild", "m.db", "--merge-at", "0.8", "--recall", "standard", "--json"))["fewer"] == 1
    for wrong in (("--merge-at", "7"), ("--recall", "wide"), ("--review-at", "-1")):
        assert run("rebuild", "m.db", *wrong)[0] == 2


ALL_BAD = {
    "a.csv": ("key,body_text,at\n1,Likes tea,2025-01-01\n2,Sings,2025-01-02\n", "--map content=body_text"),
    "b.jsonl": (
        '{"key": 1, "payload": {"noteText": "Likes tea"}}\n{"key": 2, "payload": {"noteText": "Sings"}}\n',
        "payload.noteText",
    ),
    "c.jsonl": ('{"content": "Likes tea", "created_at": "soon"}\n', "nothing but created_at is wrong in what was read"),
}


@pytest.mark.parametrize("name", ALL_BAD)
def test_where_everything_was_quarantined_the_exit_code_and_a_note_say_so(run, tmp_path, name):
    """The names that there are, and what to try; with --redact none of them. A dry run tells the same."""
    text, advice = ALL_BAD[name]
    (tmp_path / name).write_text(text)
    named = () if name.startswith("c") else ("--format", "csv" if name.endswith("csv") else "json")
    for options in (("--dry-run",), ()):
        report = as_json(run("ingest", name, "--into", "m.db", *named, *options, "--json"), code=1)
        assert report["status"] in ("done", "rehearsed")
        assert advice in what_was_noted(report).replace("What", "what")
    report = as_json(run("ingest", name, "--into", "m.db", *named, "--resume", "--json"), code=1)  # nothing to do, and nothing done
    report = as_json(run("ingest", name, "--into", "r.db", *named, "--redact", "--json"), code=1)
    assert not any(word in what_was_noted(report) for word in ("body_text", "noteText", "created_at"))
    for command in ("validate", "transform"):
        code, _, told = run(command, name, *named)
        assert code == 1
        assert advice in told


def what_was_noted(report):
    """Return the notes of a report as one text."""
    return "\n".join(report["notes"])


def test_what_was_proposed_works(run, tmp_path):
    """The mapping in the note takes the records."""
    (tmp_path / "a.csv").write_text(ALL_BAD["a.csv"][0])
    report = as_json(run("ingest", "a.csv", "--into", "m.db", "--map", "content=body_text", "--json"))
    assert (report["stored"], report["quarantined"], report["notes"]) == (2, 0, [])


def test_a_file_in_no_known_format_is_refused_with_a_proposal(run, tmp_path):
    """And with none of its names where records are not to be shown."""
    (tmp_path / "x.jsonl").write_text('{"has_hiv": true, "doctors_note": "is ill"}\n' * 3)
    code, _, told = run("ingest", "x.jsonl", "--into", "m.db")
    assert code == 2
    assert "--map content=doctors_note" in told
    code, _, told = run("ingest", "x.jsonl", "--into", "m.db", "--redact")
    assert code == 2
    assert "has_hiv" not in told


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("empty.jsonl", "", 1),
        ("blank.jsonl", "\n\n", 1),
        ("list.json", "[]", 1),
        ("wrapped.json", '{"results": []}', 1),
        ("head.csv", "content,tags\n", 1),
        ("full.jsonl", '{"memproc_version": 1, "export": "full"}\n', 0),
    ],
)
def test_a_source_without_records_tells_what_to_try(run, tmp_path, name, text, code):
    """And exits with 1, so that a script notices; a full export says itself that it is empty."""
    (tmp_path / name).write_text(text)
    report = as_json(run("ingest", name, "--into", "m.db", "--json"), code)
    assert (report["status"], report["read"], len(report["notes"])) == ("done", 0, code)
    assert all("memproc inspect FILE" in note for note in report["notes"])


def test_some_quarantined_is_done(run, tmp_path):
    """As ever: only --strict makes one bad record a failure."""
    (tmp_path / "a.jsonl").write_text('{"content": "Likes tea"}\n{"content": "x", "importance": 7}\n')
    assert as_json(run("ingest", "a.jsonl", "--into", "m.db", "--json"))["quarantined"] == 1


def test_decisions_of_a_full_export_are_trusted_on_request(run, tmp_path):
    """By the option of that name; else they are left out and told."""
    (tmp_path / "a.jsonl").write_text('{"content": "Likes tea"}\n{"content": "Sings"}\n')
    run("ingest", "a.jsonl", "--into", "m.db")
    with memproc.open(tmp_path / "m.db") as store:
        store.forget(next(iter(store)).id)
    run("export", "m.db", "--to", "full.jsonl", "--full")
    report = as_json(run("ingest", "full.jsonl", "--into", "b.db", "--json"))
    assert (report["format"], report["read"], report["left_out"]) == ("memproc-full", 1, {"tombstones": 1})
    assert "--trust-decisions" in report["notes"][0]
    report = as_json(run("ingest", "full.jsonl", "--into", "c.db", "--trust-decisions", "--json"))
    assert (report["left_out"], report["notes"]) == ({}, [])
    run("export", "c.db", "--to", "again.jsonl", "--full")
    assert (tmp_path / "again.jsonl").read_bytes() == (tmp_path / "full.jsonl").read_bytes()


def test_trace_tells_what_was_so_in_the_course_of_time(run, tmp_path):
    """The oldest first, each with how it belongs there; of what never changed there is nothing to tell."""
    with memproc.open(tmp_path / "homes.db") as store:
        for year, city in ((2020, "Berlin"), (2021, "Paris"), (2023, "Berlin")):
            home = store.add({"content": f"Lives in {city}", "created_at": f"{year}-01-01"}).memory
        tea = store.add({"content": "Prefers tea"}).memory
        (review,) = store.reviews()
    told = as_json(run("trace", "homes.db", home.id, "--json"))
    assert [(step["date"][:4], step["content"], step["link"]) for step in told["history"]] == [
        ("2020", "Lives in Berlin", "told"),
        ("2021", "Lives in Paris", "offered"),
        ("2023", "Lives in Berlin", "current"),
    ]
    lines = run("trace", "homes.db", home.id)[1].splitlines()
    assert f"    2021-01-01T00:00:00.000000Z  Lives in Paris  (offered by review {review.number})" in lines
    assert any("  returned " in line for line in lines)
    assert "in the course of time" not in run("trace", "homes.db", tea.id)[1]
