"""The versions of the schema: what has to be done to the tables of an older memproc to bring them up to this one.

Facts: a step is run years after it was written, when `tables` has changed again. So it names tables as they were called under its
own version and lists the columns that they had then; of `tables` it uses nothing. SQLite and PostgreSQL undo a step with its
transaction. MariaDB and MySQL commit at each change of a table, so there a step may have been cut off anywhere.

Rules: a step begins at one version and ends at the next. It looks at what is there before it changes it, so that it can be
repeated after it was cut off. A row that bears a seal gets a new one with its new values (`Tx.update_rows`). A view whose query
changes is dropped here; missing views are made when all steps are done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    LargeBinary,
    MetaData,
    Table,
    Text,
    inspect,
    select,
    update,
)
from sqlalchemy.sql import quoted_name
from xxhash import xxh3_64_hexdigest

from memproc.errors import StoreError
from memproc.store.sql import tables
from memproc.store.sql.columns import SEAL
from memproc.store.sql.making import columns_of, names_in
from memproc.store.sql.tx import Tx

ROWS_AT_ONCE = 1_000
_KINDS: Mapping[str, Any] = {"key": LargeBinary, "number": BigInteger, "text": Text, "double": Double}

_LONG_TEXT: Mapping[str, str] = dict.fromkeys(("mysql", "mariadb"), "LONGTEXT COLLATE utf8mb4_bin")

_TAKEN = "the database has {}, which no store has made, and this memproc needs the name: rename that, then open the store again"

Step = Callable[[Tx], None]


def _to_8(tx: Tx) -> None:
    """Call links from typos to what they may stand for `typo_links`, and their kind of difference "typo"."""
    _rename_table(tx, "mends", "typo_links")
    _rename_index(tx, "typo_links", "core", before="mends_core", after="typo_links_core")
    ledger = _sealed_table(
        tx,
        "ledger",
        number="number",
        batch="number",
        made_at="text",
        kind="text",
        subject="key",
        other="key",
        confidence="double",
        amount="number",
        reason="text",
    )
    reviews = _sealed_table(
        tx,
        "reviews",
        number="number",
        one="key",
        other="key",
        kind="text",
        status="text",
        confidence="double",
        reason="text",
        batch="number",
    )
    # The reasons of all other lines are persons' notes or phrases; a note "slip" stays.
    is_of_two_texts = ledger.c.kind.in_(("similar", "joined", "review"))
    for table, is_meant in ((ledger, is_of_two_texts), (reviews, reviews.c.kind.is_not(None))):
        reasons = select(table.c.number, table.c.reason).where(is_meant, table.c.reason.like("%slip%"))
        for rows in tx.in_chunks(reasons, table.c.number, ROWS_AT_ONCE):
            reworded = [{"number": row.number, "reason": _reworded(row.reason, "slip", "typo")} for row in rows]
            tx.update_rows(table, reworded)


def _to_9(tx: Tx) -> None:
    """Write where jobs go on as several sources may be unended, let the indexes of namespaces be in the order of pages, and
    drop the view of memories, which tells from now on which have expired; the table of these is made with what is missing.
    """
    _widen_checkpoints(tx)
    _widen_index(tx, "observations", "namespace", "date", "node", kinds="number number key")
    _widen_index(tx, "merged", "namespace", "date", "id", kinds="number number key")
    there = columns_of(tx, taken := tx.database.names.of("expired"))
    if there is not None and there != {"number", "key", "name", "made_at"}:  # else this was cut off on MariaDB
        raise StoreError(_TAKEN.format(taken))
    tx.exec_driver_sql(f"DROP VIEW IF EXISTS {_name(tx, 'memories')}")


def _widen_index(tx: Tx, table: str, *columns: str, kinds: str) -> None:
    """Make the index that is called by the first of some columns of a table anew, on all of them, unless that is done."""
    own = tx.database.names.of
    index = own(f"{table}_{columns[0]}")
    there = {one["name"]: one["column_names"] for one in inspect(tx.connection).get_indexes(own(table))}
    if there.get(index) == [*columns]:
        return
    named = [Column(column, _KINDS[kind]) for column, kind in zip(columns, kinds.split(), strict=True)]
    indexed = Table(quoted_name(own(table), quote=True), MetaData(), *named).c
    wider = Index(quoted_name(index, quote=True), *indexed)
    if index in there:
        wider.drop(tx.connection)
    wider.create(tx.connection)


def _widen_checkpoints(tx: Tx) -> None:
    """Bring a checkpoint from (source, items, records, left out) to (where the source goes on, left out, others, sources begun)."""
    name = quoted_name(tx.database.names.of("jobs"), quote=True)
    jobs = Table(name, MetaData(), Column("number", BigInteger), Column("landed", BigInteger), Column("checkpoint", Text)).c
    for row in tx.execute(select(*jobs).where(jobs.checkpoint.is_not(None))).all():
        seal, _, text = row.checkpoint.partition(" ")
        if seal != _seal_of(row.number, row.landed, text) or isinstance((place := orjson.loads(text))[0], list):
            continue  # a check-up tells of the former; the latter was done before this was cut off
        source, items, records, left_out = place
        wider = orjson.dumps(((source, items, records, None), left_out, (), source + 1)).decode()
        sealed = f"{_seal_of(row.number, row.landed, wider)} {wider}"
        tx.execute(update(jobs.number.table).where(jobs.number == row.number).values(checkpoint=sealed))


def _to_10(tx: Tx) -> None:
    """Add to batches where their time went, which is not known of those that are there."""
    if "measured" not in (columns_of(tx, tx.database.names.of("batches")) or ()):  # else this was cut off on MariaDB
        kind = _LONG_TEXT.get(tx.connection.dialect.name, "TEXT")
        tx.exec_driver_sql(f"ALTER TABLE {_name(tx, 'batches')} ADD COLUMN measured {kind}")


def _to_11(_tx: Tx) -> None:
    """Change nothing: the tables that are new are made with what is missing."""


def _seal_of(job: int, landed: int, checkpoint: str) -> str:
    return xxh3_64_hexdigest(orjson.dumps([job, landed, checkpoint], option=orjson.OPT_SORT_KEYS))


STEPS: Mapping[int, Step] = MappingProxyType({7: _to_8, 8: _to_9, 9: _to_10, 10: _to_11})
"""By the version that it begins at, the step that leads to the next version."""
OLDEST = min(STEPS, default=tables.SCHEMA)
"""The oldest version that can be brought up to this one."""


def _reworded(kinds: str, before: str, after: str) -> str:
    """Return what a store keeps of a reason with one kind of difference called otherwise."""
    return ", ".join(after if kind == before else kind for kind in kinds.split(", "))


def _name(tx: Tx, name: str) -> str:
    """Return what a table or an index is called under the store's prefix, in quotes: `naming` leaves it as it is."""
    return str(tx.connection.dialect.identifier_preparer.quote_identifier(tx.database.names.of(name)))


def _sealed_table(tx: Tx, name: str, **columns: str) -> Table:
    """Return a table with these columns, in their order, and a seal of all of them; the first is its primary key."""
    named = [Column(column, _KINDS[kind]) for column, kind in columns.items()]
    named[0].primary_key = True
    seal = Column(SEAL, BigInteger, info={"but": ()})
    return Table(quoted_name(tx.database.names.of(name), quote=True), MetaData(), *named, seal)


def _rename_table(tx: Tx, before: str, after: str) -> None:
    """Rename a table, unless that is done. Raises StoreError where something else has the new name."""
    existing = names_in(tx)
    if tx.database.names.of(before) not in existing:
        return
    if (taken := tx.database.names.of(after)) in existing:
        raise StoreError(_TAKEN.format(taken))
    is_sqlite = tx.database.file is not None
    if is_sqlite:  # else it refuses where an application has a view, of whatever, that is broken
        tx.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    try:
        tx.exec_driver_sql(f"ALTER TABLE {_name(tx, before)} RENAME TO {_name(tx, after)}")
    finally:
        if is_sqlite:
            tx.exec_driver_sql("PRAGMA legacy_alter_table=OFF")
    if tx.connection.dialect.name == "postgresql":  # the index of its primary key keeps its name
        tx.exec_driver_sql(f"ALTER INDEX IF EXISTS {_name(tx, f'{before}_pkey')} RENAME TO {_name(tx, f'{after}_pkey')}")


def _rename_index(tx: Tx, table: str, column: str, *, before: str, after: str) -> None:
    """Make the index of a column anew under another name, and drop the former: SQLite cannot rename an index."""
    own = tx.database.names.of
    existing = {index["name"] for index in inspect(tx.connection).get_indexes(own(table))}
    indexed = Table(quoted_name(own(table), quote=True), MetaData(), Column(column, BigInteger)).c[column]
    if own(after) not in existing:
        Index(quoted_name(own(after), quote=True), indexed).create(tx.connection)
    if own(before) in existing:
        Index(quoted_name(own(before), quote=True), indexed).drop(tx.connection)
