"""Decisions as rows: which were made, and which of them hold."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from typing import Any

from sqlalchemy import delete, select

from memproc.dedup.decision import Decision
from memproc.dedup.keys import Key
from memproc.store.sql import tables
from memproc.store.sql.seals import resealed
from memproc.store.sql.tx import Tx

Pair = tuple[Key, Key]
_NOTED = select(tables.decisions.c.number)
DECISIONS = select(*(tables.decisions.c[name] for name in ("number", "a", "b", "verdict", "policy")))
WITHDRAWN = "withdrawn"  # in place of a verdict: the last decision on this pair is taken back, or that of a policy


def in_force(decisions: Mapping[int, Decision]) -> list[Decision]:
    """Return the decisions that hold, given all by their numbers: of each pair the last that was not withdrawn."""
    return sorted(left[-1] for left in not_withdrawn(decisions).values())


def not_withdrawn(decisions: Mapping[int, Decision]) -> dict[Pair, list[Decision]]:
    """Return for each pair the decisions that were not withdrawn, the last one last: it hides those below it.

    A person takes back what holds, whoever decided it. A policy is taken back from wherever it lies, so that what a person decided
    on top of it stays.
    """
    made: dict[Pair, list[Decision]] = defaultdict(list)
    for _, decision in sorted(decisions.items()):
        on_pair = made[decision.a, decision.b]
        if decision.verdict != WITHDRAWN:
            on_pair += [decision] if on_pair[-1:] != [decision] else []
        elif decision.policy:
            on_pair[:] = [below for below in on_pair if below.policy != decision.policy]
        else:
            del on_pair[-1:]
    return {pair: on_pair for pair, on_pair in made.items() if on_pair}


def stands_against(made: Mapping[int, Decision], decision: Decision) -> bool:
    """Tell whether what was ever decided on a pair stands against a decision from elsewhere: a person's word, also one that took
    something back, against any; what a policy said against that of another policy.
    """
    return any(not before.policy or decision.policy for before in made.values())


def decisions_on(tx: Tx, pairs: Collection[Pair]) -> dict[Pair, dict[int, Decision]]:
    """Return all that was ever decided, and withdrawn, on pairs of nodes or observations in order, each by its number."""
    made: dict[Pair, dict[int, Decision]] = defaultdict(dict)
    for row in tx.select_by_keys(DECISIONS, tables.decisions.c.a, {a for a, _ in pairs}):
        if (row.a, row.b) in pairs:
            made[row.a, row.b][row.number] = decision_of(row)
    return made


def all_decisions(tx: Tx) -> list[Decision]:
    """Return the decisions in force, sorted."""
    return in_force(decisions_ever(tx))


def decisions_ever(tx: Tx) -> dict[int, Decision]:
    """Return all that was ever decided, and withdrawn, by its number."""
    return {row.number: decision_of(row) for row in tx.execute(DECISIONS)}


def decision_of(row: Any) -> Decision:
    """Return a row of the query `DECISIONS` as a value."""
    return Decision(a=row.a, b=row.b, verdict=row.verdict, policy=row.policy)


def pairs_of(one: Collection[Key], other: Collection[Key]) -> set[Pair]:
    """Return the pairs, in order, by which a decision may name two things, given what each of them is called."""
    return {(min(a, b), max(a, b)) for a, b in product(one, other) if a != b}


def write_decisions(tx: Tx, decisions: Sequence[tuple[Decision, str]], note: str) -> None:
    """Write decisions, each with the verdict to note; `WITHDRAWN` takes it back."""
    made = {"made_at": tx.now, "note": note}
    rows = [
        {"number": number, "a": decision.a, "b": decision.b, "verdict": verdict, "policy": decision.policy, **made}
        for number, (decision, verdict) in enumerate(decisions, tx.next_number(tables.decisions))
    ]
    tx.insert_rows(tables.decisions, rows)


def take_notes_out(tx: Tx, handles: Collection[Key]) -> None:
    """Take out what persons noted as they decided on these nodes and observations; that they did stays."""
    columns = (tables.decisions.c.a, tables.decisions.c.b)
    noted = {number for column in columns for (number,) in tx.select_by_keys(_NOTED, column, handles)}
    tx.update_rows(tables.decisions, [{"number": number, "note": ""} for number in sorted(noted)])


def decide_on(tx: Tx, nodes: Mapping[Key, set[Key]]) -> None:
    """Write the decisions anew, each on the nodes that its nodes have become; one on observations stays as it is."""
    if all(now == {before} for before, now in nodes.items()):
        return
    made = tx.execute(select(tables.decisions).order_by(tables.decisions.c.number)).all()
    tx.execute(delete(tables.decisions))
    moved = [
        (row._asdict(), {"a": min(ends), "b": max(ends)})
        for row in made
        for ends in sorted(product(nodes.get(row.a, {row.a}), nodes.get(row.b, {row.b})))
        if ends[0] != ends[1]
    ]
    rows = [{**row, **resealed(tables.decisions, row, {"number": at, **ends})} for at, (row, ends) in enumerate(moved, 1)]
    tx.insert_rows(tables.decisions, rows)
