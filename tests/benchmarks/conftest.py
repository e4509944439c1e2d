"""Results without a measurement."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.results import Comparison, LeftOut, Line

LINE = Line(
    side="floor",
    records=1_000,
    records_per_second=50_000.0,
    floor_ratio=1.0,
    wall_seconds=0.2,
    cpu_seconds=0.1,
    peak_megabytes=20.0,
    disk_megabytes=0.4,
    precision=1.0,
    recall=0.0,
    traps_merged=0,
    traps=36,
    review_share=0.0,
    candidates=None,
    verified=None,
    seconds=(0.02,),
    ran_under=("journal_mode=wal",),
    cpu_floor_ratio=1.0,
)
NEAR = replace(
    LINE,
    side="memproc-near",
    records_per_second=5_000.0,
    floor_ratio=10.0,
    cpu_floor_ratio=11.0,
    recall=0.9,
    candidates=0.25,
    verified=0.125,
)
MEM0 = replace(LINE, side="mem0", records=500, records_per_second=400.0, floor_ratio=125.0, cpu_floor_ratio=None)


@pytest.fixture
def comparison():
    """Give a comparison of three sides, of which one is slow; one is left out, and one has failed."""
    return Comparison(
        records=1_000,
        seed=1,
        rounds=1,
        texts="ordinary",
        database="sqlite",
        command="python -m benchmarks peers --records 1000",
        date="2026-01-01",
        pragmas=("journal_mode=WAL",),
        machine={"cores": "2"},
        lines=(LINE, NEAR, MEM0),
        left_out=(LeftOut("dlt", "dlt not installed"), LeftOut("rensa", "ended with 1: KeyError", has_failed=True)),
    )
