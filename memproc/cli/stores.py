"""The commands on a store that is there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memproc.cli.app import FAILED, Database, Dedup, Identifier, Json, app, show

LONGEST_OBJECT_BYTES = 1 << 20

if TYPE_CHECKING:
    from memproc.config import Settings
    from memproc.records import Memory
    from memproc.store.store import Store


@app.command()
def export(
    database: Database,
    to: Annotated[Path, typer.Option(metavar="FILE", help="The file to write.")],
    full: Annotated[bool, typer.Option("--full", help="Every observation whole, then the decisions.")] = False,
    as_json: Json = False,
) -> None:
    """Write one memory a line, ordered by id."""
    with opened(database) as store:
        lines = store.export(to, full=full)
    show({"lines": lines, "to": str(to)}, f"{lines} lines to {to}", as_json=as_json)


@app.command()
def stats(database: Database, as_json: Json = False) -> None:
    """Count what is in a store, and prove from its rows that nothing was lost."""
    with opened(database) as store:
        counts = store.stats()
        recount = store.recount()
        policy = store.policy
    told = {**counts, "dedup": policy.dedup, "recount": recount._asdict()}
    proof = "every record read ended in exactly one outcome" if recount.is_whole else f"the rows do not add up: {recount}"
    show(told, "\n".join([*(f"{name:14} {number:>10,}" for name, number in counts.items()), proof]), as_json=as_json)
    if not recount.is_whole:
        raise typer.Exit(FAILED)


@app.command()
def trace(database: Database, identifier: Identifier, as_json: Json = False) -> None:
    """Tell the story of a memory: where it comes from, and what was merged, reviewed, decided and forgotten, when and why."""
    with opened(database) as store:
        told = store.trace(identifier)
    lines = [f"{told.memory.id}  {told.memory.content}" if told.memory else f"{identifier}  was forgotten"]
    for seen in told.observations:
        sure = "" if seen.confidence is None else f" {seen.confidence:.6g}"
        state = "" if seen.speaks else ", replaced by a newer one"
        where = f"job {seen.job}, position {seen.position}, seen {seen.times_seen} times{state}"
        lines.append(f"  {seen.observation}  {seen.outcome}{sure}, {where}")
        lines.append(f"    {seen.record['content']}")
    for entry in told.ledger:
        both = " and ".join(key[:8] for key in (entry.subject, entry.other) if key)
        sure = "" if entry.confidence is None else f" {entry.confidence:.6g}"
        lines.append(f"  {entry.made_at}  {entry.kind}{sure} {both}" + (f": {entry.reason}" if entry.reason else ""))
    lines += [f"  in force: {decision.verdict} {decision.a.hex()} {decision.b.hex()}" for decision in told.decisions]
    as_values = {
        "memory": as_plain(told.memory) if told.memory else None,
        "observations": [seen._asdict() for seen in told.observations],
        "ledger": [entry._asdict() for entry in told.ledger],
        "decisions": [as_pair(decision) for decision in told.decisions],
    }
    show(as_values, "\n".join(lines), as_json=as_json)


@app.command()
def unmerge(
    database: Database,
    identifier: Annotated[str | None, typer.Argument(metavar="ID", help="The id of a memory or of an observation.")] = None,
    job: Annotated[int | None, typer.Option(help="Undo every merge by likeness that this job made.")] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back what was decided on this one.")] = False,
    note: Annotated[str, typer.Option(help="Why; kept with the decision.")] = "",
    as_json: Json = False,
) -> None:
    """Hold an observation apart from the rest of its memory, for ever, or all that a job merged; or take that back."""
    from memproc.errors import UsageError
    from memproc.report.report import counted

    with opened(database) as store:
        if identifier is not None and job is None and undo:
            decisions = [decision for decision in store.decisions(identifier) if decision.verdict == "distinct"]
            store.withdraw(decisions, note=note)
        elif identifier is not None and job is None:
            decisions = list(store.unmerge(identifier, note=note))
        elif identifier is None and job is not None and not undo:
            decisions = list(store.unmerge_job(job, note=note))
        else:
            raise UsageError("give the ID of a memory or an observation, with --undo or without, or --job N")
        count = store.count()
    what = "withdrawn" if undo else "held distinct"
    nothing = "no decision on it is in force" if undo else "nothing is merged there"
    told = (
        f"{counted(len(decisions), 'pair')} {what}; {counted(count, 'memory', 'memories')}"
        if decisions
        else f"nothing to do: {nothing}"
    )
    show({"decisions": list(map(as_pair, decisions)), "memories": count}, told, as_json=as_json)


@app.command()
def forget(database: Database, identifier: Identifier, as_json: Json = False) -> None:
    """Remove a memory with all it was made of. Only hashes stay, so that it does not come back."""
    with opened(database) as store:
        removed = store.forget(identifier)
    show({"observations": removed}, f"{removed} observations forgotten", as_json=as_json)


@app.command()
def rebuild(
    database: Database,
    dedup: Annotated[Dedup | None, typer.Option(help="Build it with another setting.", show_default=False)] = None,
    as_json: Json = False,
) -> None:
    """Compute index, links and memories again from the observations and decisions."""
    from memproc.config import Settings

    with opened(database, for_rebuild=True) as store:
        joins, splits = store.rebuild(settings=Settings(dedup=dedup.value if dedup else None))
        count = store.count()
    told = f"{count} memories: {joins} fewer, {splits} more than before"
    show({"memories": count, "fewer": joins, "more": splits}, told, as_json=as_json)


@app.command()
def recall(
    database: Database,
    limit: Annotated[int, typer.Option(help="Show no more missed pairs than this.")] = 20,
    as_json: Json = False,
) -> None:
    """Compare each fact with each, and show what the index of near pairs missed. Merges do not depend on it."""
    from memproc.report.report import counted

    with opened(database) as store:
        found = store.index_recall()
        missed = [(store.get(one), store.get(other), confidence) for one, other, confidence in found.missed[:limit]]
    share = (
        f"{found.found} of {counted(found.alike, 'pair')} of {counted(found.facts, 'fact')} that are likely the same have a review"
    )
    lines = [f"  {sure:.3f}\n    {one.content if one else ''}\n    {other.content if other else ''}" for one, other, sure in missed]
    as_values = {
        **found._asdict(),
        "missed": [{"one": one, "other": other, "confidence": sure} for one, other, sure in found.missed],
    }
    show(as_values, "\n".join([share, *lines]), as_json=as_json)


@app.command()
def calibrate(
    database: Database,
    labels: Annotated[
        Path, typer.Argument(metavar="LABELS", help="A table or JSON with one, other (ids) and same (true or false).")
    ],
    as_json: Json = False,
) -> None:
    """Fit the confidence to labelled pairs; `rebuild` then makes it count."""
    with opened(database) as store:
        found = store.calibrate(_labels(labels))
    lines = [
        f"{found.pairs} pairs; {found.merged} of them are one memory, {found.merge_precision:.1%} of these rightly",
        f"expected calibration error {found.calibration_error:.3f}, recall at precision .99: {found.recall_at_99:.3f}",
        *(f"  {row.low:.1f} to {row.high:.1f}: {row.pairs} pairs, {row.share_same:.1%} the same" for row in found.reliability),
        "run `memproc rebuild` to make it count",
    ]
    if found.refuses_to_merge:
        lines.append("the merges are too often wrong: after that, nothing but equal words merges without you")
    as_values = {**found._asdict(), "reliability": [row._asdict() for row in found.reliability]}
    show(as_values, "\n".join(lines), as_json=as_json)


@contextmanager
def opened(database: str, *, settings: Settings | None = None, for_rebuild: bool = False) -> Iterator[Store]:
    """Open a store that is there: reading one that is not would make an empty file."""
    from memproc.errors import UsageError
    from memproc.store.opening import is_store
    from memproc.store.store import Store

    if not is_store(database):
        raise UsageError(f"there is no store at {database}")
    with Store(database, settings=settings, for_rebuild=for_rebuild) as store:
        yield store


def as_plain(memory: Memory) -> dict[str, Any]:
    """Return the fields of a memory as JSON values."""
    from memproc.dedup.memory import in_order
    from memproc.records import plain

    return in_order(plain(memory))


def as_pair(decision: Any) -> dict[str, str]:
    """Return a decision as JSON values."""
    return {"a": decision.a.hex(), "b": decision.b.hex(), "verdict": decision.verdict}


def objects_in(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a small file, JSON or a table; an empty one for what is none."""
    from memproc.sources.items import item_of, open_file

    opened_file = open_file(path, lists=frozenset(), limit_bytes=LONGEST_OBJECT_BYTES)
    found = [item.value if isinstance(item.value, dict) else {} for item in map(item_of, opened_file.items)]
    if opened_file.stream is not None:
        opened_file.stream.close()
    return found


def _labels(path: Path) -> Iterator[tuple[str, str, bool]]:
    from memproc.errors import UsageError

    said = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    for at, given in enumerate(objects_in(path)):
        one, other, same = (str(given.get(name, "")).strip() for name in ("one", "other", "same"))
        if not one or not other or same.lower() not in said:
            raise UsageError(f"{path}, label {at}: give one and other (ids), and same (true or false)")
        yield one, other, said[same.lower()]
