"""Opening a store: what it was built with, and whether this memproc may work on it."""

from __future__ import annotations

import orjson
from sqlalchemy import RowMapping, inspect, select

from memproc.config import STORED, Policy, Settings
from memproc.dedup.keys import SCHEME
from memproc.errors import StoreError
from memproc.store import tables
from memproc.store.database import Database, make_tables
from memproc.store.orphans import make_missing


def open_policy(database: Database, settings: Settings, *, for_rebuild: bool) -> Policy:
    """Return what the store was built with, or build it with these settings.

    Raises StoreError when it was made by a newer memproc, or with other settings than those given.
    """
    found = _row(database)
    if found is None:
        given = {name: value for name in STORED if (value := getattr(settings, name)) is not None}
        _make(database, Policy(**given))
        found = _row(database)
    if found is None:
        raise StoreError("the store was removed while it was opened")
    if found["unwiped"]:
        database.wipe()
    try:
        policy = Policy(**orjson.loads(found["policy"]))
    except (orjson.JSONDecodeError, TypeError) as error:
        raise StoreError("the settings of the store cannot be read: `memproc doctor` tells what is wrong") from error
    if for_rebuild:
        make_missing(database)
        return policy
    if found["scheme"] != SCHEME:
        raise StoreError(f"the store was built with scheme {found['scheme']}, this is {SCHEME}: run rebuild first")
    if changed := policy.changed_by(settings):
        built = ", ".join(f"{name}={getattr(policy, name)!r}" for name in changed)
        raise StoreError(f"the store was built with {built}, not {changed}: leave it out, or rebuild with the new settings")
    return policy


def _row(database: Database) -> RowMapping | None:
    """Return the store's row, None where there is none yet. Raises StoreError on one of another version: it has other columns."""
    if not _has_store(database):
        return None
    with database.read() as connection:
        version = connection.execute(select(tables.store.c.schema_version)).scalar()
        if version is None:
            return None
        if version > tables.SCHEMA:
            raise StoreError(f"the store was made by a newer memproc (schema {version}): upgrade memproc-sdk")
        if version < tables.SCHEMA:
            raise StoreError(
                f"the store was made by an older memproc (schema {version}): write it with that one by "
                "export --full, and ingest the file into a new store"
            )
        return connection.execute(select(tables.store)).mappings().first()


def _make(database: Database, policy: Policy) -> None:
    """Make the store, its row last; where another process made it meanwhile, that stands."""
    with database.making() as connection:
        make_tables(database, connection)
        if connection.execute(select(tables.store)).first() is None:
            database.insert_rows(connection, tables.store, [row_of_new(policy)])


def row_of_new(policy: Policy) -> tuple[object, ...]:
    """Return the store's row as it begins, but for its seal."""
    return tables.THE_STORE, 1, 0, 0, 0, tables.SCHEMA, SCHEME, policy_text(policy), None, None, 1, 0


def is_store(where: str) -> bool:
    """Tell whether there is a store at a path or URL. Raises UsageError on a database that is not served."""
    database = Database(where)
    try:
        return _has_store(database)
    finally:
        database.close()


def _has_store(database: Database) -> bool:
    """Tell whether there is a store in a database; a SQLite file that is not there is not made by asking."""
    if database.file is not None and not (database.file.is_file() and database.file.stat().st_size):
        return False
    with database.read() as connection:
        return inspect(connection).has_table(tables.store.name)


def check_policy(text: str, policy: Policy) -> None:
    """Raise StoreError where the store was rebuilt under another policy, which is now `text`, since it was opened."""
    if text != policy_text(policy) and Policy(**orjson.loads(text)) != policy:  # what an older memproc wrote may lack a name
        raise StoreError("the store was rebuilt with other settings meanwhile: open it again")


def policy_text(policy: Policy) -> str:
    """Return the policy as the store keeps it."""
    return orjson.dumps(policy, option=orjson.OPT_SORT_KEYS).decode()
