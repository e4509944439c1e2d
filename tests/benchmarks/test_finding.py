"""What pages and updates take is told by a line for each."""

from __future__ import annotations

import pytest

from benchmarks import finding


@pytest.mark.costly
def test_a_line_tells_each_thing_that_was_measured(monkeypatch):
    """In milliseconds."""
    monkeypatch.setattr(finding, "TIMES", 3)
    monkeypatch.setattr(finding, "SLOW_TIMES", 1)
    lines = finding.table(700).splitlines()
    assert len(lines) == 16
    assert all(line.endswith(" ms") for line in lines[2:])
    assert lines[0].startswith("700 memories")
    assert lines[2].startswith("find, a namespace of 100")
