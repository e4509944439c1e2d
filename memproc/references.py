"""Texts that name a secret instead of holding it, and the secrets they name.

Facts: `ENV:NAME` is the value of an environment variable; `KEYRING:service/user` is the password that the keyring of the system
keeps under these names, read by the package `keyring`. Neither of them is secret, so messages, commands and rows may show them.
"""

from __future__ import annotations

import os
import re

from sqlalchemy import URL

from memproc.errors import UsageError

EXTRA = "keyring"
REFERENCE = re.compile(r"ENV:[A-Za-z_]\w*|KEYRING:[\w.-]+/[\w.@+-]+", re.ASCII)


def referred(reference: str) -> str:
    """Return the value that a reference names. Raises UsageError where there is none, or it is empty."""
    kind, _, name = reference.partition(":")
    if kind == "KEYRING":
        return _in_keyring(reference, *name.split("/"))
    if not (value := os.environ.get(name)):
        raise UsageError(f"{reference}: the environment variable {name} is not set: export it before")
    return value


def _in_keyring(reference: str, service: str, user: str) -> str:
    try:
        import keyring  # noqa: PLC0415 - an extra
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError as error:
        raise UsageError(f"{reference}: reading a keyring needs a package: pip install 'memproc-sdk[{EXTRA}]'") from error
    try:
        value = keyring.get_password(service, user)
    except KeyringError as error:
        raise UsageError(f"{reference}: the keyring cannot be read: {error}") from error
    if not value:
        raise UsageError(f"{reference}: the keyring holds no such password: run `keyring set {service} {user}` before")
    return value


def with_referred(url: URL) -> URL:
    """Return the URL of a database with what its password, and values in its query part, refer to. Raises UsageError as `referred`
    does.
    """
    if url.password is not None:
        url = url.set(password=_value(str(url.password)))
    return url.set(query={name: _value(value) if isinstance(value, str) else value for name, value in url.query.items()})


def _value(text: str) -> str:
    return referred(text) if REFERENCE.fullmatch(text) else text
