"""What tables are made of: the kinds of their columns, alike on each database, and what holds them together."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, MetaData, Text
from sqlalchemy.dialects import mysql

from memproc.config import TABLE_PREFIX

PREFIX = TABLE_PREFIX
metadata = MetaData()

SEAL = "seal"
# MariaDB holds "Alice", "alice " and "Álice" equal unless told otherwise, refuses emoji in a database that is not made for
# them, cuts texts at 64 KB, and keeps seven digits of a FLOAT.
_MYSQL = ("mysql", "mariadb")
_KEY = LargeBinary(16).with_variant(mysql.BINARY(16), *_MYSQL)
_TEXT = Text().with_variant(mysql.LONGTEXT(collation="utf8mb4_bin"), *_MYSQL)
_OWN_NUMBER = BigInteger().with_variant(Integer(), "sqlite")  # there the row's own number, and no index beside it
BYTES = LargeBinary().with_variant(mysql.LONGBLOB(), *_MYSQL)


def key(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[bytes]:
    """Return a column of hashes of 16 bytes."""
    return Column(name, _KEY, nullable=nullable, primary_key=primary_key)


def number(name: str, *, nullable: bool = False, primary_key: bool = False) -> Column[int]:
    """Return a column of integers of 64 bits."""
    kind = _OWN_NUMBER if primary_key else BigInteger()
    return Column(name, kind, nullable=nullable, primary_key=primary_key, autoincrement=False)


def text(name: str, *, nullable: bool = False) -> Column[str]:
    """Return a column of texts of any length, which are equal only byte by byte."""
    return Column(name, _TEXT, nullable=nullable)


def seal(*, but: tuple[str, ...] = ()) -> Column[int]:
    """Return the column of a table of which nothing else tells whether a row is as it was written: a hash of the row's values,
    but for those of some columns, which are checked in another way (`memproc.store.sql.seals`).
    """
    return Column(SEAL, BigInteger, nullable=False, info={"but": but})
