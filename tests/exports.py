"""What a store exports, for tests to compare."""

from __future__ import annotations

import io

import orjson


def export_of(store, *, full=False):
    """Return an export, as it would be in a file."""
    stream = io.BytesIO()
    store.export(stream, full=full)
    return stream.getvalue()


def exported(store, *, full=False):
    """Return the lines of an export as values."""
    return [orjson.loads(line) for line in export_of(store, full=full).splitlines()]
