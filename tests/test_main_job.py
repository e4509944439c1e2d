"""The main job: real files into a database, each record exactly once."""

from __future__ import annotations

import json
import random
import subprocess
import sys

import pytest

import memproc
from benchmarks.corpus import make_corpus
from tests.conftest import ROOT
from tests.events import batches
from tests.test_laws import exported

FIXTURES = sorted(
    path for path in (ROOT / "fixtures").iterdir() if path.suffix in (".json", ".jsonl", ".csv", ".af", ".txt", ".md")
)
FORMAT_OF = {
    "chatgpt.json": "chatgpt",
    "chats.json": "chat",
    "claude-code.jsonl": "claude-code",
    "codex.jsonl": "codex",
    "deepseek.json": "deepseek",
    "discord.json": "discord",
    "grok.json": "grok",
    "librechat.json": "librechat",
    "longmemeval.json": "longmemeval",
    "messages.json": "messages",
    "openwebui.json": "openwebui",
    "sillytavern.jsonl": "sillytavern",
    "slack.json": "slack",
    "telegram.json": "telegram",
    "claude.json": "claude",
    "claude-memories.json": "claude-memories",
    "claude-projects.json": "claude-projects",
    "gemini.json": "gemini",
    "copilot.csv": "copilot",
    "instagram.json": "instagram",
    "gemini.html": "gemini",
    "langmem.json": "langmem",
    "letta-memfs.md": "letta-memfs",
    "okf.md": "okf",
    "locomo.json": "locomo",
    "mem0.json": "mem0",
    "mem0-plugin.md": "mem0-plugin",
    "memories.csv": "csv",
    "note.md": "markdown",
    "memories.jsonl": "json",
    "memories.txt": "text",
    "memproc-v0.jsonl": "memproc-v0",
    "whatsapp.txt": "whatsapp",
    "mcp-memory.jsonl": "mcp-memory",
    "langgraph.json": "langgraph",
    "letta.af": "letta",
    "graphiti.json": "graphiti",
    "openmemory.json": "openmemory",
    "memos.json": "memos",
    "mem0-history.json": "mem0-history",
    "mcp-memory-service.json": "mcp-memory-service",
    "memori.json": "memori",
    "letta-store.json": "letta-store",
}


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_every_fixture_is_told_by_its_shape_and_accounted_for(fresh, path):
    """The format is found, the sum is exact, and reading it again adds nothing."""
    with fresh() as store:
        report = memproc.ingest(path, store)
        assert report.format == FORMAT_OF[path.name]
        assert report.stored > 0
        assert store.recount().is_whole
        before = exported(store)
        again = memproc.ingest(path, store)
        assert (again.stored, again.merged) == (0, 0)
        assert exported(store) == before
        assert store.rebuild() == (0, 0)


@pytest.mark.slow
def test_locomo_is_accounted_for(fresh, locomo):
    """5,882 turns and 2,541 observations, speaker as subject, session date on each; again: all duplicate."""
    with fresh() as store:
        report = memproc.ingest(locomo, store)
        assert report.read == 5_882 + 2_541 == report.stored + report.duplicate + report.merged
        assert report.quarantined == 0
        assert report.left_out == {"summaries": 272, "events": 669, "questions": 1_986, "dates_without_session": 16}
        assert all(memory.subject and memory.created_at for memory in store)
        assert {memory.namespace for memory in store} == {f"conv-{number}" for number in (26, 30, 41, 42, 43, 44, 47, 48, 49, 50)}
        kinds = [line["kind"] for line in exported(store, full=True) if "kind" in line]  # but the head
        assert (kinds.count("message"), kinds.count("fact")) == (5_882, 2_541)
        again = memproc.ingest(locomo, store)
        assert (again.stored, again.merged, again.duplicate) == (0, 0, 8_423)
        assert store.recount().is_whole


@pytest.mark.costly
def test_a_line_put_on_top_is_one_new_observation(fresh, tmp_path):
    """Identity is by content, never by position: one line on top of 1,000 without ids adds one observation."""
    lines = [json.dumps({"content": f"She visited place number {number} with a friend"}) for number in range(1_000)]
    path = tmp_path / "lines.jsonl"
    with fresh() as store:
        path.write_text("\n".join(lines))
        assert memproc.ingest(path, store).stored == 1_000
        path.write_text("\n".join([json.dumps({"content": "A new thing on top"}), *lines]))
        report = memproc.ingest(path, store)
        assert (report.stored, report.duplicate) == (1, 1_000)
        assert store.stats()["observations"] == 1_001


@pytest.mark.costly
def test_batch_size_order_and_splitting_give_the_same_export(fresh):
    """On a corpus of everything: batch sizes 1, 7, 1,000 and all, shuffled input, and two files after one another."""
    records = [{"content": entry.content, "metadata": {"n": at}} for at, entry in enumerate(make_corpus(records=200, seed=3))]
    shuffled = list(records)
    random.Random(1).shuffle(shuffled)
    exports = []
    for sources, size in (
        ([records], 1),
        ([records], 7),
        ([records], 1_000),
        ([shuffled], 50),
        ([records[:75], records[75:]], 100_000),
    ):
        with fresh() as store:
            for source in sources:
                memproc.ingest(source, store, settings=memproc.Settings(batch_size=size))
            exports.append(exported(store))
            assert store.rebuild() == (0, 0)
            assert exported(store) == exports[-1]
    assert all(export == exports[0] for export in exports)


HOSTILE = {
    "truncated.jsonl": (b'{"content": "good one"}\n{"content": "good two"}\n{"content": "cut of', 2, 1),
    "truncated.json": (b'[{"content": "good one"}, {"content": "good two"}, {"content": "cut of', 2, 1),
    "bom.jsonl": (b'\xef\xbb\xbf{"content": "good one"}\n{"content": "good two"}\n', 2, 0),
    "bom.json": (b'\xef\xbb\xbf[{"content": "good one"}, {"content": "good two"}]', 2, 0),
    "nul.jsonl": (
        b'{"content": "good one"}\n{"content": "a \x00 byte"}\n{"content": "an escaped \\u0000"}\n{"content": "good two"}',
        2,
        2,
    ),
    "surrogates.jsonl": (b'{"content": "good one"}\n{"content": "lone \\ud800"}\n{"content": "good two"}', 2, 1),
    "latin.jsonl": (b'{"content": "good one"}\n{"content": "caf\xe9"}\n{"content": "good two"}', 2, 1),
    "nan.jsonl": (b'{"content": "good one"}\n{"content": "x", "importance": NaN}\n{"content": "good two"}', 2, 1),
    "nan.json": (b'[{"content": "good one"}, {"content": "x", "importance": NaN}, {"content": "good two"}]', 2, 1),
    "long integer.jsonl": (b'{"content": "good one"}\n{"content": "x", "metadata": {"n": 123456789012345678901234567890}}\n', 1, 1),
    "long line.jsonl": (b'{"content": "good one"}\n{"content": "' + b"x" * 10_000_000 + b'"}\n{"content": "good two"}', 2, 1),
    "deep 300.jsonl": (b'{"content": "good one"}\n{"content": "x", "metadata": {"a": ' + b"[" * 300 + b"]" * 300 + b"}}\n", 1, 1),
    "deep 10000.jsonl": (
        b'{"content": "good one"}\n{"content": "x", "metadata": {"a": ' + b"[" * 10_000 + b"]" * 10_000 + b"}}\n",
        1,
        1,
    ),
    "deep 10000.json": (
        b'[{"content": "good one"}, {"content": "x", "metadata": {"a": '
        + b"[" * 10_000
        + b"]" * 10_000
        + b'}}, {"content": "good two"}]',
        2,
        1,
    ),
    "twice.jsonl": (b'{"content": "good one"}\n{"content": "a", "content": "b"}\n', 1, 1),
    "not objects.jsonl": (b'{"content": "good one"}\n[1, 2]\n"text"\nnull\n7\n{"content": "good two"}', 2, 4),
    "blank.jsonl": (b'\n\n{"content": "good one"}\n   \n\r\n{"content": "good two"}\r\n\n', 2, 0),
    "empty.jsonl": (b"", 0, 0),
    "empty.json": (b"", 0, 0),
    "white.json": (b" \n\t ", 0, 0),
    "an empty array.json": (b"[]", 0, 0),
    "garbage.jsonl": (b"no json at all\nnor here\n", 0, 2),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_keeps_its_good_neighbours(fresh, tmp_path, name):
    """What is broken is quarantined with its bytes, what stands beside it is stored, and the sum is exact."""
    content, stored, quarantined = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(content)
    with fresh() as store:
        report = memproc.ingest(path, store)
        assert (report.stored, report.quarantined) == (stored, quarantined)
        assert store.recount().is_whole
        for rejected in store.quarantine():
            assert rejected.raw in content
            assert rejected.faults[0].hint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("archive.json", b"7z\xbc\xaf\x27\x1c" + bytes(50), "compressed"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 20, "picture"),
        ("prose.txt", b"It was a dark and stormy night.\nThe rain fell.\n", "no JSON"),
        ("other.json", b'[{"colour": "red", "size": 7}]', "no known format"),
    ],
)
def test_what_is_no_source_at_all_is_told_clearly(tmp_path, name, content, message):
    """A SourceError before anything is written."""
    (tmp_path / name).write_bytes(content)
    with pytest.raises(memproc.SourceError, match=message):
        memproc.ingest(tmp_path / name, tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


@pytest.mark.slow
def test_a_large_array_is_streamed(tmp_path):
    """A JSON array of 200 MB is read with less than 150 MB of memory above what the imports take."""
    path = tmp_path / "large.json"
    sentence = "the quick brown fox jumps over the lazy dog near the river bank while it rains "
    with path.open("w") as file:
        for number in range(50_000):
            file.write(
                ("[" if number == 0 else ",\n") + json.dumps({"content": f"{number} " + sentence * 51, "metadata": {"n": number}})
            )
        file.write("]")
    assert path.stat().st_size > 200_000_000
    code = (
        "import sys, memproc\nfrom memproc.resources import peak_rss_bytes\n"
        "memproc.ingest([{'content': 'warm up'}], 'warm.db')\nbase = peak_rss_bytes()\n"
        "report = memproc.ingest(sys.argv[1], 'm.db', settings=memproc.Settings(dedup='exact'))\n"
        "print(report.stored, peak_rss_bytes() - base)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=300
    )
    stored, above = map(int, done.stdout.split())
    assert stored == 50_000
    assert above < 150 * 1024 * 1024


def test_a_wrapped_list_gives_its_head_and_streams(fresh, tmp_path):
    """`{"results": [...]}` is a list with a head, whatever stands before it."""
    path = tmp_path / "wrapped.json"
    path.write_text(
        json.dumps({"count": 2, "results": [{"id": str(n), "memory": f"likes thing {n}", "user_id": "a"} for n in range(2)]})
    )
    with fresh() as store:
        report = memproc.ingest(path, store)
        assert (report.format, report.stored) == ("mem0", 2)


def test_several_files_are_one_job(fresh, tmp_path):
    """Read in the order given, under one job."""
    for name in ("one", "two"):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps({"content": f"memory of file {name}"}))
    with fresh() as store:
        report = memproc.ingest([tmp_path / "one.jsonl", tmp_path / "two.jsonl"], store)
        assert (report.job, report.stored, report.batches) == (1, 2, 2)
        assert len(store.jobs()) == 1


def test_the_caller_sees_progress(fresh):
    """After each batch, with counts that rise."""
    seen = []
    with fresh() as store:
        source = [{"content": f"memory number {number} of ten"} for number in range(10)]
        memproc.ingest(source, store, settings=memproc.Settings(batch_size=4), on_event=batches(seen.append))
    assert [progress.read for progress in seen] == [4, 8, 10]


@pytest.mark.costly
def test_a_share_of_errors_is_judged_from_the_hundredth_record_on(fresh):
    """Ten bad records at the start do not stop a job that tolerates half; sixty of a hundred do."""
    good = [{"content": f"memory number {number} of many"} for number in range(200)]
    settings = memproc.Settings(max_errors=0.5, batch_size=10)
    with fresh() as store:
        assert memproc.ingest([{"content": ""}] * 10 + good, store, settings=settings).status == "done"
    with fresh() as store:
        report = memproc.ingest([{"content": ""}] * 60 + good, store, settings=settings)
        assert (report.status, report.read) == ("stopped", 100)


def test_an_iterator_cannot_be_validated_before():
    """It would have to be read twice."""
    with pytest.raises(memproc.UsageError, match="reads twice"):
        memproc.ingest(iter([{"content": "x"}]), "m.db", settings=memproc.Settings(validate="before"))
