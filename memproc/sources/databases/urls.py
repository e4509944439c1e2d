"""Which database a caller names: a SQLAlchemy URL of any dialect, or the path of a SQLite file."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from memproc.errors import UsageError
from memproc.masking import masked, url_shown
from memproc.references import with_referred
from memproc.sources.labels import path_shown

SQLITE = "sqlite"
# The driver that an extra of memproc installs, where a URL names none; SQLAlchemy's own choice may be another.
_DRIVERS = {"postgresql": "postgresql+psycopg", "mysql": "mysql+pymysql", "mariadb": "mariadb+pymysql"}
EXTRAS = {"postgresql": "postgres", "mysql": "mysql", "mariadb": "mysql"}


def url_of(where: str | Path) -> URL:
    """Return the URL of a database with its driver and the password it refers to; a SQLite file by its real path.

    Raises UsageError on what is neither a URL nor a path, and on a reference to nothing. The message shows no password.

    >>> url_of("postgres://ann@localhost/app").drivername, url_of("/srv/app.db").database
    ('postgresql+psycopg', '/srv/app.db')
    """
    if not isinstance(where, str | Path) or not str(where).strip():
        raise UsageError(f"url={masked(where)!r}: give the URL of a database, or the path of a SQLite file")
    text = str(where)
    if isinstance(where, Path) or "://" not in text:
        return _of_file(text)
    scheme, _, rest = text.partition("://")
    try:
        url = make_url(f"{'postgresql' if scheme.lower() == 'postgres' else scheme.lower()}://{rest}")
    except (ArgumentError, ValueError):
        raise UsageError(f"{masked(text)} is no database URL: it is like postgresql://user@host/database") from None
    if url.get_backend_name() == SQLITE:
        if url.database in (None, "", ":memory:") or url.host or url.query:
            raise UsageError("a URL of SQLite is sqlite:/// and the path of a file, without host and options")
        return _of_file(url.database or "")
    if "@" in (url.host or ""):
        raise UsageError(f"{masked(text)}: write an @ in a password as %40, a / as %2F and a : as %3A")
    return with_referred(url.set(drivername=_DRIVERS.get(url.drivername, url.drivername)))


def _of_file(path: str) -> URL:
    return URL.create(SQLITE, database=os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - raises on nothing


def file_of(url: URL) -> Path | None:
    """Return the SQLite file of a URL, None for a server."""
    return Path(url.database or "") if url.get_backend_name() == SQLITE else None


def label_of(url: URL) -> str:
    """Return how messages name a database: its file, or its URL without what is secret."""
    file = file_of(url)
    if file is not None:
        return path_shown(file.name)
    return url_shown(url.set(drivername=url.get_backend_name(), query={}))
