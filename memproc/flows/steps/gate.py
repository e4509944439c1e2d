"""`gate`: records, or a job, judged by rules."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.errors import UsageError
from memproc.flows.step import At, Step, StepError, Switch, Text, Texts, Whole
from memproc.flows.steps.reading import Reading
from memproc.flows.steps.writing import write_json
from memproc.ingestion.judging import judge


class Gate(Reading):
    """Judge records before they are ingested, or a job, by rules."""

    do: Literal["gate"]
    from_: Texts | None = Field(  # type: ignore[assignment]  # it may be a job that is judged
        None, alias="from", description="As of `ingest`: what is judged, with the jobs of the flow's store before it."
    )
    job: Whole | None = Field(None, description="The job that is judged, as in `${steps.load.job}`.")
    rules: Text | dict[str, dict[str, Any]] = Field(
        description="The path of a file of rules, or the rules themselves, each by its name: "
        "`few-bad: {measure: quarantined, most: 2%}`."
    )
    strict: Switch = Field(True, description="Fail where a rule is not met. Without it `met` tells.")
    to: Text | None = Field(None, description="The file that what was found is written to, as JSON.")


def gate(options: Gate, at: At) -> dict[str, Any]:
    """Judge what is named; nothing is written but the file."""
    if (options.from_ is None) == (options.job is None):
        raise UsageError(f"{options.id}: say what to judge: give from, or job")
    rules = at.path(options.rules) if isinstance(options.rules, str) else {"rules": options.rules}
    if options.job is not None:
        found = at.store.judge(rules, options.job)
    else:
        found = judge(
            options.what(at),
            rules,
            against=at.store,
            namespace=options.namespace,
            source=options.source,
            format=options.format,
            settings=options.settings_of(at),
            mapping=options.mapping_file(at),
            include=options.include,
            records=options.records,
            delimiter=options.delimiter,
            encoding=options.encoding,
            allow_pickle=options.allow_pickle,
        )
    if options.to is not None:
        write_json(at.path(options.to), found.as_dict())
    if options.strict and not found.is_met:
        raise StepError("; ".join(rule.reason() for rule in found.failed))
    verdicts = {rule.rule: rule.verdict for rule in found.rules}
    return {"met": found.is_met, "rules": verdicts, "values": {rule.rule: rule.value for rule in found.rules}}


STEP = Step(Gate, gate)
