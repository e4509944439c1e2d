"""`StoreReport`: what a store, or one job of it, holds to be shown: values alone, the same whenever it is asked for.

Rules: each part is a value of its own, and `as_dict` gives all of them as JSON values under the names of their fields: these are
the keys that `docs/reference/kept-reports.md` documents.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from memproc.config import ReportForm
from memproc.gates.judged import GateJudged
from memproc.report.enriched import Enriched
from memproc.report.figures import Counted, Duplicates, Errors, JobTold, Outcomes, Pace, Quality

FORM = 1  # of the JSON; it rises when a key changes its meaning or goes


class Written:
    """What can be shown as text in each form, and written to a file or a stream."""

    __slots__ = ()

    def to_text(self, form: ReportForm) -> str:
        """Return it as a page of HTML, as Markdown, as CSV or as JSON. HTML needs the extra `report`; raises UsageError without."""
        from memproc.report.pages.writing import text_of  # noqa: PLC0415 - pages are made of these values

        return text_of(self, form)

    def write(self, to: str | Path | IO[bytes], form: ReportForm | None = None) -> None:
        """Write it to a file, in the form that its name ends with, or to a stream. A new file is readable by its owner only.

        Raises UsageError if the form is not known, or the target cannot be written.
        """
        from memproc.report.pages.writing import write  # noqa: PLC0415 - as above

        write(self, to, form)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values, by the names of its fields."""
        return {"form": FORM, **asdict(self)}  # type: ignore[call-overload]  # its classes are dataclasses


@dataclass(frozen=True, slots=True)
class StoreReport(Written):
    """What a store holds, or what one `job` did to it (None: the whole store), as the rows tell it. `jobs` are the job, or the
    newest of the store, of `jobs_in_all`. `is_redacted`: it shows nothing of what records hold. `gates` tell what quality
    gates found of the job.
    """

    store: str
    job: int | None
    made_at: str
    is_redacted: bool
    jobs_in_all: int
    jobs: tuple[JobTold, ...]
    outcomes: Outcomes
    errors: Errors
    duplicates: Duplicates
    pace: Pace
    quality: Quality
    counts: tuple[Counted, ...]
    enrichment: tuple[Enriched, ...] = ()
    gates: tuple[GateJudged, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON values, by the names of its fields."""
        return {**Written.as_dict(self), "gates": [gate.as_dict() for gate in self.gates]}


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure of two jobs, with its part and its name; None where it is not known. `change` is the second less the first."""

    part: str
    name: str
    one: float | str | None
    other: float | str | None
    change: float | None


@dataclass(frozen=True, slots=True)
class Comparison(Written):
    """Two jobs of a store side by side: their numbers, and each figure of both."""

    store: str
    one: int
    other: int
    made_at: str
    is_redacted: bool
    figures: tuple[Compared, ...]
