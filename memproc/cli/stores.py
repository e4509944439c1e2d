"""The commands on an existing store."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Exit, Option

from memproc.cli.app import FAILED, Database, Identifier, Json, MergeAt, RecallName, ReviewAt, app, settings_of, show
from memproc.cli.options import schema_of
from memproc.cli.output import fields_of, target, times
from memproc.config import Dedup, Settings
from memproc.errors import UsageError

LONGEST_OBJECT_BYTES = 1 << 20

if TYPE_CHECKING:
    from memproc.dedup.decision import Decision
    from memproc.records import Memory
    from memproc.store.answers import Finding, Step
    from memproc.store.rows.relations import Related
    from memproc.store.store import Store


@app.command()
def stats(database: Database, as_json: Json = False) -> None:
    """Count what is in a store, and prove from its rows that nothing was lost."""
    with opened(database) as store:
        counts = store.stats()
        recount = store.recount()
        policy = store.policy
    told = {**counts, "dedup": policy.dedup, "recount": fields_of(recount)}
    proof = "every record read ended in exactly one outcome" if recount.is_whole else f"the rows do not add up: {recount}"
    show(told, "\n".join([*(f"{name:14} {number:>10,}" for name, number in counts.items()), proof]), as_json=as_json)
    if not recount.is_whole:
        raise Exit(FAILED)


@app.command()
def trace(database: Database, identifier: Identifier, as_json: Json = False) -> None:
    """Show the history of a memory: where it comes from, and what was merged, reviewed, decided and forgotten, when and why."""
    with opened(database) as store:
        told = store.trace(identifier := store.full_id(identifier))
        steps = store.history(identifier).steps if told.memory else ()
        related = store.related(identifier) if told.memory else ()
    lines = [f"{told.memory.id}  {told.memory.content}" if told.memory else f"{identifier}  was forgotten"]
    for seen in told.observations:
        sure = "" if seen.confidence is None else f" {seen.confidence:.6g}"
        state = "" if seen.speaks else ", replaced by a newer one"
        place = f" ({seen.place})" if seen.place else ""
        where = f"job {seen.job}, position {seen.position}{place}, seen {times(seen.times_seen)}{state}"
        lines.append(f"  {seen.observation}  {seen.outcome}{sure}, {where}")
        lines.append(f"    {seen.record['content']}")
    for entry in told.ledger:
        both = " and ".join(key[:8] for key in (entry.subject, entry.other) if key)
        sure = "" if entry.confidence is None else f" {entry.confidence:.6g}"
        lines.append(f"  {entry.made_at}  {entry.kind}{sure} {both}" + (f": {entry.reason}" if entry.reason else ""))
    for decision in told.decisions:
        by = f" by the policy {decision.policy}" if decision.policy else ""
        lines.append(f"  in force: {decision.verdict} {decision.a.hex()} {decision.b.hex()}{by}")
    lines += [f"  related: {one.type} {one.target_kind} {one.target}{_leading(one)}" for one in related]
    if len(steps) > 1:
        lines.append("  in the course of time:")
        lines += [f"    {step.date or 'without a date'}  {step.content}  ({_linked(step)})" for step in steps]
    values = {
        "memory": as_plain(told.memory) if told.memory else None,
        "observations": [fields_of(seen) for seen in told.observations],
        "ledger": [fields_of(entry) for entry in told.ledger],
        "decisions": [as_pair(decision) for decision in told.decisions],
        "history": [fields_of(step) for step in steps],
        "related": [fields_of(one) for one in related],
    }
    show(values, "\n".join(lines), as_json=as_json)


def _leading(one: Related) -> str:
    """Return where a relation leads, if it is one to a memory."""
    return "" if one.target_kind != "memory" else f" -> {one.memory or 'not there (yet)'}"


def _linked(step: Step) -> str:
    """Return the link of a step in a history, with the number of the review if one offers it."""
    return step.link if step.review is None or step.link != "offered" else f"{step.link} by review {step.review}"


@app.command()
def unmerge(
    database: Database,
    identifier: Annotated[str | None, Argument(metavar="ID", help="The id of a memory or of an observation.")] = None,
    job: Annotated[int | None, Option(help="Undo every merge by similarity that this job made.")] = None,
    undo: Annotated[bool, Option("--undo", help="Withdraw an earlier unmerge, of this id or of the job.")] = False,
    note: Annotated[str, Option(help="Why; kept with the decision.")] = "",
    as_json: Json = False,
) -> None:
    """Separate an observation (for a memory, its first node) from the rest of its memory for good, or everything that a job merged.
    Or withdraw that.
    """
    if (identifier is None) == (job is None):
        raise UsageError("give the ID of a memory or an observation, or --job N, with --undo or without")
    with opened(database) as store:
        if undo:
            named = None if identifier is None else store.full_id(identifier)
            made = [decision for decision in store.decisions(named, job=job) if decision.verdict == "distinct"]
            store.withdraw(made, note=note)
            show_withdrawn(store, made, as_json=as_json)
        elif job is not None:
            _show_held_apart(store, store.unmerge_job(job, note=note), {}, "", as_json=as_json)
        else:
            decisions = store.unmerge(named := store.full_id(str(identifier)), note=note)
            parts, told = _parts(store, named, decisions)
            _show_held_apart(store, decisions, parts, told, as_json=as_json)


def _show_held_apart(store: Store, decisions: Sequence[Decision], parts: dict[str, Any], told: str, *, as_json: bool) -> None:
    from memproc.report.report import counted

    count = store.count()
    head = f"{counted(len(decisions), 'pair')} held distinct; {counted(count, 'memory', 'memories')}"
    values = {"decisions": list(map(as_pair, decisions)), "memories": count, **parts}
    show(values, f"{head}{told}" if decisions else "nothing to do: nothing is merged there", as_json=as_json)


def _parts(store: Store, identifier: str, decisions: Sequence[Decision]) -> tuple[dict[str, Any], str]:
    """Return what was split off a memory and what is left of it, as values and as text."""
    own = store.get(identifier)
    sides = [store.get(key.hex()) for decision in decisions for key in decision.keys]
    rest = {side.id: side for side in sides if side is not None and own is not None and side.id != own.id}
    if own is None or not rest:
        return {"split_off": None, "rest": []}, ""
    left = [f"\n  left       {known}  {side.content}" for known, side in rest.items()]
    more = "\n  to split what is left, unmerge that too, or an observation that `memproc trace` shows in it"
    return {"split_off": own.id, "rest": [*rest]}, "".join([f"\n  split off  {own.id}  {own.content}", *left, more])


def show_withdrawn(store: Store, decisions: Sequence[Decision], *, as_json: bool) -> None:
    """Print which decisions were withdrawn, and how many memories there are now."""
    from memproc.report.report import counted

    count = store.count()
    head = f"{counted(len(decisions), 'pair')} withdrawn; {counted(count, 'memory', 'memories')}"
    told = head if decisions else "nothing to do: no decision on it is in force"
    show({"decisions": list(map(as_pair, decisions)), "memories": count}, told, as_json=as_json)


@app.command()
def rebuild(
    database: Database,
    dedup: Annotated[Dedup | None, Option(help="Rebuild with another setting.", show_default=False)] = None,
    merge_at: MergeAt = None,
    recall: RecallName = None,
    review_at: ReviewAt = None,
    as_json: Json = False,
) -> None:
    """Recompute index, links and memories from the observations and decisions, with other settings if given."""
    from memproc.cli.rebuild_progress import shown_rebuild

    with opened(database, for_rebuild=True) as store:
        chosen = settings_of(dedup=dedup, merge_at=merge_at, recall=recall, review_at=review_at)
        with shown_rebuild() as hear:
            joins, splits = store.rebuild(settings=chosen, on_event=hear)
        count = store.count()
    told = f"{count} memories: {joins} fewer, {splits} more than before"
    show({"memories": count, "fewer": joins, "more": splits}, told, as_json=as_json)


@app.command()
def recall(
    database: Database,
    limit: Annotated[int, Option(metavar="N", min=1, help="Show at most this many missed pairs.")] = 20,
    as_json: Json = False,
) -> None:
    """Compare all facts with each other, and show what the index of near pairs missed. Merges do not depend on it."""
    from memproc.report.report import counted

    with opened(database) as store:
        found = store.index_recall()
        missed = [(store.get(one), store.get(other), confidence) for one, other, confidence in found.missed[:limit]]
    share = (
        f"{found.found} of {counted(found.alike, 'pair')} of {counted(found.facts, 'fact')} that are likely the same have a review"
    )
    lines = [f"  {sure:.3f}\n    {one.content if one else ''}\n    {other.content if other else ''}" for one, other, sure in missed]
    values = {
        **fields_of(found),
        "missed": [{"one": one, "other": other, "confidence": sure} for one, other, sure in found.missed],
    }
    show(values, "\n".join([share, *lines]), as_json=as_json)


@app.command()
def calibrate(
    database: Database,
    labels: Annotated[Path, Argument(metavar="LABELS", help="A table or JSON with one, other (ids) and same (true or false).")],
    as_json: Json = False,
) -> None:
    """Fit the confidence to labelled pairs; `rebuild` then applies it."""
    with opened(database) as store:
        found = store.calibrate(_labels(labels))
    lines = [
        f"{found.pairs} pairs; {found.merged} of them merge by likeness, {found.merge_precision:.1%} of these rightly",
        f"expected calibration error {found.calibration_error:.3f}, recall at precision .99: {found.recall_at_99:.3f}",
        *(f"  {row.low:.1f} to {row.high:.1f}: {row.pairs} pairs, {row.share_same:.1%} the same" for row in found.reliability),
        "run `memproc rebuild` to make it count",
    ]
    if found.refuses_to_merge:
        lines.append("the merges are too often wrong: after that, nothing merges by likeness without you")
    values = {**fields_of(found), "reliability": [fields_of(row) for row in found.reliability]}
    show(values, "\n".join(lines), as_json=as_json)


@app.command()
def backup(
    database: Database,
    to: Annotated[str, Argument(metavar="FILE", help="The file to write; - for standard output.")],
    force: Annotated[bool, Option("--force", help="Overwrite the file if it exists.")] = False,
    as_json: Json = False,
) -> None:
    """Copy a store as it is at one moment, even while it is in use, and check the copy."""
    with opened(database) as store:
        size_bytes = store.backup(target(to), overwrite=force)
    show({"to": to, "bytes": size_bytes}, f"{size_bytes:,} bytes to {to}", as_json=as_json, to=to)


@app.command()
def doctor(
    database: Database,
    quick: Annotated[bool, Option("--quick", help="Read no memories: is the store there, and which jobs were left?")] = False,
    fail_on: Annotated[Literal["warning", "error"], Option(help="The least finding that exits with 1.")] = "warning",
    as_json: Json = False,
) -> None:
    """Check a store from its files to its index, and report what is wrong and how to repair it. Nothing is written."""
    from memproc.store.checkup.doctor import examine_at

    findings = examine_at(database, settings_of(), is_quick=quick)
    severities = {finding.severity for finding in findings}
    status = next((severity for severity in ("error", "warning") if severity in severities), "ok")
    told = "\n".join(map(_told_of, findings)) or "nothing is wrong"
    show({"status": status, "findings": [fields_of(finding) for finding in findings]}, told, as_json=as_json)
    if status in ("error", fail_on):
        raise Exit(FAILED)


def _told_of(finding: Finding) -> str:
    more = ", ..." if finding.how_many > len(finding.examples) else ""
    examples = f"\n    {', '.join(finding.examples)}{more}" if finding.examples else ""
    head = f"{finding.severity}  {finding.code} ({finding.how_many}): {finding.message}"
    return f"{head}{examples}\n    what mends it: {finding.advice}"


@contextmanager
def opened(
    database: str, *, settings: Settings | None = None, for_rebuild: bool = False, schema: str | None = None
) -> Iterator[Store]:
    """Open an existing store, with the class that --schema names: opening a missing one would create an empty file."""
    from memproc.store.sql.opening import require_store
    from memproc.store.store import Store

    chosen = settings or settings_of()
    require_store(database, chosen)
    with Store(database, settings=chosen, schema=schema_of(schema), for_rebuild=for_rebuild) as store:
        yield store


def as_plain(memory: Memory) -> dict[str, Any]:
    """Return the fields of a memory as JSON values."""
    from memproc.dedup.memory import in_order
    from memproc.records import plain

    return in_order(plain(memory))


def as_pair(decision: Any) -> dict[str, str]:
    """Return a decision as JSON values, with its policy if one made it."""
    of_policy = {"policy": decision.policy} if decision.policy else {}
    return {"a": decision.a.hex(), "b": decision.b.hex(), "verdict": decision.verdict, **of_policy}


def objects_in(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a small file, JSON or a table; an empty object for anything else."""
    from memproc.sources.decoding import item_of
    from memproc.sources.files import open_file

    with closing(open_file(path, lists=frozenset(), limit_bytes=LONGEST_OBJECT_BYTES)) as found:
        return [item.value if isinstance(item.value, dict) else {} for item in map(item_of, found.items)]


def _labels(path: Path) -> Iterator[tuple[str, str, bool]]:
    said = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    for at, given in enumerate(objects_in(path)):
        one, other, same = (str(given.get(name, "")).strip() for name in ("one", "other", "same"))
        if not one or not other or same.lower() not in said:
            raise UsageError(f"{path}, label {at}: give one and other (ids), and same (true or false)")
        yield one, other, said[same.lower()]
