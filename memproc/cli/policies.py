"""The part of `review` that decides many pairs at once, by a policy, and takes that back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from memproc.cli.app import show
from memproc.cli.stores import as_plain

if TYPE_CHECKING:
    from memproc.store.answers import Applied, Review, Settled
    from memproc.store.store import Store

DONE = {"merge": "merged", "distinct": "held distinct", "supersedes": "taken as before and after"}


def show_applied(store: Store, found: Applied, sample: int | None, *, is_trial: bool, as_json: bool) -> None:
    """Print what a policy decided, or would decide, with some of the pairs."""
    shown = store.reviews(numbers=spread(found.reviews, sample)) if sample is not None else []
    values: dict[str, Any] = {field: value for field, value in found._asdict().items() if field != "reviews"}
    values["dry_run"] = is_trial
    if sample is not None:
        values["sample"] = [as_values(pair) for pair in shown]
    show(values, "\n".join([*map(line_of, shown), *_told(found, is_trial=is_trial)]), as_json=as_json)


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most so many of some numbers, the first and the last among them and the others evenly between.

    >>> spread(range(100), 5)
    [0, 25, 50, 74, 99]
    """
    if len(numbers) <= most:
        return [*numbers]
    steps = max(most - 1, 1)
    return [numbers[round(at * (len(numbers) - 1) / steps)] for at in range(most)]


def _told(found: Applied, *, is_trial: bool) -> list[str]:
    from memproc.report.report import counted

    verb = f"would be {DONE[found.verdict]}" if is_trial else DONE[found.verdict]
    where = f", in {counted(found.memories, 'memory', 'memories')}" if found.decided else ""
    lines = [f"{counted(found.decided, 'pair')} {verb} by the policy {found.policy}{where}"]
    if found.held:
        lines.append(f"{counted(found.held, 'pair')} that it means too wait for a person: one spoke against it, or no date tells")
    return lines


def show_decided(store: Store, limit: int | None, *, as_json: bool) -> None:
    """List the policies with what each decided, then the reviews that were decided."""
    from memproc.report.report import counted

    policies, known = store.policies(), store.settled_reviews()[:limit]
    lines = [f"policy  {policy.name}  {counted(policy.decisions, 'pair')}" for policy in policies]
    for one in known:
        by = f"  by the policy {one.policy}" if one.policy else ""
        lines.append(f"{one.number}  {one.verdict}  {_kind(one)}  {one.reason}{by}")
    values = {"decided": [one._asdict() for one in known], "policies": [policy._asdict() for policy in policies]}
    show(values, "\n".join(lines) or "nothing is decided", as_json=as_json)


def as_values(pair: Review) -> dict[str, Any]:
    """Return a review as JSON values."""
    return {**pair._asdict(), "one": as_plain(pair.one), "other": as_plain(pair.other)}


def line_of(pair: Review) -> str:
    """Return a review as people read it where it is one of a list."""
    return f"{pair.number}  {_kind(pair)}  {pair.reason}\n    {pair.one.content}\n    {pair.other.content}"


def _kind(pair: Review | Settled) -> str:
    """Return the kind of a review, and the confidence where it has one."""
    return pair.kind if pair.confidence is None else f"{pair.kind} {pair.confidence:.3g}"
