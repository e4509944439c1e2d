"""The table by which `find` leaves out what cannot be meant, computed from the observations (`memproc.store.rows.slices`)."""

from __future__ import annotations

from sqlalchemy import Column, Table

from memproc.store.sql.columns import BYTES, PREFIX, metadata, number

searched = Table(
    f"{PREFIX}searched",
    metadata,
    number("place", primary_key=True),  # the number of the slice, and of the first observation that its part is of
    Column("bits", BYTES, nullable=False),  # one for each observation from there on, the lowest of a byte first
)
