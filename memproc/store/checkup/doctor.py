"""The check-up of a store: runs all checks, and writes nothing.

Strategy: from the bottom up. Checks that depend on something damaged are skipped, because their findings would be wrong. First the
files, then the database's own checks, the tables, the settings, the records and their keys, and then what is computed from these.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import orjson
from sqlalchemy import func, inspect, select

from memproc.config import Policy, Settings, Verdict
from memproc.dedup.compare.confidence import model_of
from memproc.dedup.decision import Decision
from memproc.dedup.keys import SCHEME, Key
from memproc.errors import DatabaseError
from memproc.failures import DAMAGED, Kind
from memproc.in_use import whose
from memproc.records import Memory, Outcome
from memproc.store.answers import Finding
from memproc.store.checkup import orphans
from memproc.store.checkup.findings import Findings
from memproc.store.checkup.provenance import check_arrival, check_seals, check_values
from memproc.store.checkup.recomputing import Recomputed
from memproc.store.checkup.sqlite import check_files, check_sqlite, reading_only
from memproc.store.jobs.counting import IMPORTED, BatchCount, count_batches, count_memories, memories_told
from memproc.store.quarantine.records import DISCARDED, REASONED, reasons_in, reasons_told, sightings
from memproc.store.quarantine.texts import wrong_texts
from memproc.store.rows.decisions import WITHDRAWN, all_decisions
from memproc.store.rows.expired import wrong_expired
from memproc.store.rows.searched import wrong_parts
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.driver_errors import translated
from memproc.store.sql.files import check_database, was_database_of
from memproc.store.sql.making import columns_of, is_store_in
from memproc.store.sql.opening import no_store, require_file
from memproc.store.sql.tx import Tx
from memproc.store.sql.upgrading import can_be_upgraded
from memproc.store.sql.views import VIEWS

_observations, _forgotten = tables.observations.c, tables.forgotten.c
# Where the keys in decisions occur.
_KEYS_OF_DECISIONS = [
    (select(column), column) for column in (_observations.node, _observations.key, _forgotten.key, _forgotten.node, _forgotten.home)
]


def examine_at(where: str | Path, settings: Settings | None = None, *, is_quick: bool = False) -> tuple[Finding, ...]:
    """Check the store at a path or URL, even if it can no longer be opened. A quick check reads no memories: it tells whether the
    store can be reached and has its tables and settings, and which jobs were left. Raises UsageError if there is no store.
    """
    database = Database(where, settings)
    findings = Findings()
    try:
        if database.file is not None:
            require_file(database.file, where)
            if not whose(database.file):  # else this process has it open, and reading its file would drop the locks
                if not was_database_of(database.file, database.names.of(tables.store.name)):
                    check_database(database.file)
                check_files(database.file, findings)
        if not findings.has("foreign_file"):  # SQLite would read that file as part of the database
            with database.read() as tx:
                _examine_quickly(tx, findings) if is_quick else _examine(tx, findings, Memory)
    except DatabaseError as error:
        _add_error(error, findings)
    finally:
        database.close()
    return findings.listed()


def examine(tx: Tx, schema: type[Memory] = Memory, *, is_quick: bool = False) -> tuple[Finding, ...]:
    """Check an open store in a reading transaction; return the findings.

    A record is valid if it passes as a `Memory` or as the class of the store. Raises DatabaseError on a transient failure.
    """
    findings = Findings()
    try:
        with translated():
            _examine_quickly(tx, findings) if is_quick else _examine(tx, findings, schema)
    except DatabaseError as error:
        if error.failure.kind is Kind.TRANSIENT:
            raise
        _add_error(error, findings)
    return findings.listed()


def _add_error(error: DatabaseError, findings: Findings) -> None:
    """Add why the check ended early. Only damage needs a backup: a server that is down has lost nothing."""
    findings.add("unreadable" if error.failure == DAMAGED else "unreachable", error)


def _examine(tx: Tx, findings: Findings, schema: type[Memory]) -> None:
    with reading_only(tx):
        check_sqlite(tx, findings)
        if not findings.has("integrity"):
            _check_layout(tx, findings)
        if not findings.has("integrity", "older", "version", "schema"):
            check_values(tx, findings)
        if not findings.has("integrity", "older", "version", "schema", "values"):
            policy = _check_settings(tx, findings)
            if policy is not None:
                _check_rows(Recomputed(tx, policy, schema, findings), findings)


def _examine_quickly(tx: Tx, findings: Findings) -> None:
    with reading_only(tx):
        _check_layout(tx, findings)
        if not findings.has("older", "version", "schema") and _check_settings(tx, findings) is not None:
            findings.add("jobs", *orphans.jobs_left(tx))


def _check_layout(tx: Tx, findings: Findings) -> None:
    """Check the version of the tables, and the tables if that is today's: other versions have other columns."""
    if is_store_in(tx):
        for version in tx.execute(select(tables.store.c.schema_version)).scalars():
            findings.add("older" if can_be_upgraded(version) else "version", *([version] if version != tables.SCHEMA else []))
    if not findings.has("older", "version"):
        _check_tables(tx, findings)


def _check_rows(again: Recomputed, findings: Findings) -> None:
    tx = again.tx
    findings.add("counters", *orphans.counters_behind(tx))
    if not findings.has("counters") and (apart := orphans.counters_apart(tx)):
        findings.add("counters", "tally", count=apart)
    check_seals(tx, findings)
    findings.add("unwiped", *tx.execute(select(tables.store.c.unwiped).where(tables.store.c.unwiped != 0)).scalars())
    for code, count, examples in orphans.orphans_in(tx):
        findings.add(code, *examples, count=count)
    _check_quarantine(tx, findings)
    if not findings.has("quarantine"):
        findings.add("quarantine_texts", *wrong_texts(tx))
    _check_decisions(tx, findings)
    findings.add("expired", *wrong_expired(tx))
    findings.add("jobs_missing", *orphans.jobs_missing(tx))
    findings.add("jobs_miscounted", *orphans.jobs_miscounted(tx))
    if not findings.has("jobs_miscounted"):
        findings.add("checkpoints", *orphans.jobs_misplaced(tx))
    findings.add("leases", *orphans.jobs_misheld(tx))
    findings.add("jobs", *orphans.jobs_left(tx))
    check_arrival(tx, _check_batches(tx, findings), findings)
    again.check_observations(compare_keys=not findings.has("scheme"))
    if findings.has("scheme", "records", "observation_keys", "keys"):
        return
    again.check_links()
    again.check_index()
    findings.add("search_index", *wrong_parts(tx))
    if not findings.has("typo_links", "decisions"):
        again.check_memories()
    if not findings.has("typo_links", "decisions", "memories", "orphaned_memories", "conservation"):
        lost = abs(count_memories(tx) - memories_told(tx))
        findings.add("conservation", *(["memories"] if lost else []), count=lost)


def _check_tables(tx: Tx, findings: Findings) -> None:
    name_of = tx.database.names.of
    columns = {table: columns_of(tx, name_of(table.name)) or set() for table in tables.metadata.sorted_tables}
    if all(2 * len(present & {*table.columns.keys()}) < len(table.columns) for table, present in columns.items()):
        raise no_store(tx, str(tx.database))
    inspector = inspect(tx.connection)
    for table in tables.metadata.sorted_tables:
        if not columns[table]:
            findings.add("schema", name_of(table.name))
            continue
        findings.add(
            "schema", *(f"{name_of(table.name)}.{column.name}" for column in table.columns if column.name not in columns[table])
        )
        indexes = {index["name"] for index in inspector.get_indexes(name_of(table.name))}
        findings.add("indexes", *sorted(name_of(index.name) for index in table.indexes if name_of(index.name) not in indexes))
    views = set(inspector.get_view_names())
    findings.add("views", *(name_of(name) for name in VIEWS if name_of(name) not in views))


def _check_settings(tx: Tx, findings: Findings) -> Policy | None:
    """Return the policy of the store, or None if it cannot be read."""
    store = tables.store.c
    rows = tx.execute(select(store.scheme, store.policy, store.calibration)).all()
    if len(rows) != 1:
        findings.add("settings", f"{len(rows)} rows")
        return None
    (row,) = rows
    if row.scheme != SCHEME:
        findings.add("scheme", row.scheme)
    try:
        policy = _policy_of(orjson.loads(row.policy))
    except (ValueError, TypeError, KeyError, AttributeError):
        findings.add("settings", "policy")
        return None
    try:
        _policy_of({**orjson.loads(row.policy), **orjson.loads(row.calibration or "{}")})
    except (ValueError, TypeError, KeyError, AttributeError):
        findings.add("settings", "calibration")
    return policy


def _policy_of(stored: dict[str, object]) -> Policy:
    """Return a stored policy; raise if it is not valid."""
    policy = replace(Policy(), **stored)  # type: ignore[arg-type]
    Settings(dedup=policy.dedup, recall=policy.recall, merge_at=policy.merge_at)
    model_of(policy.model)
    return policy


def _check_quarantine(tx: Tx, findings: Findings) -> None:
    """Check that the bytes and faults of rejected records exist, but no bytes of discarded ones, and that batches confirm how often
    each record was seen.
    """
    rejected, parts = tables.quarantine.c, tables.quarantine_parts.c
    stored = select(
        parts.quarantine,
        func.sum(func.length(parts.bytes)).label("length"),
        func.count().label("parts"),
        func.max(parts.part).label("last"),
    ).group_by(parts.quarantine)
    sums = stored.subquery()
    query = (
        REASONED.add_columns(
            rejected.raw_bytes, rejected.batch, rejected.times_seen, rejected.last_batch, sums.c.length, sums.c.parts, sums.c.last
        )
        .join_from(tables.quarantine, sums, rejected.number == sums.c.quarantine, isouter=True)
        .order_by(rejected.number)
    )
    try:
        again = sightings(tx)
    except (ValueError, TypeError, AttributeError):  # a batch has damaged ranges of known records, which is reported elsewhere
        again = None
    with tx.execute(query.execution_options(yield_per=1_000)) as rows:
        for row in rows:
            if again is not None:
                times, last = again.get(row.number, (0, row.batch))
                findings.add("arrival", *([row.number] if (row.times_seen, row.last_batch) != (times + 1, last) else []))
            expected = 0 if row.status == DISCARDED else row.raw_bytes
            is_whole = expected == (row.length or 0) and (row.parts is None or row.parts == row.last + 1)
            reasons = reasons_told(row)
            if not is_whole or reasons is None:
                findings.add("quarantine", row.number)
            elif reasons != reasons_in(row):
                findings.add("patterns", row.number)


def _check_decisions(tx: Tx, findings: Findings) -> None:
    made = tables.decisions.c
    is_known = made.verdict.in_((*get_args(Verdict), WITHDRAWN)) & (made.a < made.b)
    findings.add("decisions", *tx.execute(select(made.number).where(~is_known).order_by(made.number)).scalars())
    if findings.has("decisions"):
        return
    in_force = all_decisions(tx)
    findings.add("decisions_contradict", *_contradictions(in_force))
    imported = select(_forgotten.key).where(_forgotten.outcome == IMPORTED, _forgotten.node.is_(None)).limit(1)
    if tx.execute(imported).first() is None:  # else a decision may be on something forgotten in another store
        sides = {key for decision in in_force for key in decision.keys}
        for query, column in _KEYS_OF_DECISIONS:
            sides -= {key for (key,) in tx.select_by_keys(query, column, sides)}
        findings.add("decisions_on_nothing", *sorted(sides))


def _contradictions(decisions: Sequence[Decision]) -> list[str]:
    """Return the pairs that are held distinct although other decisions unite them."""
    parents: dict[Key, Key] = {}

    def root(key: Key) -> Key:
        while key in parents:
            key = parents[key]
        return key

    for made in decisions:
        if made.verdict != "distinct" and root(made.a) != root(made.b):
            parents[root(made.a)] = root(made.b)
    apart = [made for made in decisions if made.verdict == "distinct" and root(made.a) == root(made.b)]
    return [f"{made.a.hex()} {made.b.hex()}" for made in apart]


def _check_batches(tx: Tx, findings: Findings) -> list[BatchCount]:
    """Recount each batch from the rows, report jobs with missing records, and return the counts."""
    wrong: dict[str, int] = defaultdict(int)
    batches: list[BatchCount] = []
    try:
        for batch in count_batches(tx):
            batches.append(batch)
            differing = sum(abs(batch.counts[outcome] - batch.told[outcome]) for outcome in Outcome)
            lost = max(batch.wrong, abs(batch.read - batch.counts.total()), differing)
            if lost:
                wrong[f"job {batch.job}" if batch.job is not None else "no batch"] += lost
    except (ValueError, TypeError, AttributeError):  # damaged ranges of known records, or an unknown outcome
        wrong["batches"] += 1
    findings.add("conservation", *sorted(wrong), count=sum(wrong.values()))
    return batches
