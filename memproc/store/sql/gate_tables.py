"""The table of what quality gates found."""

from __future__ import annotations

from sqlalchemy import Table

from memproc.store.sql.columns import PREFIX, metadata, number, seal, text

gates = Table(
    f"{PREFIX}gates",
    metadata,
    number("job", primary_key=True),
    text("judged_at"),
    text("judged"),  # what the rules came to at each moment, as JSON; nothing of what records hold
    text("facts"),  # what was measured of the records of the job, as JSON: what later jobs are compared with
    seal(),
)
