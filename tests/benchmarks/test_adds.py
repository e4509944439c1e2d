"""Those who add to one store wait about as long as each other."""

from __future__ import annotations

import pytest

from benchmarks.adds import measure, table

pytestmark = pytest.mark.engine


@pytest.mark.parametrize(("processes", "threads"), [(4, 1), (1, 4)])
def test_no_writer_waits_much_longer_than_the_others(processes, threads):
    """Of four that write as fast as they can: p99 within 20 times the median."""
    waits = measure(processes=processes, threads=threads, each=150, is_beside_ingest=False)
    assert len(waits.seconds) == 600
    assert waits.figure(0.99) <= 20 * waits.figure(0.5), table([waits])


def test_who_adds_is_served_beside_an_ingestion():
    """Between its batches."""
    waits = measure(processes=1, threads=1, each=30, is_beside_ingest=True)
    assert len(waits.seconds) == 30
