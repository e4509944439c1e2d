"""Where the time goes is told by folder of memproc and by library, and adds up."""

from __future__ import annotations

from collections import Counter
from time import sleep

import pytest

pytest.importorskip("pyinstrument", reason="pyinstrument is not installed: pip install -e . --group quality")

import memproc
from benchmarks.__main__ import main
from benchmarks.corpus import Texts
from benchmarks.stages import HEADS, PACKAGE, REST, measure, text_table


@pytest.mark.costly
def test_an_ingestion_is_told_by_parts():
    """The folders of memproc, the driver and the libraries; none is told by its path."""
    parts = measure(Texts.ORDINARY, records=300, seed=1)
    assert {"driver", "sqlalchemy"} <= parts.keys()
    assert sum(part.startswith("memproc/") for part in parts) > 2
    assert not any(part.startswith("/") or part.endswith(".py") for part in parts)


@pytest.mark.costly
def test_who_takes_the_time_is_told(monkeypatch):
    """Time in C counts for the module that calls it."""
    taking_in = memproc.ingest
    waits = compile("sleep(0.5)", str(PACKAGE / "somewhere" / "place.py"), "exec")

    def slow(*given, **named):
        exec(waits, {"sleep": sleep})
        return taking_in(*given, **named)

    monkeypatch.setattr(memproc, "ingest", slow)
    parts = measure(Texts.ORDINARY, records=10, seed=1)
    assert [*parts["memproc/somewhere"]] == ["place"]
    assert parts["memproc/somewhere"]["place"] >= 400_000


def test_small_parts_are_one_line():
    """The shares are of the whole, the longest part is first and the rest last."""
    parts = {
        "driver": Counter(default=200),
        "memproc/store": Counter(landing=600, reviews=195),
        "a": Counter(a=2),
        "b": Counter(b=3),
    }
    lines = [line.split() for line in text_table(parts).splitlines()[1:]]
    assert lines == [
        ["memproc/store", "79.5%", "landing", "60.0%,", "reviews", "19.5%"],
        ["driver", "20.0%", "default", "20.0%"],
        [*REST.split(), "0.5%", "b", "0.3%,", "a", "0.2%"],
    ]


@pytest.mark.engine
def test_the_command_tells_each_kind(capsys):
    """Each in a process of its own."""
    assert main(["stages", "--records", "20", "--kind", "ordinary", "recombining"]) == 0
    told = capsys.readouterr().out
    assert [line for line in told.splitlines() if "records of" in line] == [
        "20 records of the ordinary kind",
        "20 records of the recombining kind",
    ]
    assert told.count(HEADS[-1]) == told.count("\ndriver ") == 2
