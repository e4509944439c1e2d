"""What is foretold of an ingestion, by what was seen of a sample."""

from __future__ import annotations

import pytest

from memproc.report.prediction import PAGES_KEPT, Estimate, Prediction, Seen, Texts, foretold

MIB = 1 << 20


def seen_of(*each, start=1.0):
    """Return what is seen after batches of 500 records whose records take each so many milliseconds, after a start of seconds."""
    seen, seconds = [], start
    for number, milliseconds in enumerate(each, 1):
        seconds += milliseconds / 2
        seen.append(Seen(500 * number, seconds, seconds, 100_000 + 500_000 * number, 100 * MIB))
    return seen


def test_the_rest_goes_on_as_the_second_half_of_the_sample():
    """The start is paid once, and what is slow at first is not taken for the rate."""
    figures = foretold(seen_of(4, 4, 1, 1), Texts(12_000, 200.0, 200.0))
    assert figures.seconds.likely == pytest.approx(1 + 4 + 1 + 10)
    assert figures.store_bytes.likely == pytest.approx(100_000 + 12_000_000)


def test_nothing_is_added_to_a_whole_that_was_sampled():
    """Then the figures are those that were measured, and the bounds a floor."""
    figures = foretold(seen_of(2, 2), Texts(1_000, 200.0, 200.0))
    assert figures.seconds == Estimate(2.25, 3.0, 3.75)
    assert figures.memory_bytes.likely == 100 * MIB


def test_bounds_are_wider_for_what_varies_and_for_what_is_far():
    """By the standard error of the rate, and by how many times the whole is the sample."""

    def error(seen, records):
        seconds = foretold(seen, Texts(records, 200.0, 200.0)).seconds
        return seconds.high / seconds.likely - 1

    even, uneven = seen_of(1, 1, 1, 1, 1, 1), seen_of(1, 1, 1, 0.2, 2, 0.8)
    assert error(even, 3_000) == pytest.approx(0.25)
    assert error(even, 30_000) == pytest.approx(0.35)
    assert error(uneven, 30_000) > 0.5


def test_longer_records_behind_the_sample_cost_more():
    """Place by all that is longer, time by half of it, and shorter ones less."""
    same, longer, shorter = (foretold(seen_of(1, 1), Texts(101_000, 200.0, mean)) for mean in (200.0, 400.0, 100.0))
    assert longer.seconds.likely == pytest.approx(2 + 1.5 * 100)
    assert longer.store_bytes.likely == pytest.approx(same.store_bytes.likely + 100_000 * 260)
    assert shorter.store_bytes.likely < same.store_bytes.likely
    assert shorter.seconds.likely < same.seconds.likely


def test_memory_grows_with_pages_only_as_far_as_these_are_kept():
    """Beyond, with what stays of each record."""
    some, more = (foretold(seen_of(1, 1), Texts(records, 200.0, 200.0)).memory_bytes.likely for records in (200_000, 1_200_000))
    assert more - some == 1_000_000 * 256
    assert some > 100 * MIB + PAGES_KEPT - 2_000_000


def test_what_fits_is_told():
    """None where nothing is known of the place, as on a server."""
    one = Estimate(1.0, 2.0, 3.0)
    prediction = [Prediction(10, 10, one, one, one, one, {"stored": 1.0}, 0.5, 100, free) for free in (99, 100, None)]
    assert [each.fits for each in prediction] == [False, True, None]
    assert prediction[0].as_dict()["fits"] is False
    assert prediction[0].as_dict()["seconds"] == {"low": 1.0, "likely": 2.0, "high": 3.0}
