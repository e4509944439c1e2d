"""Where a database is: a path or a SQLAlchemy URL, checked before anything is opened."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from memproc.errors import UsageError
from memproc.masking import masked, url_shown
from memproc.references import with_referred
from memproc.store.sql.backends import BACKENDS


def url_of(where: str | Path) -> URL:
    """Return the SQLAlchemy URL of a path or URL, with its driver and the password it refers to. Only what holds "://" is a URL;
    `~` is expanded in paths.

    Raises UsageError on what is neither, on a database or a driver that is not served, and on a reference to nothing.

    >>> str(url_of("/srv/a?b=c.db")), url_of("postgresql://localhost/test").drivername
    ('sqlite:////srv/a%3Fb%3Dc.db', 'postgresql+psycopg')
    """
    if isinstance(where, Path):
        return _url_of_path(str(where))
    if not isinstance(where, str):
        raise UsageError(f"the database is {_article(type(where).__name__)}: give a path or a URL, for example memories.db")
    if "://" not in where:
        return _url_of_path(where)
    scheme, _, rest = where.partition("://")
    try:
        url = make_url(f"{'postgresql' if scheme.lower() == 'postgres' else scheme.lower()}://{rest}")
    except (ArgumentError, ValueError):
        raise UsageError(f"{masked(where)} is no database URL: give a path, or for example sqlite:///memories.db") from None
    name = url.get_backend_name()
    if name not in BACKENDS:
        raise UsageError(f"{name!r} is not served: give a path or a URL of {', '.join(BACKENDS)}")
    if url.drivername not in (name, *BACKENDS[name].drivers):
        raise UsageError(
            f"the driver {url.drivername} is not served: memproc talks to {name} by {BACKENDS[name].driver}, "
            f"give {url_shown(url.set(drivername=name))}"
        )
    if name == "sqlite":
        return _url_of_sqlite(url)
    if "@" in (url.host or ""):
        raise UsageError(f"{masked(where)}: write an @ in a password as %40, a / as %2F and a : as %3A")
    return with_referred(url.set(drivername=BACKENDS[name].driver))


def _url_of_sqlite(url: URL) -> URL:
    """Return the URL of a file of SQLite, or `sqlite://` of a temporary one."""
    if url.host or url.username or url.password or url.port:
        raise UsageError("a URL of SQLite has no host: write sqlite:/// with three slashes before the path, or give the path alone")
    if url.query:
        names = ", ".join(sorted(url.query))
        raise UsageError(
            f"a URL of SQLite takes no options ({names}): give the file alone, which is only read where it may not be written; "
            "if the ? belongs to the name of the file, give the path without sqlite:///"
        )
    return url.set(drivername="sqlite") if url.database is None else _url_of_path(url.database)


def _url_of_path(path: str) -> URL:
    if not path.strip():
        raise UsageError("the path of the database is empty (an unset variable?): give a path, or sqlite:// for a temporary store")
    if path == ":memory:":
        raise UsageError(":memory: is no file: give sqlite:// for a temporary store, or ./:memory: for a file of that name")
    if path.endswith(("/", os.sep)):
        raise UsageError(f"{path} is a folder: give the path of a file in it")
    if "\0" in path:
        raise UsageError(f"{path!r} cannot be the path of a file")
    # Links are followed: SQLite keeps its log beside the file itself, and the folder of the process may change.
    return URL.create("sqlite", database=os.path.realpath(os.path.expanduser(path)))  # noqa: PTH111 - raises on nothing


def _article(name: str) -> str:
    return name if name == "NoneType" else f"{'an' if name[0] in 'aeiou' else 'a'} {name}"
