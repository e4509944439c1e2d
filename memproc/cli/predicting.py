"""What a prediction says in lines, and the advice that follows from it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from memproc.amounts import size_told
from memproc.config import Settings

if TYPE_CHECKING:
    from memproc.report.advising import Advice
    from memproc.report.prediction import Estimate, Prediction


def lines_of(found: Prediction) -> Iterator[str]:
    """Yield the lines that tell a prediction."""
    how = "all of them" if found.sampled >= found.records else f"the first {found.sampled:,}"
    yield f"predicted, by {how} of {found.records:,} records:"
    shares = ", ".join(f"{share:.0%} {name}" for name, share in found.outcomes.items() if share)
    yield f"  time: {_seconds(found.seconds)} ({_seconds(found.cpu_seconds)} of the processor)"
    yield f"  memory at the peak: {_sizes(found.memory_bytes)}"
    yield f"  store: {_sizes(found.store_bytes)}; {shares}"
    if found.free_bytes is not None:
        fits = "enough" if found.fits else "NOT enough"
        yield f"  place: {size_told(found.needed_bytes)} needed, {size_told(found.free_bytes)} free: {fits}"


def advice_for(files: Sequence[str], settings: Settings) -> tuple[Prediction, tuple[Advice, ...]]:
    """Return what the ingestion of files should take on this machine, and what to set for it."""
    from dataclasses import replace

    from memproc.cli.remotes import Following, FromDatabase, given_by
    from memproc.formats.draft import Context
    from memproc.ingestion.inspecting import inspect
    from memproc.ingestion.opening import Asked
    from memproc.ingestion.predicting import Reading, predicted, refuse_once_only, sampled
    from memproc.ingestion.reading import intake_of
    from memproc.report.advising import Facts, Machine, advised
    from memproc.resources import allowed_bytes, allowed_cores

    given: list[Any] = given_by(files, FromDatabase(), Following())
    what = given[0] if len(given) == 1 else given
    refuse_once_only(what)
    looking = replace(settings, secrets="tag") if settings.secrets == "off" else settings
    reading = Reading(intake_of(Context(), settings), Asked())
    sample, found = sampled(what, reading), inspect(what, intake_of(Context(), looking), Asked())
    prediction = predicted(what, None, reading, (sample, found))
    orders = found.refused.orders if found.refused.either else ()
    machine = Machine(allowed_cores(), allowed_bytes())
    return prediction, advised(Facts(found.secrets, found.refused.forms, orders), prediction, settings, machine)


def _seconds(found: Estimate) -> str:
    return f"{_rounded(found.low)} to {_rounded(found.high)} s"


def _rounded(seconds: float) -> str:
    return f"{seconds:,.0f}" if seconds >= 10 else f"{seconds:.1f}"  # noqa: PLR2004 - two digits say enough


def _sizes(found: Estimate) -> str:
    return f"{size_told(found.low)} to {size_told(found.high)}"
