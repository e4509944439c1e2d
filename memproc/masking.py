"""What is shown of where a store is, and of what a driver says about it: never a password, nor what a key or a password lies in.

Facts: a password may stand before the host, or in the query part, where drivers take it under many names, and people under others.
What cannot be read as a URL may hold one anywhere. Drivers repeat parts of what they were given in their errors.

Rules: of the query part only the values of options are shown that are known to be harmless. What only names a secret
(`ENV:NAME`) is shown where a person gave it, so that a command can be pasted.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from memproc.references import REFERENCE

HIDDEN = "***"
SHORT = 4  # characters: a shorter secret is hidden only where it stands by itself, or most of each message would be stars

_OF_LIBPQ = "application_name client_encoding connect_timeout dbname host hostaddr options port sslmode sslrootcert user"
_OF_PYMYSQL = "charset database db read_timeout ssl_ca unix_socket write_timeout"
HARMLESS = frozenset(f"{_OF_LIBPQ} target_session_attrs {_OF_PYMYSQL}".split())

_SCHEME = re.compile(r"[A-Za-z][\w+.-]*")
_SAID = re.compile(r"(\w*(?:password|passwd|pwd)\s*=\s*)('[^']*'|[^\s&;]+)", re.IGNORECASE)


def masked(where: object) -> str:
    """Return a path or URL as it may be shown.

    >>> masked("postgresql://ann:tiger@db/app?sslpassword=lion"), masked("postgresql://ann:tiger"), masked("memories.db")
    ('postgresql://ann:***@db/app?sslpassword=***', 'postgresql://***', 'memories.db')
    """
    text = str(where)
    if "://" not in text:
        return _SAID.sub(rf"\g<1>{HIDDEN}", text)
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        scheme = text.partition("://")[0]
        return f"{scheme if _SCHEME.fullmatch(scheme) else HIDDEN}://{HIDDEN}"
    if "@" in (url.host or ""):  # a part of the password, which holds one
        url = url.set(password=HIDDEN, host=(url.host or "").rpartition("@")[2])
    return url_shown(url, has_references=True)


def url_shown(url: URL, *, has_references: bool = False) -> str:
    """Return a URL as it may be shown; without a secret in it, it is the URL itself. `has_references`: it is as a person gave it,
    so a password like `ENV:NAME` is none.
    """
    if url.drivername == "sqlite" and url.database:  # a path may hold bytes that are no text
        return f"sqlite:///{quote(os.fsencode(url.database), safe=' +/')}"
    query = {
        name: value if name in HARMLESS or (has_references and _refers(value)) else HIDDEN for name, value in url.query.items()
    }
    shown = url.set(query=query).render_as_string(hide_password=True).replace(quote_plus(HIDDEN), HIDDEN)
    return shown.replace(f":{HIDDEN}@", f":{url.password}@", 1) if has_references and _refers(url.password) else shown


def _refers(value: object) -> bool:
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def secrets_of(url: URL) -> tuple[str, ...]:
    """Return what must be shown nowhere, the longest first, also as it is written in a URL."""
    given = [str(url.password)] if url.password else []
    for name, value in url.query.items():
        if name not in HARMLESS:
            given += [value] if isinstance(value, str) else value
    written = {form for secret in given if secret for form in (secret, quote(secret), quote_plus(secret))}
    return tuple(sorted(written, key=lambda secret: (-len(secret), secret)))


def without(secrets: Iterable[str], text: str) -> str:
    """Return a text in which no secret stands."""
    for secret in secrets:
        bare = re.escape(secret)
        text = re.sub(bare if len(secret) >= SHORT else rf"(?<!\w){bare}(?!\w)", HIDDEN, text)
    return text
