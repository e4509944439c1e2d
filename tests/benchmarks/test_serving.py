"""What a served store answers is measured, and nothing of it is lost."""

from __future__ import annotations

import pytest

from benchmarks import serving


@pytest.mark.slow
def test_requests_at_once_and_a_file_are_measured():
    """In small; each answer and the store are checked."""
    found = serving.measure(requests=40, at_once=8, upload_bytes=3 * serving.MEBIBYTE)
    assert len(found.seconds) == 40
    assert found.peak_bytes >= found.before_bytes > 0
    told = serving.table(found, at_once=8, upload_bytes=3 * serving.MEBIBYTE)
    assert "p99 ms" in told
    assert "a file of 3 MiB" in told
