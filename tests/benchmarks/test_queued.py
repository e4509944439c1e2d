"""A job in the queue is measured beside adding its records one by one."""

from __future__ import annotations

import pytest

from benchmarks import queued
from benchmarks.corpus import Texts


@pytest.mark.costly
def test_the_job_takes_less():
    """And both stores hold the same, which the measurement looks at."""
    found = queued.measure(records=300, seed=1, texts=Texts.ORDINARY)
    assert found.queued < found.added
    assert queued.table(found, 300).endswith("% less")
