"""`transform`: records of any known shape as memories, one a line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from memproc.dedup.memory import in_order
from memproc.flows.step import At, Step, StepError, Switch, Text
from memproc.flows.steps.reading import Reading
from memproc.flows.steps.writing import write_lines
from memproc.formats.draft import Context
from memproc.ingestion.reading import drafted, intake_of
from memproc.intake import clean_name
from memproc.records import Rejected, plain
from memproc.sources.mapping_files import mapping_given


class Transform(Reading):
    """Convert records to memories, one JSON line each, without a store."""

    do: Literal["transform"]
    to: Text = Field(description="The file to write.")
    strict: Switch = Field(False, description="Fail where a record is rejected.")


def transform(options: Transform, at: At) -> dict[str, Any]:
    """Write what can be taken; the file is replaced as a whole."""
    context = Context(clean_name(options.source, "source"), frozenset(options.include), mapping_given(options.mapping_file(at)))
    intake = intake_of(context, options.settings_of(at), namespace=options.namespace)
    seen = Counter[str]()

    def taken() -> Iterator[dict[str, Any]]:
        for one in drafted(options.what(at), intake, options.asked()):
            if isinstance(one, Rejected):
                seen["rejected"] += 1
            else:
                yield in_order(plain(one))

    to = at.path(options.to)
    count = write_lines(to, taken())
    if options.strict and seen["rejected"]:
        raise StepError(f"{seen['rejected']} records were rejected, and the step is strict")
    return {"path": str(to), "written": count, "rejected": seen["rejected"]}


STEP = Step(Transform, transform)
