"""`validate`: what is wrong with records, or with the store itself."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Literal

from pydantic import Field

from memproc.flows.step import At, Step, StepError, Switch, Text, Texts
from memproc.flows.steps.reading import Reading
from memproc.flows.steps.writing import write_json
from memproc.formats.draft import Context
from memproc.ingestion.checking import check
from memproc.ingestion.reading import intake_of
from memproc.intake import clean_name
from memproc.sources.mapping_files import mapping_given

MOST_FIELDS = 20


class Validate(Reading):
    """Check records without writing them, or without `from` the store of the flow."""

    do: Literal["validate"]
    from_: Texts | None = Field(  # type: ignore[assignment]  # what it reads may be the store
        None, alias="from", description="As of `ingest`. Without it the store is checked, as by `memproc doctor`."
    )
    to: Text | None = Field(None, description="The file that what was found is written to, as JSON.")
    strict: Switch = Field(False, description="Fail where a record is invalid, or the store has an error.")


def validate(options: Validate, at: At) -> dict[str, Any]:
    """Check what is named; nothing is written but the file."""
    return _of_store(options, at) if options.from_ is None else _of_records(options, at)


def _of_records(options: Validate, at: At) -> dict[str, Any]:
    context = Context(clean_name(options.source, "source"), frozenset(options.include), mapping_given(options.mapping_file(at)))
    intake = intake_of(context, options.settings_of(at), namespace=options.namespace)
    checks = check(options.what(at), intake, options.asked(), most_shown=10).checks
    if options.to is not None:
        write_json(at.path(options.to), checks.as_dict())
    if options.strict and not checks.is_valid:
        raise StepError(f"{checks.invalid} of {checks.read} records are invalid, and the step is strict")
    counts = {"read": checks.read, "valid": checks.valid, "invalid": checks.invalid, "broken": len(checks.broken)}
    rate = checks.invalid / checks.read if checks.read else 0.0
    return {**counts, "invalid_rate": rate, "fields": dict(checks.fields.most_common(MOST_FIELDS))}


def _of_store(options: Validate, at: At) -> dict[str, Any]:
    findings = at.store.doctor()
    recount = at.store.recount()
    if options.to is not None:
        write_json(at.path(options.to), {"findings": [asdict(one) for one in findings], "recount": asdict(recount)})
    errors = [one.code for one in findings if one.severity == "error"]
    if options.strict and (errors or not recount.is_whole):
        raise StepError(f"the store is not whole: {', '.join(errors) or 'its rows do not add up'}: run `memproc doctor`")
    warnings = [one.code for one in findings if one.severity == "warning"]
    return {"errors": errors, "warnings": warnings, "is_whole": recount.is_whole, "memories": recount.memories}


STEP = Step(Validate, validate)
