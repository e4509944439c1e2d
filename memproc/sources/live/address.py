"""Addresses of the stores of other programs: `SYSTEM+BACKEND://WHERE?OPTIONS`.

Rules: the backend may be left out where a system mostly has one. `WHERE` is a path as a shell knows it (`mem0:///tmp/qdrant` begins
at the root, `mem0://qdrant` where the process is), or what stands in the URL of a server. Passwords are shown nowhere.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import parse_qsl, unquote, urlencode

from memproc.errors import UsageError
from memproc.sources.labels import path_shown

_PARTS = ("collection", "schema", "tenant", "database")
_NO_PORT = re.compile(r"^([^/\[\]:@]+:)(?![0-9]{1,5}(?:/|$)).*", re.DOTALL)  # what is no port is a password, cut at its ?
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9-]*)(?:\+([A-Za-z][A-Za-z0-9+]*))?://(.*)", re.DOTALL)


class Address(NamedTuple):
    """An address in its parts: the system, its backend ("" where none is said), where it is, and the options behind `?`."""

    system: str
    backend: str
    where: str
    options: dict[str, str]

    def url(self, dialect: str, own: Collection[str]) -> str:
        """Return the URL of its database, without the options that are `own`."""
        query = urlencode({name: value for name, value in self.options.items() if name not in own})
        return f"{dialect}://{self.where}" + (f"?{query}" if query else "")


def address_of(text: str) -> Address | None:
    """Return the parts of an address, or None if a text is none.

    >>> address_of("mem0+chroma:///tmp/db?collection=farm")
    Address(system='mem0', backend='chroma', where='/tmp/db', options={'collection': 'farm'})
    """
    found = _SCHEME.fullmatch(text)
    if found is None:
        return None
    system, backend, rest = found.groups()
    where, _, query = rest.partition("?")
    return Address(system.lower(), (backend or "").lower(), where, dict(parse_qsl(query, keep_blank_values=True)))


def path_in(address: Address) -> str:
    """Return the path that an address names. Raises UsageError if it names none."""
    path = unquote(address.where)
    if not path:
        raise UsageError(f"{shown(address)}: give the path behind ://, as in {address.system}:///home/ann/store")
    return path


def shown(address: Address) -> str:
    """Return how messages name a store: without a password, and of the options only those that name a part of it."""
    scheme = f"{address.system}+{address.backend}" if address.backend else address.system
    login, at, place = address.where.rpartition("@")
    user = login.partition(":")
    where = f"{user[0]}{':***' if user[1] else ''}{at}{place}" if at else _NO_PORT.sub(r"\1***", place)
    named = "&".join(f"{name}={address.options[name]}" for name in _PARTS if name in address.options)
    return path_shown(f"{scheme}://{where}" + (f"?{named}" if named else ""))
