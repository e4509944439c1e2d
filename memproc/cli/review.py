"""The command on pairs that wait for review: show them side by side in a terminal or as JSON, decide them one by one, from a file
or by a policy, and withdraw decisions.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, get_args

from typer import Argument, Option

from memproc.cli.app import Database, Json, app, show
from memproc.cli.output import fields_of
from memproc.cli.sitting import decide_by_keys
from memproc.cli.stores import as_pair, as_plain, objects_in, opened, show_withdrawn
from memproc.config import Verdict
from memproc.errors import MemprocError, UsageError

if TYPE_CHECKING:
    from memproc.store.answers import Applied, Review, Settled
    from memproc.store.store import Store

DONE = {"merge": "merged", "distinct": "held distinct", "supersedes": "taken as before and after"}
MOST_DIGITS = 18  # of the number of a review; an id has 32 characters
VERDICTS = " or ".join(get_args(Verdict))


@app.command()
def review(
    database: Database,
    which: Annotated[
        str | None, Argument(metavar="N|ID", help="With --undo: the number of a review, or an id.", show_default=False)
    ] = None,
    decide: Annotated[
        Path | None,
        Option(metavar="FILE", help=f'Apply JSON lines {{"review": N, "verdict": {VERDICTS}}}.'),
    ] = None,
    accept: Annotated[
        str | None,
        Option(metavar="POLICY", help='Merge all pairs that match, as in "confidence >= 0.97 and kind == similar".'),
    ] = None,
    verdict: Annotated[Verdict | None, Option(help="What --accept decides instead of merge.", show_default=False)] = None,
    name: Annotated[str | None, Option(help="The name of the policy; by default its text.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Show what --accept would decide, and decide nothing.")] = False,
    sample: Annotated[
        int | None,
        Option(metavar="N", min=1, help="Like --dry-run, and show N of the pairs, from the most to the least certain."),
    ] = None,
    undo: Annotated[
        bool, Option("--undo", help="Withdraw what review N decided, all decisions on an ID, or those of --policy NAME.")
    ] = False,
    policy: Annotated[str | None, Option(metavar="NAME", help="With --undo: the policy to withdraw.")] = None,
    propose: Annotated[
        bool, Option("--propose", help="Add pairs of new facts that are similar in meaning; needs the extra `semantic`.")
    ] = False,
    at_least: Annotated[
        float | None, Option(metavar="0..1", help="With --propose: the least cosine similarity of two facts; 0.8 by default.")
    ] = None,
    decided: Annotated[
        bool, Option("--decided", help="List the decided reviews, each with its number for --undo, and the policies.")
    ] = False,
    limit: Annotated[int | None, Option(metavar="N", min=1, help="Show or decide at most this many.")] = None,
    note: Annotated[str, Option(help="Why; kept with each decision.")] = "",
    as_json: Json = False,
) -> None:
    """Decide the pairs that wait for review: one by one in a terminal, from a file, or many by a policy. Otherwise list them. Or
    withdraw decisions, or propose more pairs.
    """
    _check_use(
        {
            "--decide": decide is not None,
            "--accept": accept is not None,
            "--undo": undo,
            "--decided": decided,
            "--propose": propose,
        },
        {"--verdict": verdict, "--name": name, "--dry-run": dry_run or None, "--sample": sample},
        {"N or ID": which, "--policy": policy},
        {"--at-least": at_least},
    )
    with opened(database) as store:
        if decide is not None:
            _carry_out(store, decide, note, as_json=as_json)
        elif accept is not None:
            is_trial = dry_run or sample is not None
            found = store.decide_all(accept, verdict=verdict or "merge", name=name, note=note, limit=limit, dry_run=is_trial)
            show_applied(store, found, sample, is_trial=is_trial, as_json=as_json)
        elif policy is not None:
            show_withdrawn(store, store.withdraw_policy(policy, note=note), as_json=as_json)
        elif which is not None:
            is_review = len(which) <= MOST_DIGITS and which.isdecimal()
            made = store.decisions(review=int(which)) if is_review else store.decisions(store.full_id(which))
            store.withdraw(made, note=note)
            show_withdrawn(store, made, as_json=as_json)
        elif propose:
            _propose(store, at_least, limit, as_json=as_json)
        elif decided:
            show_decided(store, limit, as_json=as_json)
        elif as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            waiting = store.reviews(limit=limit)
            told = "\n".join(map(line_of, waiting)) or "nothing waits"
            show({"reviews": [*map(as_review, waiting)]}, told, as_json=as_json)
        else:
            decide_by_keys(store, store.reviews(limit=limit), note)


def _check_use(
    ways: dict[str, bool], of_accept: dict[str, object], of_undo: dict[str, object], of_propose: dict[str, object]
) -> None:
    """Raise UsageError if the given options cannot be combined."""
    if sum(ways.values()) > 1:
        raise UsageError(f"give one of {', '.join(ways)}")
    for way, options in (("--accept", of_accept), ("--undo", of_undo), ("--propose", of_propose)):
        given = [name for name, value in options.items() if value is not None]
        if given and not ways[way]:
            raise UsageError(f"{given[0]} goes with {way}")
    if ways["--undo"] and sum(value is not None for value in of_undo.values()) != 1:
        raise UsageError("say what --undo takes back: the number of a review, an ID, or --policy NAME")


def show_applied(store: Store, found: Applied, sample: int | None, *, is_trial: bool, as_json: bool) -> None:
    """Print what a policy decided, or would decide, with some of the pairs."""
    shown = store.reviews(numbers=spread(found.reviews, sample)) if sample is not None else []
    values: dict[str, Any] = {field: value for field, value in fields_of(found).items() if field != "reviews"}
    values["dry_run"] = is_trial
    if sample is not None:
        values["sample"] = [as_review(pair) for pair in shown]
    show(values, "\n".join([*map(line_of, shown), *_told_of(found, is_trial=is_trial)]), as_json=as_json)


def spread(numbers: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of the numbers: the first, the last, and others evenly spaced between.

    >>> spread(range(100), 5)
    [0, 25, 50, 74, 99]
    """
    if len(numbers) <= most:
        return [*numbers]
    steps = max(most - 1, 1)
    return [numbers[round(at * (len(numbers) - 1) / steps)] for at in range(most)]


def _told_of(found: Applied, *, is_trial: bool) -> list[str]:
    from memproc.report.report import counted

    verb = f"would be {DONE[found.verdict]}" if is_trial else DONE[found.verdict]
    where = f", in {counted(found.memories, 'memory', 'memories')}" if found.decided else ""
    lines = [f"{counted(found.decided, 'pair')} {verb} by the policy {found.policy}{where}"]
    if found.held:
        lines.append(f"{counted(found.held, 'pair')} that it means too wait for a person: one spoke against it, or no date tells")
    return lines


def show_decided(store: Store, limit: int | None, *, as_json: bool) -> None:
    """List the policies with how many pairs each decided, then the decided reviews."""
    from memproc.report.report import counted

    policies, known = store.policies(), store.settled_reviews()[:limit]
    lines = [f"policy  {policy.name}  {counted(policy.decisions, 'pair')}" for policy in policies]
    for one in known:
        by = f"  by the policy {one.policy}" if one.policy else ""
        lines.append(f"{one.number}  {one.verdict}  {_kind(one)}  {one.reason}{by}")
    values = {"decided": [fields_of(one) for one in known], "policies": [fields_of(policy) for policy in policies]}
    show(values, "\n".join(lines) or "nothing is decided", as_json=as_json)


def as_review(pair: Review) -> dict[str, Any]:
    """Return a review as JSON values."""
    return {**fields_of(pair), "one": as_plain(pair.one), "other": as_plain(pair.other)}


def line_of(pair: Review) -> str:
    """Return a review as text, for a list."""
    return f"{pair.number}  {_kind(pair)}  {pair.reason}\n    {pair.one.content}\n    {pair.other.content}"


def _kind(pair: Review | Settled) -> str:
    """Return the kind of a review, with the confidence if it has one."""
    return pair.kind if pair.confidence is None else f"{pair.kind} {pair.confidence:.3g}"


def _propose(store: Store, at_least: float | None, limit: int | None, *, as_json: bool) -> None:
    """Add pairs that are similar in meaning, and print how many."""
    given = {} if at_least is None else {"at_least": at_least}
    found = store.propose(**given, limit=limit)
    more = "".join(f", {count} {told}" for count, told in ((found.known, "known"), (found.left, "left")) if count)
    show(fields_of(found), f"{found.proposed} proposed of {found.facts} new facts{more}", as_json=as_json)


def _carry_out(store: Store, path: Path, note: str, *, as_json: bool) -> None:
    """Apply the verdicts in a file. Those that are in force already are counted, so a file that failed halfway can be run again."""
    known = {one.number: one.verdict for one in store.settled_reviews()}
    decisions, already = [], 0
    for at, number, verdict in list(_orders(path)):
        if known.get(number) == verdict:
            already += 1
            continue
        try:
            decisions.append(store.resolve(number, verdict, note=note))
        except MemprocError as error:
            advice = "what stands before it is decided; mend this line and run the file again"
            raise type(error)(f"{path}, line {at}: {error}; {advice}") from error
        known[number] = verdict
    told = f"{len(decisions)} decided" + (f", {already} were already" if already else "")
    show({"decisions": list(map(as_pair, decisions)), "already": already}, told, as_json=as_json)


def _orders(path: Path) -> Iterator[tuple[int, int, Any]]:
    """Yield the line, the number of the review and the verdict of each object in a file."""
    for at, given in enumerate(objects_in(path), 1):
        number, verdict = given.get("review"), given.get("verdict")
        if not isinstance(number, int) or isinstance(number, bool) or verdict not in get_args(Verdict):
            raise UsageError(f'{path}, line {at}: give {{"review": a number, "verdict": {VERDICTS}}}')
        yield at, number, verdict
