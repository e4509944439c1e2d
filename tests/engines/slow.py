"""Work for workers, in a module that they can import."""

from __future__ import annotations

import time


def take(pieces):
    """Return what was given, after a while."""
    time.sleep(0.1)
    return list(pieces)


def take_slowly(pieces):
    """Return what was given, after longer than anybody waits for a pool that is gone."""
    time.sleep(1.5)
    return list(pieces)


def sleep_for_ever(pieces):
    """Return nothing."""
    while pieces:
        time.sleep(60)
