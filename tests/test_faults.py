"""The fault suites, short: `python -m faults` runs them at length."""

from __future__ import annotations

import os

import pytest

from benchmarks.corpus import write_corpus
from faults.bad_rows import measure
from faults.kills import kill_again_and_again
from faults.stores import stores
from faults.writers import write_at_once
from tests.databases import NAMES, VARIABLES, reason_to_skip

RECORDS = 3_000


@pytest.fixture(scope="module", params=NAMES)
def new_store(request, tmp_path_factory):
    """Give a function that makes a place for a store, on every database that is at hand."""
    if reason := reason_to_skip(request.param):
        pytest.skip(reason)
    where = os.environ.get(VARIABLES.get(request.param, ""), "sqlite")
    with stores(where, tmp_path_factory.mktemp("places")) as new:
        yield new


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """Give a labelled corpus as a file."""
    path = tmp_path_factory.mktemp("corpus") / "corpus.jsonl"
    write_corpus(records=RECORDS, seed=5, path=path)
    return path


def test_nothing_is_lost_when_the_process_is_killed(new_store, source):
    """At points between any two statements and around COMMIT, and at random moments."""
    found = kill_again_and_again(new_store, source, RECORDS, kills=6, seed=7)
    assert found.kills >= 6
    assert found.stores >= 1


def test_two_writers_make_the_store_of_one(new_store, source, tmp_path):
    """And the quicker leaves the other its share of the lock."""
    written = write_at_once(new_store, source, tmp_path)
    assert sum(written.read) == RECORDS * 1.2
    assert written.slower_share > 1 / 3


def test_refused_rows_cost_little(tmp_path):
    """One in a thousand less than twice a clean batch, three in ten less than five times."""
    with stores("sqlite", tmp_path) as new:
        seconds = measure(new)
    assert seconds["one bad"] < 2 * seconds["clean"]
    assert seconds["30 % bad"] < 5 * seconds["clean"]
