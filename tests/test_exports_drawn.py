"""Files of all systems, drawn: what is read is what was drawn, and what is left out is told."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings

import memproc
from memproc.formats import FORMATS
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.intake import Intake
from memproc.testing import EXPORTS, SOME, Said, exports, sample_export
from tests.exports import exported

EXAMPLES = max(1, settings.default.max_examples // 3 - 1)  # beside the one that has each sort of piece
NAMES = sorted(EXPORTS)
LOST = ("content", "namespace", "subject", "conversation", "id", "created_at", "tags", "relations", "valid_to")


def needs(name):
    """Skip a test where what reads the file is not installed."""
    if name == "table":
        pytest.importorskip("pyarrow")


def as_said(memory, expected):
    """Return what a memory says, with what memproc makes as `expected` has it."""
    made = {name: SOME for name in ("id", "conversation") if getattr(expected, name, None) == SOME and getattr(memory, name)}
    relations = tuple((one.type, one.target) for one in memory.relations)
    told = {name: getattr(memory, name) for name in Said._fields if name != "relations"}
    return Said(**{**told, "relations": relations, **made})


def check_read(export, path):
    """Compare each memory with what was drawn, in order."""
    found = list(read_file(path, Asked(None if export.is_told else export.format)))
    assert not [one for one in found if isinstance(one, memproc.Rejected)]
    padded = [*export.memories, *[None] * len(found)]
    assert [as_said(one, expected) for one, expected in zip(found, padded, strict=False)] == [*export.memories]


def check_told(export, path):
    """Find the format by the shape of the file, and count all that is no memory by its kind."""
    report = memproc.ingest(path, "sqlite://", dry_run=True, format=None if export.is_told else export.format)
    assert (report.format, report.read, report.quarantined) == (export.format, len(export.memories), 0)
    assert Counter(report.left_out) == Counter(export.left_out)


def test_each_format_has_a_strategy():
    """A new one needs one too; `companion` is what lies beside the files of another."""
    drawn = {system.format or name for name, system in EXPORTS.items()} | {"companion"}
    assert {known.name for known in FORMATS} == drawn


@pytest.mark.parametrize("name", NAMES)
def test_what_is_drawn_is_read(name):
    """Told by its shape, with whose it is, who said it where and when; and the rest is counted."""
    needs(name)

    @settings(max_examples=EXAMPLES)
    @given(exports(name))
    @example(sample_export(name))
    def look(export):
        with TemporaryDirectory() as folder:
            path = Path(folder) / export.file
            path.write_bytes(export.data)
            check_read(export, path)
            check_told(export, path)

    look()


@pytest.mark.parametrize("name", NAMES)
def test_a_reader_that_loses_something_is_noticed(name, tmp_path, monkeypatch):
    """A memory, or any of the fields that the file gives it."""
    needs(name)
    export = sample_export(name)
    path = tmp_path / export.file
    path.write_bytes(export.data)
    whole = Intake.draft
    check_read(export, path)
    monkeypatch.setattr(Intake, "draft", lambda intake, piece: whole(intake, piece)[1:])
    with pytest.raises(AssertionError):
        check_read(export, path)
    empty = {**Said("")._asdict(), "content": "x", "created_at": None}
    for field in LOST:
        if all(getattr(one, field) == empty[field] for one in export.memories):
            continue

        def without(intake, piece, field=field):
            return [one.model_copy(update={field: empty[field]}) for one in whole(intake, piece)]

        monkeypatch.setattr(Intake, "draft", without)
        with pytest.raises(AssertionError):
            check_read(export, path)


@pytest.mark.parametrize("name", ["chatgpt", "claude", "graphiti", "langgraph", "markdown", "mcp-memory", "mem0", "slack"])
def test_what_is_read_of_an_export_is_the_same_again(name, tmp_path):
    """From the file, and from what the store exports of it."""
    export = sample_export(name)
    path = tmp_path / export.file
    path.write_bytes(export.data)
    with memproc.open(tmp_path / "one.db") as one, memproc.open(tmp_path / "two.db") as two:
        memproc.ingest(path, one)
        assert memproc.ingest(path, one).stored == 0
        one.export(tmp_path / "out.jsonl", full=True)
        memproc.ingest(tmp_path / "out.jsonl", two)
        assert exported(two, full=True) == exported(one, full=True)


@given(exports())
def test_any_system_may_be_asked_for(export):
    """And each export names its own."""
    assert export.name in EXPORTS
    assert os.path.basename(export.file) == export.file  # noqa: PTH119 - a name, and no path


def test_a_sample_has_each_sort_and_is_the_same_each_time():
    """What a system writes does not depend on chance."""
    assert sample_export("chatgpt") == sample_export("chatgpt")
    assert set(sample_export("slack").left_out) == {"service", "media", "companions"}
    with pytest.raises(memproc.UsageError, match="chatgpt"):
        sample_export("nonsense")
