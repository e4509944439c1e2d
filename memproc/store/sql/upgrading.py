"""Upgrading a store that an older memproc made, in place, before anybody works on it.

Rules: the lock is the one that makers of stores take, and the version is looked at again under it: of two processes that open a
store at once, one upgrades it and the other finds it done. A SQLite file is copied first, under that lock, so that nothing is
written between the copy and the upgrade; where it cannot be copied, nothing is changed. All steps are one transaction, which also
holds the store's row against writers of the older memproc. MariaDB and MySQL commit at each change of a table: there each step can
be repeated, and the version is written when its step is done.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from time import sleep

from loguru import logger
from sqlalchemy import select, update

from memproc.errors import DatabaseError, StoreError, UsageError
from memproc.failures import Failure, Kind, wait_seconds
from memproc.store.sql import tables
from memproc.store.sql.backup import DamagedError, copy_beside
from memproc.store.sql.database import LOCK, Database
from memproc.store.sql.making import create_missing
from memproc.store.sql.versions import OLDEST, STEPS

MOST_WAITS = 10  # for another process that upgrades it; each lasts as long as the database waits for a lock
_HELD = Failure(Kind.TRANSIENT, "another process makes or upgrades a store in this database")
_VERSION = select(tables.store.c.schema_version)


def can_be_upgraded(version: int) -> bool:
    """Tell whether a store of this version of the schema is an older one that `upgrade` serves."""
    return OLDEST <= version < tables.SCHEMA


def upgrade(database: Database, version: int) -> None:
    """Bring a store of an older version of the schema up to this one.

    Raises StoreError, and changes nothing, where the store may not be written or its file cannot be copied.
    """
    if database.is_read_only:
        raise StoreError(
            f"the store was made by an older memproc (schema {version}), and is upgraded where it may be written: "
            "give this user the right to write its file and its folder, or copy it to where he may and open the copy"
        )
    for attempt in count():
        try:
            _upgrade(database)
        except DatabaseError as error:
            if error.failure.kind is not Kind.TRANSIENT or attempt + 1 >= MOST_WAITS:
                raise
            sleep(wait_seconds(attempt, 1.0))
        else:
            return


def _upgrade(database: Database) -> None:
    with database.making() as tx:
        if database.backend.is_making and not tx.exec_driver_sql(database.backend.is_making).scalar():
            raise DatabaseError(_HELD, database)
        version = tx.execute(_VERSION).scalar_one()
        if not can_be_upgraded(version):  # another process was quicker
            return
        with _copied(database, version):
            tx.run(LOCK)
            for number in range(version, tables.SCHEMA):
                STEPS[number](tx)
                if number + 1 == tables.SCHEMA:
                    create_missing(tx)
                tx.execute(update(tables.store).values(schema_version=number + 1))
    logger.info("the store {} was upgraded from schema {} to {}", database, version, tables.SCHEMA)


@contextmanager
def _copied(database: Database, version: int) -> Iterator[None]:
    """Copy the file of a store, if it is one, before the block begins; a copy of what the block left unchanged is removed."""
    if database.file is None:
        yield
        return
    copy = _free_name(database.file, version)
    logger.info("the store {} is of schema {}: it is copied to {}, and upgraded to {}", database, version, copy, tables.SCHEMA)
    refused = f"the store was made by an older memproc (schema {version}), and was not upgraded"
    try:
        copy_beside(database, copy)
    except DamagedError as error:
        raise StoreError(f"{refused}: {error}. Nothing was changed") from error
    except (StoreError, UsageError) as error:
        raise StoreError(
            f"{refused}, as the copy that is made before cannot be written: {error}. Make room for "
            f"{database.file.stat().st_size:,} bytes in {copy.parent} and let this user write there, or copy the store to another "
            "folder and open that. Nothing was changed"
        ) from error
    try:
        yield
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def _free_name(file: Path, version: int) -> Path:
    """Return the path beside a store's file that its copy gets: nothing is there."""
    names = (f"{file.name}.schema{version}{f'-{number}' if number > 1 else ''}.bak" for number in count(1))
    return next(path for name in names if not (path := file.with_name(name)).exists() and not path.is_symlink())
