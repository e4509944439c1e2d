"""Bars of tqdm and rich, by the packages themselves."""

from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console
from rich.progress import Progress

import memproc
from memproc.integrations.rich_bar import rich_bar
from tests.events import batches

pytest.importorskip("tqdm")
from memproc.integrations.tqdm import tqdm_bar

SETTINGS = memproc.Settings(batch_size=10)


@pytest.fixture
def path(tmp_path):
    """Give a file of forty records, one of them bad."""
    path = tmp_path / "a.jsonl"
    records = [{"content": "" if number == 7 else f"Has {number} hens"} for number in range(40)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_tqdm_shows_bytes_outcomes_and_the_end(tmp_path, path):
    """One callback serves two jobs, each with a bar of its own."""
    shown = io.StringIO()
    bar = tqdm_bar(file=shown, mininterval=0, ncols=100)
    memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=bar)
    assert "job 1: 100%" in shown.getvalue()
    assert "stored=39, quarantined=1" in shown.getvalue()
    memproc.ingest(iter([{"content": "Has a dog"}]), tmp_path / "m.db", settings=SETTINGS, on_event=bar)
    assert "job 2: 1 records" in re.sub(" +", " ", shown.getvalue())


def test_tqdm_begins_where_a_job_goes_on(tmp_path, path):
    """What an earlier run read is not counted into the rate."""

    def stop(_progress):
        raise KeyboardInterrupt

    with pytest.raises(memproc.Interrupted):
        memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=batches(stop))
    shown = io.StringIO()
    memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, resume=True, on_event=tqdm_bar(file=shown, mininterval=0))
    assert "100%" in shown.getvalue()


def test_rich_shows_a_bar_of_its_own(tmp_path, path):
    """With records, quarantined ones, and the time left."""
    shown = io.StringIO()
    console = Console(file=shown, force_terminal=True, width=120)
    report = memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=rich_bar(console=console))
    assert report.notes == []
    assert "job 1" in shown.getvalue()
    assert "100%, 40 records, 1 quarantined, 0-0 s left" in shown.getvalue()


def test_rich_adds_a_task_to_a_display(tmp_path, path):
    """Which its owner goes on with."""
    with Progress(console=Console(file=io.StringIO(), force_terminal=True)) as progress:
        memproc.ingest(path, tmp_path / "m.db", settings=SETTINGS, on_event=rich_bar(progress))
        (task,) = progress.tasks
        assert (task.description, task.completed, task.total) == ("job 1", path.stat().st_size, path.stat().st_size)
        assert not progress.finished or progress.live.is_started
