"""The report: what it keeps of batches."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from memproc.report.report import BATCHES_KEPT, BatchLog, BatchSeen, Report


@given(st.integers(0, 9_000))
def test_of_many_batches_some_are_kept_evenly(count):
    """At most a thousand, from the first on, at equal distances, and all of them where there are few."""
    log = BatchLog()
    for number in range(count):
        log.note(BatchSeen(number, 0.1, 50.0))
    kept = [batch.records for batch in log.kept]
    assert len(kept) <= BATCHES_KEPT
    assert len(kept) == count or len(kept) > BATCHES_KEPT // 2 - 1
    assert kept[:1] == ([0] if count else [])
    assert len({after - before for before, after in pairwise(kept)}) <= 1
    assert count - (kept[-1] if kept else 0) <= log.every


def test_batches_and_resources_are_json_values():
    """As the command line prints them."""
    report = Report(batch_log=[BatchSeen(10, 0.25, 81.5)], resources={"cpu_seconds": 0.2})
    assert report.as_dict()["batch_log"] == [{"records": 10, "seconds": 0.25, "rss_mb": 81.5}]
    assert report.as_dict()["resources"] == {"cpu_seconds": 0.2}
