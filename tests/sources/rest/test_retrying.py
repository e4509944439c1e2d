"""When a request is tried again, and after how long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memproc.sources.rest.retrying import asked_wait, is_passing, limit_wait, wait_seconds

NOW = 1_800_000_000.0  # Fri, 15 Jan 2027 08:00:00 GMT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        ("1.5", 1.5),
        ("Fri, 15 Jan 2027 08:01:00 GMT", 60),
        ("Friday, 15-Jan-27 08:01:00 GMT", 60),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("", 0),
        ("soon", 0),
        ("-5", 0),
        ("1e9", 0),
        ("Fri, 99 Jan 2027 08:01:00 GMT", 0),
    ],
)
def test_retry_after_is_read_in_seconds_and_as_a_date(text, seconds):
    """What is neither asks for nothing."""
    assert asked_wait({"retry-after": text}, NOW) == seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"x-ratelimit-remaining": "0", "x-ratelimit-reset": str(int(NOW) + 30)}, 30),
        ({"x-ratelimit-remaining": "1", "x-ratelimit-reset": str(int(NOW) + 30)}, 0),
        ({"x-rate-limit-remaining": "0", "x-rate-limit-reset": "12"}, 12),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "12"}, 12),
        ({"ratelimit-remaining": "0"}, 0),
        ({"ratelimit": "limit=100, remaining=0, reset=9"}, 9),
        ({"ratelimit": '"day";r=0;t=9'}, 9),
        ({"ratelimit": '"day";r=10;t=9'}, 0),
        ({"x-ratelimit-remaining": "x", "x-ratelimit-reset": "y"}, 0),
    ],
)
def test_the_rate_limit_of_the_server_is_read(headers, seconds):
    """In the forms that are in use."""
    assert limit_wait(headers, NOW) == seconds


@pytest.mark.parametrize(
    ("status", "headers", "passes"),
    [
        (429, {}, True),
        (500, {}, True),
        (503, {}, True),
        (408, {}, True),
        (202, {}, True),
        (400, {}, False),
        (401, {}, False),
        (404, {}, False),
        (501, {}, False),
        (403, {}, False),
        (403, {"retry-after": "9"}, True),
        (403, {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "9"}, True),
    ],
)
def test_what_may_pass_is_known(status, headers, passes):
    """A refusal by a rate limit too."""
    assert is_passing(status, headers, NOW) is passes


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1e6))
def test_a_wait_is_at_least_what_the_server_asks_for_and_bounded_beyond(attempt, chance, at_least):
    """However often it was tried."""
    assert at_least <= wait_seconds(attempt, chance, at_least) <= at_least + 60
