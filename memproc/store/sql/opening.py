"""Opening a store: whether there is one, what it was built with, and whether this memproc may work on it."""

from __future__ import annotations

import time
from contextlib import closing
from itertools import count
from pathlib import Path

import orjson
from sqlalchemy import RowMapping, column, inspect, select, table

from memproc.config import STORED, Policy, Settings
from memproc.dedup.keys import SCHEME
from memproc.errors import DatabaseError, StoreError, UsageError
from memproc.failures import LOST, wait_seconds
from memproc.masking import masked
from memproc.store.sql import tables
from memproc.store.sql.database import Database
from memproc.store.sql.files import check_database, check_makable, is_there, make_private, remove_empty
from memproc.store.sql.making import is_store_in, make, make_missing
from memproc.store.sql.tx import Tx
from memproc.store.sql.upgrading import can_be_upgraded, upgrade

NAMES_SHOWN = 5
MADE_BY = "`memproc ingest FILE --into DB` makes one"
MOST_OPENINGS = 4
_BARE = table("store", column("schema_version"))  # what the table of a store's row was called before names had a prefix
_ROW = select(tables.store.c.schema_version, tables.store.c.scheme, tables.store.c.policy)


def open_policy(database: Database, settings: Settings, *, for_rebuild: bool) -> Policy:
    """Return what the store was built with, or build it with these settings; begun anew where a server ends the connection.

    One that an older memproc made is upgraded first. Raises StoreError when it was made by a newer memproc, by one that is too old,
    or with other settings than those given, and UsageError where there is none and none can be made.
    """
    for attempt in count():
        try:
            return _open_policy(database, settings, for_rebuild=for_rebuild)
        except DatabaseError as error:
            if error.failure != LOST or attempt + 1 >= MOST_OPENINGS:
                raise
            time.sleep(wait_seconds(attempt, 1.0))
    raise AssertionError


def _open_policy(database: Database, settings: Settings, *, for_rebuild: bool) -> Policy:
    row = _row(database)
    if row is None:
        given = {name: value for name in STORED if (value := getattr(settings, name)) is not None}
        _make(database, Policy(**given))
        row = _row(database)
    if row is None:
        raise StoreError("the store was removed while it was opened")
    if row["schema_version"] > tables.SCHEMA:
        raise StoreError(f"the store was made by a newer memproc (schema {row['schema_version']}): upgrade memproc-sdk")
    while can_be_upgraded(row["schema_version"]):
        upgrade(database, row["schema_version"])
        row = _row(database)
        if row is None:
            raise StoreError("the store was removed while it was upgraded")
    if row["schema_version"] < tables.SCHEMA:
        raise _of_older(row["schema_version"])
    database.to_wal()
    if _is_unwiped(database):
        database.wipe()
    try:
        policy = Policy.from_json(row["policy"])
    except (orjson.JSONDecodeError, TypeError) as error:
        raise StoreError("the settings of the store cannot be read: `memproc doctor` tells what is wrong") from error
    if for_rebuild:
        make_missing(database)
        return policy
    if row["scheme"] != SCHEME:
        raise StoreError(f"the store was built with scheme {row['scheme']}, this is {SCHEME}: run rebuild first")
    if changed := policy.changed_by(settings):
        built = ", ".join(f"{name}={getattr(policy, name)!r}" for name in changed)
        raise StoreError(f"the store was built with {built}, not {changed}: leave it out, or rebuild with the new settings")
    return policy


def can_rehearse(where: str | Path, settings: Settings | None = None) -> bool:
    """Tell whether there is a store at a path or URL, to do a dry run in. Raises StoreError where opening it would upgrade it, and
    UsageError on a database that is not served.
    """
    with closing(Database(where, settings)) as database:
        found = _row(database)
    if found is not None and can_be_upgraded(version := found["schema_version"]):
        raise StoreError(
            f"the store was made by an older memproc (schema {version}), and is upgraded as it is opened, which a dry run does not "
            "do: open it once, as by `memproc stats DB`"
        )
    return found is not None


def require_store(where: str | Path, settings: Settings | None = None) -> None:
    """Raise UsageError where there is no store at a path or URL, and tell what is there."""
    with closing(Database(where, settings)) as database:
        if database.file is not None:
            require_file(database.file, where)
            check_database(database.file)
        with database.read() as tx:
            if not is_store_in(tx):
                raise no_store(tx, masked(where))


def require_file(file: Path, where: str | Path) -> None:
    """Raise UsageError where nothing is in the file of the store at a path or URL."""
    if not is_there(file):
        why = "the file is empty" if file.exists() else "no such file"
        raise UsageError(f"there is no store at {masked(where)}: {why}; {MADE_BY}")


def no_store(tx: Tx, where: str) -> UsageError | StoreError:
    """Return the error that tells what there is in a database instead of a store of this prefix."""
    if (older := _version_of_older(tx)) is not None:
        return _of_older(older)
    there = sorted(inspect(tx.connection).get_table_names())
    end = tables.store.name.removeprefix(tables.PREFIX)
    others = [name.removesuffix(end) for name in there if name.endswith(end) and is_store_in(tx, name=name)]
    head = f"there is no store under the table_prefix {tx.database.names.prefix} at {where}"
    if others:
        return UsageError(f"{head}, but there is one under {' and '.join(others)}: name it with --table-prefix")
    shown = ", ".join(there[:NAMES_SHOWN]) + (", ..." if len(there) > NAMES_SHOWN else "")
    return UsageError(f"{head}: " + (f"it is a database with the tables {shown}" if there else "it is a database without tables"))


def _row(database: Database) -> RowMapping | None:
    """Return the store's row, None where there is none; a SQLite file that is not there is not made by asking."""
    if database.file is not None:
        if not is_there(database.file):
            return None
        check_database(database.file)
    with database.read() as tx:
        if not is_store_in(tx):
            return None
        return tx.execute(_ROW).mappings().first()


def _make(database: Database, policy: Policy) -> None:
    """Make the store, or nothing: neither tables nor a file."""
    file = database.file
    if file is not None:
        check_makable(file)
    if database.is_read_only:
        raise UsageError(f"there is no store at {database}, and none can be made where nothing may be written")
    is_new = file is not None and not file.exists()
    if is_new and file is not None:
        make_private(file)
    if not is_new:
        with database.read() as tx:
            if (older := _version_of_older(tx)) is not None:
                raise _of_older(older)
    try:
        make(database, row_of_new(policy))
    except BaseException:
        if is_new and file is not None:
            database.engine.dispose()
            remove_empty(file)
        raise


def _is_unwiped(database: Database) -> bool:
    """Tell whether bytes of what was deleted may lie in the files still, and can be brought out of them."""
    if database.is_read_only:
        return False
    with database.read() as tx:
        return bool(tx.execute(select(tables.store.c.unwiped)).scalar())


def row_of_new(policy: Policy) -> dict[str, object]:
    """Return the store's row as it begins, but for its seal."""
    counters = {"epoch": 1, "segments": 0, "reviews": 0, "rejected": 0, "tally": 1, "unwiped": 0}
    return {"id": tables.THE_STORE, "schema_version": tables.SCHEMA, "scheme": SCHEME, "policy": policy.to_json(), **counters}


def _version_of_older(tx: Tx) -> int | None:
    """Return the version of a store that was made when names had no prefix, None where there is none that could be meant."""
    if tx.database.names.prefix != tables.PREFIX or not is_store_in(tx, name=_BARE.name):
        return None
    return tx.execute(select(_BARE.c.schema_version)).scalar()


def _of_older(version: int) -> StoreError:
    return StoreError(
        f"the store was made by an older memproc (schema {version}): write it with that one by export --full, "
        "and ingest the file into a new store"
    )


def check_policy(text: str, policy: Policy) -> None:
    """Raise StoreError where the store was rebuilt under another policy, which is now `text`, since it was opened."""
    if text != policy.to_json() and Policy.from_json(text) != policy:  # what an older memproc wrote may lack a name
        raise StoreError("the store was rebuilt with other settings meanwhile: open it again")
