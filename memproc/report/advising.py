"""Which settings suit a source on a machine, by what is predicted of its ingestion. Pure.

Facts: workers prepare records, and one process reads, decides and writes them. What they send costs both sides about a quarter of
the preparing once more, and processes take some seconds to start. Batches become smaller by themselves where memory is tight.

Rule: a setting is named only where another value than the one that holds would be better for this source; what is advised can be
pasted: an option of `ingest`, or a line of memproc.toml.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from memproc.config import Settings
from memproc.report.prediction import Prediction

SENDING = 0.25  # of the time that preparing takes, for both sides
START_SECONDS = 3.0  # of worker processes
LEAST_GAIN = 1.2
NEAR_LIMIT = 0.8  # share of the memory allowed
ROOM = 1.2  # of what is predicted
LONG_SECONDS = 10.0  # an ingestion that is worth a setting of its own
TELLING = 1_000  # records of a sample that say something of repeats
MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Advice:
    """What to set, as it can be pasted, and why."""

    setting: str
    paste: str
    why: str


class Machine(NamedTuple):
    """How many cores, and how many bytes of memory, the machine or its cgroup allow."""

    cores: int
    memory_bytes: int


class Facts(NamedTuple):
    """What was found in a source: secrets by kind, the forms of dates that were refused, the options that may read those of two
    numbers and a year, and whether others were refused too.
    """

    secrets: Mapping[str, int]
    dates_refused: Mapping[str, int]
    orders: Sequence[str]


class _Case(NamedTuple):
    facts: Facts
    prediction: Prediction
    settings: Settings
    machine: Machine


def advised(facts: Facts, prediction: Prediction, settings: Settings, machine: Machine) -> tuple[Advice, ...]:
    """Return what to set for a source, in the order of the table of rules."""
    case = _Case(facts, prediction, settings, machine)
    return tuple(advice for rule in _RULES for advice in rule(case))


def gain_of_processes(worker_share: float, cores: int) -> float:
    """Return how many times as quick worker processes are, by the share of the time that they can take.

    >>> round(gain_of_processes(0.6, 2), 2), gain_of_processes(0.6, 1), round(gain_of_processes(0.2, 8), 2)
    (1.74, 1.0, 1.18)
    """
    if cores < 2:  # noqa: PLR2004 - one works anyway
        return 1.0
    alone = 1 - worker_share + worker_share * SENDING
    together = (1 + worker_share * SENDING) / cores
    return max(1 / max(alone, together), 1.0)


def _engine(case: _Case) -> Iterator[Advice]:
    cores = min(case.machine.cores, case.settings.max_workers or case.machine.cores)
    gain, share = gain_of_processes(case.prediction.worker_share, cores), case.prediction.worker_share
    seconds = case.prediction.seconds.likely
    if gain >= LEAST_GAIN and seconds * (1 - 1 / gain) > START_SECONDS:
        yield Advice(
            "engine",
            "--engine processes",
            f"workers can take {share:.0%} of the work: about {gain:.1f} times as quick with {cores} cores",
        )


def _memory(case: _Case) -> Iterator[Advice]:
    likely, given, allowed = (
        case.prediction.memory_bytes.likely,
        case.settings.max_memory,
        int(case.machine.memory_bytes * NEAR_LIMIT),
    )
    limit = given or allowed
    if likely <= NEAR_LIMIT * limit:
        return
    if given is not None and likely * ROOM <= allowed:
        size = int(likely * ROOM) // MEBIBYTE + 1
        yield Advice("max_memory", f'max_memory = "{size}MiB"', f"about {likely / MEBIBYTE:,.0f} MiB are needed at the peak")
    else:
        size = max(allowed // MEBIBYTE, 1)
        why = f"about {likely / MEBIBYTE:,.0f} MiB are wanted at the peak, which is near what there is: batches become smaller"
        yield Advice("max_memory", f'max_memory = "{size}MiB"', why)


def _batch(case: _Case) -> Iterator[Advice]:
    if case.settings.batch_size is not None:
        yield Advice("batch_size", 'batch_size = "auto"', "the size that suits this machine is found while it works")


def _durability(case: _Case) -> Iterator[Advice]:
    if case.settings.durability == "full":
        why = "what a power failure costs, the same ingestion brings again; a sync of each batch takes time"
        yield Advice("durability", 'durability = "normal"', why)


def _secrets(case: _Case) -> Iterator[Advice]:
    if case.facts.secrets and case.settings.secrets == "off":
        found = ", ".join(f"{count} {kind}" for kind, count in sorted(case.facts.secrets.items()))
        yield Advice("secrets", 'secrets = "redact"', f"records hold secrets: {found}")


def _dates(case: _Case) -> Iterator[Advice]:
    for option in case.facts.orders:
        value = "true" if option == "--day-first" else "false"
        yield Advice("day_first", f"day_first = {value}", "dates of two numbers were refused: this says which is the day")
    if case.facts.dates_refused and not case.facts.orders:
        forms = ", ".join(f"{count:,} of {form}" for form, count in case.facts.dates_refused.items())
        yield Advice("date_format", 'date_format = "%d.%m.%y"', f"dates were refused: {forms}; give the format they are in")


def _dedup(case: _Case) -> Iterator[Advice]:
    prediction = case.prediction
    repeats = sum(prediction.outcomes.get(name, 0.0) for name in ("duplicate", "merged"))
    is_near = case.settings.dedup in (None, "near")
    if is_near and not repeats and prediction.sampled >= TELLING and prediction.seconds.likely > LONG_SECONDS:
        why = f"none of the first {prediction.sampled:,} records is like another: if that holds for all, exact is quicker"
        yield Advice("dedup", 'dedup = "exact"', why)


_RULES: tuple[Callable[[_Case], Iterator[Advice]], ...] = (_engine, _memory, _batch, _durability, _secrets, _dates, _dedup)
