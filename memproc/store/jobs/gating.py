"""What quality gates found of jobs, and what they measured: a row a job, which later jobs are compared with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson
from sqlalchemy import select

from memproc.gates.facts import Facts
from memproc.gates.judged import GateJudged, judged_of
from memproc.records import encode
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

_gates = tables.gates.c


class Kept(NamedTuple):
    """What gates found of a job, moment by moment, and what was measured of its records."""

    judged: tuple[GateJudged, ...]
    facts: Facts


def kept_of(tx: Tx, job: int) -> Kept | None:
    """Return what is kept of a job, None if no gate judged it."""
    row = tx.execute(select(_gates.judged, _gates.facts).where(_gates.job == job)).first()
    if row is None:
        return None
    return Kept(tuple(map(judged_of, orjson.loads(row.judged))), Facts(**orjson.loads(row.facts)))


def keep(tx: Tx, job: int, judged: Iterable[GateJudged], facts: Facts) -> None:
    """Keep what gates found of a job, in place of what was found at the same moments before, and what was measured."""
    before = kept_of(tx, job)
    found = {one.moment: one for one in (*(before.judged if before else ()), *judged)}
    measured = Facts(facts.counts, facts.looked_at, {**(before.facts.values if before else {}), **facts.values})
    row = {
        "job": job,
        "judged_at": tx.now,
        "judged": encode([one.as_dict() for one in found.values()]).decode(),
        "facts": encode(measured.as_dict()).decode(),
    }
    if before is None:
        tx.insert_rows(tables.gates, [row])
    else:
        tx.update_rows(tables.gates, [row])
