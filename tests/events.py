"""Callbacks for `on_event` that hear only some of the events."""

from __future__ import annotations

import memproc


class CutOffError(BaseException):
    """A run ends here, as it would where its process dies. What is an `Exception` would end nothing."""


def batches(callback):
    """Return what calls `callback` with the progress after each batch, and ends the run where that raises."""
    return only(memproc.BatchLanded, lambda event: callback(event.progress))


def only(kind, callback):
    """Return what calls `callback` with each event of a kind, and ends the run where that raises."""

    def hear(event):
        if isinstance(event, kind):
            try:
                callback(event)
            except Exception as error:
                raise CutOffError from error

    return hear
