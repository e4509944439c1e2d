"""The fuzz suites, short: `python -m faults fuzz` and `python -m faults atheris` run them at length."""

from __future__ import annotations

import pytest

from faults.fuzz import EARLY, fuzz
from faults.guided import CHECKS, TARGETS, is_installed, lead, seeds
from faults.mutants import FILES
from faults.stores import stores
from memproc.sources import elements
from tests.databases import VARIABLES, reason_to_skip, server_url

RECORDS = 2_000


@pytest.fixture
def new_store(tmp_path):
    """Give a function that makes a place for a store."""
    with stores("sqlite", tmp_path) as new:
        yield new


@pytest.mark.parametrize("name", VARIABLES)
def test_spoilt_records_are_all_accounted_for_on_servers(tmp_path, name):
    """As on SQLite, and the store is on the server."""
    if reason := reason_to_skip(name):
        pytest.skip(reason)
    with stores(server_url(name), tmp_path) as new:
        assert fuzz(new, tmp_path, 500, seed=14).checked_whole == 1
    assert not list(tmp_path.glob("*.db"))


@pytest.mark.slow
def test_spoilt_records_are_all_accounted_for(new_store, tmp_path):
    """None raises, none vanishes, and the store is what its records say."""
    found = fuzz(new_store, tmp_path, RECORDS, seed=11)
    assert found.records >= RECORDS
    assert sum(found.outcomes.values()) == found.records
    assert all(found.outcomes[outcome] for outcome in ("stored", "duplicate", "quarantined"))
    assert found.checked_whole == 1


@pytest.mark.slow
def test_sources_that_might_end_early_are_read_to_their_end_or_fail(new_store, tmp_path):
    """Long strings and names, quotes and brackets that are never closed, lists closed early: the last record is there."""
    found = fuzz(new_store, tmp_path, 6_000, seed=15, shape=EARLY)
    assert found.chunks >= 30
    assert found.categories["resource"] > 10
    assert found.categories["source"] > 10


@pytest.mark.slow
def test_a_reader_that_stops_early_is_caught(new_store, tmp_path, monkeypatch):
    """Whatever it is that stops: here it passes over what follows a value that is too long."""
    limited = elements._limited

    def stop(element, window):
        if len(element.raw) > window.limit_bytes:
            while window.more():
                window.at = len(window.data)
            window.data, window.at = b"]", 0  # else the missing end of the list would tell of it
        return limited(element, window)

    monkeypatch.setattr(elements, "_limited", stop)
    with pytest.raises(AssertionError):
        fuzz(new_store, tmp_path, 6_000, seed=15, shape=EARLY)


@pytest.mark.costly
@pytest.mark.parametrize("format", FILES)
@pytest.mark.sampled(19)
def test_each_format_stands_its_spoilt_records(new_store, tmp_path, format):
    """One chunk of each."""
    assert fuzz(new_store, tmp_path, 1, seed=12, format=format).chunks >= 1


@pytest.mark.slow
def test_a_chunk_can_be_made_again(new_store, tmp_path):
    """By its seed and number, which a failure tells."""
    once, twice = (fuzz(new_store, tmp_path, 1, seed=13, chunk=4) for _ in range(2))
    assert (once.outcomes, once.codes, once.shapes) == (twice.outcomes, twice.codes, twice.shapes)


@pytest.mark.costly
@pytest.mark.parametrize("target", TARGETS)
def test_what_guided_fuzzing_starts_from_passes_its_check(target):
    """Also where atheris is not installed."""
    for raw in (b"", b"\xff", *seeds(target)):
        CHECKS[target](raw)


@pytest.mark.skipif(not is_installed(), reason="atheris is not installed")
@pytest.mark.slow
def test_guided_fuzzing_finds_nothing_in_a_second(tmp_path):
    """Of the target that is quickest."""
    told = lead(["times"], 1, tmp_path)
    assert told["times"].startswith("Done ")
