"""Pairs that are decided at once, as those like one of them, and decisions that are taken back.

Rules: a policy decides in all namespaces, so only who reaches all of them carries one out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from memproc.errors import NotFoundError, UsageError
from memproc.service.rest.callers import Caller, memory_of, review_of
from memproc.store.answers import Review
from memproc.store.store import Store

ManyVerdict = Literal["merge", "distinct"]


@dataclass(frozen=True, slots=True)
class Many:
    """What would be decided, or was: the policy, the verdict, and of how many pairs."""

    policy: str
    verdict: ManyVerdict
    pairs: int


def decide_many(store: Store, caller: Caller, number: int, verdict: ManyVerdict, note: str | None) -> Many:
    """Decide a pair and all of its kind that are at least as certain, or to hold distinct at most as certain; without a note, only
    tell how many that would be. Raises a problem where the caller does not reach all namespaces.
    """
    pair: Review = review_of(store, caller, number)
    caller.check_reaches_all()
    if pair.confidence is None:
        raise UsageError(f"review {number} has no confidence: decide it alone")
    policy = f"confidence {'>=' if verdict == 'merge' else '<='} {pair.confidence!r} and kind == {pair.kind}"
    name = f"{policy} {_mark(number)}"
    done = store.decide_all(policy, verdict=verdict, name=name, note=note or "", dry_run=note is None)
    return Many(policy, verdict, done.decided)


def _mark(number: int) -> str:
    return f"(by a key at review {number})"


def withdraw_many(store: Store, caller: Caller, number: int, note: str) -> None:
    """Take back what was decided together with a pair. Raises NotFoundError, and a problem as `decide_many`."""
    caller.check_reaches_all()
    names = [one.name for one in store.policies() if one.name.endswith(_mark(number))]
    if not names:
        raise _nothing(number)
    for name in names:
        store.withdraw_policy(name, note=note)


def withdraw(store: Store, caller: Caller, number: int, note: str) -> None:
    """Take back a person's decision on a pair of the caller's. Raises NotFoundError on any other."""
    try:
        taken = [one for one in store.decisions(review=number) if not one.policy]
        for one in taken:
            memory_of(store, caller, one.a.hex())
    except NotFoundError:
        taken = []
    if not taken:
        raise _nothing(number)
    store.withdraw(taken, note=note)


def _nothing(number: int) -> NotFoundError:
    return NotFoundError(f"there is no decision on review {number} here that can be taken back")
