"""`migrate`: records of another application into a store, field by field, and verified."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.flows.step import At, Step, StepError, Text
from memproc.flows.steps.ingest import Into, check, given, target, told
from memproc.flows.steps.writing import write_json
from memproc.ingestion.migrating import migrate as run


class Migrate(Into):
    """Ingest the records of another application, tell what changed by field, and verify the result."""

    do: Literal["migrate"]
    to: Text | None = Field(None, description="The file that what changed by field is written to, as JSON.")


def migrate(options: Migrate, at: At) -> dict[str, Any]:
    """Migrate the records, and go on with what was begun before a kill."""
    with target(options, at) as store:
        migrated = run(options.what(at), store, **given(options, at, store))
    if options.to is not None:
        write_json(at.path(options.to), migrated.as_dict())
    check(migrated.report, is_strict=options.strict)
    failed = [f"{one.name}: {one.figures}" for one in migrated.checks if not one.is_met]
    if failed:
        raise StepError(f"the migration is not verified: {'; '.join(failed)}")
    return {**told(migrated.report), "rows": migrated.rows, "fields_changed": len(migrated.changes), "verified": True}


STEP = Step(Migrate, migrate)
