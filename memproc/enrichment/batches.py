"""Enrichment by a service that takes orders and answers hours later, as the batch APIs of model providers do."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

from memproc.arguments import whole_number
from memproc.enrichment.calling import Caller
from memproc.enrichment.http import check_reads
from memproc.enrichment.terms import Terms, check_numbers
from memproc.errors import UsageError
from memproc.records import Plain


@dataclass(frozen=True, slots=True)
class BatchRequest:
    """One record of an order: the name under which its result comes back, at most 64 letters, digits and marks, and its fields."""

    name: str
    record: Plain


@dataclass(frozen=True, slots=True)
class BatchResult:
    """What came back under a name: a JSON value, or why there is none; and what it cost."""

    name: str
    value: Any
    failure: str = ""
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class BatchState:
    """How far an order is: whether it has ended, and how many of its records are done."""

    is_ended: bool
    done: int = 0
    failure: str = ""


class BatchService(Protocol):
    """What a service has to do to work on orders. Each method may raise SourceEndedError, or OSError, if it cannot be reached."""

    def open(self, seconds_left: Callable[[], float]) -> None:
        """Begin to ask, in a job that has so many seconds left."""

    def submit(self, requests: Sequence[BatchRequest], mark: str) -> str:
        """Place an order that can be found by a mark, and return the name that the service gives it."""

    def find(self, mark: str) -> str | None:
        """Return the name of the order with a mark, None if none was placed."""

    def poll(self, ticket: str) -> BatchState:
        """Return how far an order is."""

    def fetch(self, ticket: str) -> Iterator[BatchResult]:
        """Yield what an order that has ended gave, in any order. What is not named has failed."""

    def close(self) -> None:
        """End asking."""


@dataclass(frozen=True, eq=False)
class BatchEnrichment(Terms):
    """Enrichment by a service that works on orders (`memproc.OpenAIBatches`): give it to `ingest` as `enrich`.

    The records of a batch of the job are one order, or several of `batch_size`, which the job waits for, asking every
    `poll_seconds`, as long as `max_seconds` of the settings allow. An order is in the store before it is placed: a job that is
    killed, or has no more time, finds it again when it is resumed, and places none twice. `reads` are the fields that are sent.
    """

    service: BatchService
    batch_size: int = field(default=50_000, kw_only=True)
    reads: Sequence[str] | None = field(default=None, kw_only=True)
    poll_seconds: float = field(default=30.0, kw_only=True)
    threads: ClassVar[int] = 0

    def __post_init__(self) -> None:
        """Check the service and the terms."""
        if missing := missing_of(self.service):
            raise UsageError(f"service={self.service!r}: it has no {missing[0]}, see memproc.BatchService")
        if not self.name:
            raise UsageError("give the enrichment a name, as in memproc.BatchEnrichment(service, name='emotions')")
        self.check_terms()
        check_reads(self.reads)
        check_numbers(self, "poll_seconds")
        whole_number("batch_size", self.batch_size)

    def caller(self, *_: object) -> Caller:
        """Refuse: orders are not calls."""
        raise UsageError(f"{self.name}: a service that works on orders goes with ingest; for single records give a function")


def missing_of(service: object) -> list[str]:
    """Return the methods of a service that something does not have."""
    wanted = ("open", "submit", "find", "poll", "fetch", "close")
    return [name for name in wanted if not callable(getattr(service, name, None))]
