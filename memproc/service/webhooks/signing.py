"""Signatures of webhooks. Pure but for a new secret.

Facts: Standard Webhooks (standardwebhooks.com, specification 1.0) signs `id.timestamp.body` by HMAC-SHA256. A secret has 24 to 64
bytes, and is written as `whsec_` and base64. The header `webhook-signature` holds a signature for each secret that is in force,
each `v1,` and base64, with spaces between them, so that a receiver that knows either secret accepts it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256

from memproc.errors import UsageError
from memproc.references import REFERENCE, referred

PREFIX = "whsec_"
SECRET_BYTES, LEAST_BYTES, MOST_BYTES = 32, 24, 64
_ADVICE = f"give `{PREFIX}` and the base64 of {LEAST_BYTES} to {MOST_BYTES} bytes, or a reference as in ENV:WEBHOOK_SECRET"


def new_secret() -> str:
    """Return a secret that nobody can guess."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def checked_secret(given: str) -> str:
    """Return a secret, or a reference to one. Raises UsageError, which does not show it, where it is none."""
    if not REFERENCE.fullmatch(given):
        key_of(given)
    return given


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for, or that which it refers to. Raises UsageError, which does not show it, where it is
    none.

    >>> len(key_of(new_secret()))
    32
    """
    is_reference = REFERENCE.fullmatch(secret) is not None
    named = f"the secret of {secret}" if is_reference else "the secret"
    value = referred(secret) if is_reference else secret
    try:
        key = base64.b64decode(value.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise UsageError(f"{named} is no base64: {_ADVICE}") from None
    if not value.startswith(PREFIX) or not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise UsageError(f"{named} has another form, or {len(key)} bytes: {_ADVICE}")
    return key


def headers_of(id: str, timestamp: int, body: bytes, keys: Iterable[bytes]) -> dict[str, str]:
    """Return the headers by which a receiver proves an event; `timestamp` is in seconds since 1970."""
    signed = f"{id}.{timestamp}.".encode() + body
    signatures = [f"v1,{base64.b64encode(hmac.digest(key, signed, sha256)).decode()}" for key in keys]
    return {"webhook-id": id, "webhook-timestamp": str(timestamp), "webhook-signature": " ".join(signatures)}
