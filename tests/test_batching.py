"""The size of the next batch: from what batches took, from memory, and from what the database refuses."""

from __future__ import annotations

import math
import random
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from memproc.batch_size import (
    CLEAN_BATCHES,
    FEWEST_FOR_MEMORY,
    LARGEST_BATCH_BYTES,
    MOST_SECONDS,
    ROOMY,
    SMALLEST_BATCH_BYTES,
    TIGHT,
    BatchSize,
    Costs,
    largest_bytes,
)
from memproc.config import LARGEST_BATCH

SIZES = st.integers(1, LARGEST_BATCH)
SECONDS = st.floats(0, 3_600)
SHARES = st.floats(0, 3)
EVENTS = st.lists(st.tuples(st.sampled_from(["full", "short", "refused"]), SECONDS, SHARES), max_size=80)

# Seconds a batch and seconds a record: SQLite on a disk, SQLite in memory, a server, a slow one, one record after the other.
DATABASES = {
    "disk": (0.1, 1.5e-4),
    "memory": (0.005, 1e-5),
    "quick": (0.001, 5e-5),
    "server": (0.1, 4e-4),
    "slow": (0.05, 2e-3),
    "one by one": (0.01, 2e-2),
}
SETTLES_WITHIN = 20
WARM_UP_SECONDS = 0.4


def simulated(costs, start, *, seed, noise, batches=60, spike=1.0):
    """Return the size of each batch of an ingestion that takes c0 + c1 * n seconds, with noise; each eighth has a `spike`."""
    each_batch, each_record = costs
    chance = random.Random(seed)
    sizing, sizes = BatchSize(start), []
    for number in range(batches):
        sizes.append(sizing.size)
        seconds = (each_batch + each_record * sizing.size) * (spike if number % 8 == 7 else 1)
        seconds = seconds * math.exp(chance.gauss(0, noise)) + (WARM_UP_SECONDS if number == 0 else 0)
        sizing = sizing.landed(sizing.size, seconds)
    return sizes


def throughput(costs, sizes):
    """Return records a second over batches of these sizes, without noise."""
    each_batch, each_record = costs
    return sum(sizes) / sum(each_batch + each_record * size for size in sizes)


def best_fixed(costs):
    """Return the throughput of the best size that is the same all the time."""
    return max(throughput(costs, [size]) for size in (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000))


def after(sizing, events):
    """Give every size that follows from a history, with the size of the batch before and what happened to it."""
    for kind, seconds, share in events:
        records = max(1, sizing.size // 2) if kind == "short" else sizing.size
        before, sizing = sizing, (sizing.refused(records) if kind == "refused" else sizing.landed(records, seconds, share))
        yield kind, share, before, sizing


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25])
@pytest.mark.parametrize("start", [1, 1_000, 100_000])
@pytest.mark.parametrize("name", DATABASES)
def test_within_twenty_batches_it_is_as_quick_as_the_best_fixed_size(name, start, noise):
    """Within a tenth of its throughput, whatever the first size was, for each of twenty courses of the noise."""
    costs = DATABASES[name]
    for seed in range(20):
        sizes = simulated(costs, start, seed=seed, noise=noise)
        assert throughput(costs, sizes[SETTLES_WITHIN:]) >= 0.9 * best_fixed(costs)


@pytest.mark.parametrize("start", [1, 100_000])
@pytest.mark.parametrize("name", DATABASES)
def test_within_twenty_batches_it_settles(name, start):
    """From there on it moves by more than a quarter once in five batches at most, though times vary by a tenth."""
    for seed in range(20):
        settled = simulated(DATABASES[name], start, seed=seed, noise=0.1)[SETTLES_WITHIN:]
        moves = sum(abs(size - before) > before / 4 for before, size in pairwise(settled))
        assert moves <= len(settled) / 5


@pytest.mark.parametrize("name", DATABASES)
def test_a_batch_takes_no_longer_than_others_can_wait(name):
    """At most an eighth more than two and a half seconds once it has settled: the time aimed at, what is let pass, and noise."""
    each_batch, each_record = DATABASES[name]
    for seed in range(20):
        for size in simulated(DATABASES[name], 100_000, seed=seed, noise=0.1)[SETTLES_WITHIN:]:
            assert each_batch + each_record * size < MOST_SECONDS * 1.25 * 1.125


def test_merging_the_index_does_not_throw_it_off():
    """Each eighth batch takes two and a half times as long."""
    costs = (0.05, 1.2e-4)
    for seed in range(20):
        sizes = simulated(costs, 1, seed=seed, noise=0.1, spike=2.5)
        assert throughput(costs, sizes[SETTLES_WITHIN:]) >= 0.9 * best_fixed(costs)


def test_slow_commits_are_seen():
    """Where each batch takes half a second more from now on, batches become larger; where each record takes longer, smaller."""
    before = BatchSize(1)
    for _ in range(15):
        before = before.landed(before.size, 0.001 + 2e-4 * before.size)
    slow_commits = slow_records = before
    for _ in range(40):
        slow_commits = slow_commits.landed(slow_commits.size, 0.5 + 2e-4 * slow_commits.size)
        slow_records = slow_records.landed(slow_records.size, 0.001 + 2e-3 * slow_records.size)
    assert slow_commits.size > 1.2 * before.size
    assert slow_commits.costs.each_batch > 0.3
    assert slow_commits.size * 2e-4 + 0.5 <= MOST_SECONDS * 1.25
    assert slow_records.size < 0.6 * before.size
    assert slow_records.size * 2e-3 <= MOST_SECONDS * 1.25


def test_batches_are_large_enough_where_a_larger_batch_merges_more():
    """As in the index of a store: what each batch takes grows with its size, but slower. Beside a batch of 13,000 records."""
    for start in (1, 1_000, 100_000):
        sizing, records, seconds = BatchSize(start), 0, 0.0
        for number in range(60):
            size = sizing.size
            took = 0.015 + 0.0025 * size**0.45 + 1.5e-4 * size
            records, seconds = (records + size, seconds + took) if number >= SETTLES_WITHIN else (0, 0.0)
            sizing = sizing.landed(size, took)
        assert records / seconds >= 0.9 * 13_000 / (0.015 + 0.0025 * 13_000**0.45 + 1.5e-4 * 13_000)


@given(SIZES, EVENTS)
def test_whatever_happens_the_size_stays_within_its_bounds(start, events):
    """Between 1 and 1,000,000 and its cap; it doubles at most, and falls by half at most."""
    for _kind, _share, before, sizing in after(BatchSize(start), events):
        assert 1 <= sizing.size <= sizing.cap <= LARGEST_BATCH
        assert min(before.size, before.cap) // 4 <= sizing.size <= 2 * before.size


@given(SIZES, EVENTS)
def test_a_size_that_was_asked_for_is_never_exceeded(asked, events):
    """Only memory and what is refused make it smaller."""
    for _kind, _share, _before, sizing in after(BatchSize.starting(asked, 0.1), events):
        assert sizing.size <= asked


@given(SIZES, st.lists(SECONDS, max_size=30))
def test_times_do_not_change_a_size_that_was_asked_for(asked, times):
    """However long batches take."""
    sizing = BatchSize.starting(asked, 0.1)
    for seconds in times:
        sizing = sizing.landed(asked, seconds, 0.2)
        assert sizing.size == asked


@given(SIZES, SIZES)
def test_what_was_refused_is_halved_and_never_tried_again_soon(size, records):
    """The cap lies below what was refused, but for one record, which has nothing below it."""
    sizing = BatchSize(size).refused(records)
    assert sizing.size == max(1, records // 2)
    assert sizing.cap <= max(1, 0.9 * records)
    for _ in range(CLEAN_BATCHES - 1):
        sizing = sizing.landed(sizing.size, 0.0)
        assert sizing.size < max(2, records)


def test_after_fifty_clean_batches_the_cap_grows_by_a_tenth():
    """Each fifty; a refusal begins to count anew."""
    sizing = BatchSize(1_000).refused(1_000)
    caps = []
    for _ in range(3 * CLEAN_BATCHES):
        sizing = sizing.landed(sizing.size, 0.0)
        caps.append(sizing.cap)
    assert [caps[at] for at in (48, 49, 98, 99, 148, 149)] == [900, 990, 990, 1_089, 1_089, 1_197]
    assert sizing.refused(1_197).clean == 0


def test_a_cap_of_one_grows_too():
    """By one record where a tenth is none."""
    sizing = BatchSize(1).refused(1)
    for _ in range(CLEAN_BATCHES):
        sizing = sizing.landed(1, 0.0)
    assert sizing.cap == 2


@given(SIZES, SECONDS, st.floats(TIGHT, 3))
def test_a_batch_that_made_memory_tight_is_halved(size, seconds, share):
    """And the cap lies below it; but not under a hundred records, which save nothing."""
    sizing = BatchSize(size, share=0.5).landed(size, seconds, share)
    assert sizing.size == max(size // 2, min(size, FEWEST_FOR_MEMORY))
    assert sizing.cap <= max(0.9 * size, FEWEST_FOR_MEMORY)


@given(SIZES, st.lists(SECONDS, max_size=30), st.floats(ROOMY, 3), st.booleans())
def test_while_memory_is_not_roomy_nothing_grows(size, times, share, was_taken_before):
    """However quick batches are, and whoever took it."""
    sizing = BatchSize(size, idle=share if was_taken_before else 0.0, share=share)
    for seconds in (0.0, *times):
        before, sizing = sizing.size, sizing.landed(sizing.size, seconds, share)
        assert sizing.size <= before


@given(SIZES, st.floats(TIGHT, 3))
def test_memory_that_is_tight_and_rises_no_more_asks_for_no_smaller_batches(size, share):
    """A process seldom gives back what it took: the size would fall and never rise."""
    sizing = BatchSize(size, size, share=share)
    for _ in range(20):
        sizing = sizing.landed(size, 0.1, share)
        assert sizing.size == size


@given(
    base=st.floats(0, 0.6),
    each=st.floats(1e-8, 1e-3),
    start=st.integers(1, 2_000),
    costs=st.sampled_from(sorted(DATABASES.values())),
)
def test_memory_that_goes_with_the_batch_stays_below_the_limit(base, each, start, costs):
    """Where memory is never given back, and the first batch found room."""
    if base + each * start > ROOMY:
        return
    sizing, share = replace(BatchSize.starting(None, base), size=start), base
    for _ in range(60):
        share = max(share, base + each * sizing.size)
        assert share < TIGHT
        sizing = sizing.landed(sizing.size, costs[0] + costs[1] * sizing.size, share)


@given(st.integers(0, 2**50))
def test_the_bytes_of_a_batch_go_with_the_memory_allowed(allowed):
    """Within bounds of their own."""
    assert SMALLEST_BATCH_BYTES <= largest_bytes(allowed) <= LARGEST_BATCH_BYTES
    assert largest_bytes(allowed) == SMALLEST_BATCH_BYTES or largest_bytes(allowed) * 100 < allowed


@given(SIZES, st.integers(0, LARGEST_BATCH), SECONDS)
@example(1_000, 999, 0.01)
def test_a_batch_that_was_not_full_makes_none_larger(size, records, seconds):
    """The last one of a source is short, and one of long records was cut by its bytes."""
    if records < size:
        assert BatchSize(size).landed(records, seconds).size <= size


@given(st.floats(0.001, 0.05), st.floats(1e-6, 1e-3), st.integers(1_000, 100_000))
def test_without_noise_the_fit_finds_what_each_batch_takes(each_batch, each_record, larger):
    """And adds a standard error to it, never takes one from it."""
    costs = Costs()
    for size in (1, 100, 1, 100, larger, 1, 100, larger):
        costs = costs.seen(size, each_batch + each_record * size)
    assert each_batch * 0.999 <= costs.each_batch <= 2 * each_batch + 0.02


def test_what_each_batch_takes_is_doubted_where_batches_are_alike():
    """They cannot tell it from what each record takes: it stays about as it was known, and is looked into again after a while."""
    costs = Costs()
    for size in (1, 10, 100, 1_000):
        costs = costs.seen(size, 0.01 + 3e-4 * size)
    for _ in range(20):
        costs = costs.seen(1_000, 0.31)
    known = costs.each_batch
    found = [(costs := costs.seen(1_000, 0.31)).each_batch for _ in range(60)]
    assert found[0] == pytest.approx(1.05 * known)
    assert found == sorted(found)
    assert found[-1] == pytest.approx(0.31 / 2, rel=0.06)
    assert costs.expected_seconds(1_000) == pytest.approx(0.31, rel=0.01)
