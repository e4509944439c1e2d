"""Which of the jobs that are ready is next. Pure: values in, a number out.

Rules: first the priority, which rises by one with each `ageing_seconds` that a job has waited. Within one priority the namespace
that has least of its share goes first, by what it runs now and has used lately, then the submitter that runs least, then the order
of the queue. Under `lifo` who has waited for longer than `ageing_seconds` goes before all that have not, the oldest first: else the
oldest would wait for ever. What is at a limit is passed over, and holds up nobody else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from memproc.store.queue.rules import QueueRules

MICROS = 1_000_000


class Head(NamedTuple):
    """A job that could be next: the oldest, or the newest, of its priority, namespace and submitter."""

    number: int
    priority: int
    namespace: int
    submitter: int
    ready_at: int


@dataclass(frozen=True, slots=True)
class Load:
    """What runs, by the hashes of names, and the weighted seconds that each namespace has used lately."""

    total: int = 0
    namespaces: Mapping[int, int] = field(default_factory=dict)
    submitters: Mapping[int, int] = field(default_factory=dict)
    used: Mapping[int, float] = field(default_factory=dict)
    weights: Mapping[int, float] = field(default_factory=dict)


def choose(heads: Iterable[Head], load: Load, rules: QueueRules, now: int) -> int | None:
    """Return the number of the job to run next, at `now` in microseconds since 1970; None where all limits are reached.

    >>> choose([Head(1, 2, 0, 0, 0), Head(2, 0, 0, 0, 0)], Load(), QueueRules(), 0)
    2
    >>> choose([Head(1, 2, 0, 0, 0), Head(2, 0, 0, 0, 1_200_000_000)], Load(), QueueRules(), 1_200_000_000)
    1
    """
    if is_full(load.total, rules.at_once):
        return None
    fit = [head for head in heads if not _is_at_limit(head, load, rules)]
    ageing = rules.ageing_seconds * MICROS

    def order(head: Head) -> tuple[float, ...]:
        waited = max(0, now - head.ready_at)
        priority = max(0, head.priority - int(waited // ageing))
        weight = load.weights.get(head.namespace, 1.0)
        share = load.namespaces.get(head.namespace, 0) / weight, load.used.get(head.namespace, 0.0) / weight
        is_newest_first = rules.order == "lifo" and waited < ageing
        place = -head.number if is_newest_first else head.number
        return (priority, *share, load.submitters.get(head.submitter, 0), is_newest_first, place)

    return min(fit, key=order).number if fit else None


def is_full(count: int, limit: int | None) -> bool:
    """Tell whether as many run as may."""
    return limit is not None and count >= limit


def _is_at_limit(head: Head, load: Load, rules: QueueRules) -> bool:
    return is_full(load.namespaces.get(head.namespace, 0), rules.at_once_per_namespace) or is_full(
        load.submitters.get(head.submitter, 0), rules.at_once_per_submitter
    )
