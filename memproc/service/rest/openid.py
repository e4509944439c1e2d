"""Tokens of an OpenID provider: signed by one of its keys, by it, for this server, and not over.

Facts: the keys are fetched when they are first needed, and again when a token names one that is not known: at most every half
minute, so that nobody lets this server ask without end.

Rules: only signatures by a pair of keys are taken, never those by a secret. A claim that is missing gives nothing: without
namespaces a token reaches nothing, and without scopes it may do nothing. A namespace that no memory can have is none. Two subjects
are never the same caller, however long they are and whatever characters they have.
"""

from __future__ import annotations

import hashlib
import threading
import time
from typing import Any

import jwt
from loguru import logger

from memproc.api import validate
from memproc.intake import clean_name
from memproc.service.rest.callers import Caller
from memproc.service.scopes import Scope
from memproc.service.serving import OpenId, Serving

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
ALL = "*"
FETCH_EVERY_SECONDS, TIMEOUT_SECONDS, LEEWAY_SECONDS = 30.0, 5.0, 10.0
LONGEST_SUBJECT = 190
_REQUIRED = ("exp", "iss", "aud", "sub")


class Provider:
    """A provider of OpenID Connect. Safe to use from several threads."""

    def __init__(self, openid: OpenId, serving: Serving) -> None:
        self._openid, self._serving = openid, serving
        self._client = jwt.PyJWKClient(openid.jwks_url, cache_jwk_set=False, timeout=TIMEOUT_SECONDS)
        self._lock = threading.Lock()
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._asked_at = -FETCH_EVERY_SECONDS

    def caller(self, token: str) -> Caller | None:
        """Return who a token vouches for; None if it cannot be taken. May fetch the keys of the provider."""
        try:
            key = self._key(jwt.get_unverified_header(token).get("kid"))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=ALGORITHMS,
                audience=self._openid.audience,
                issuer=self._openid.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": [*_REQUIRED]},
            )
        except (jwt.PyJWTError, ValueError):
            return None
        return self._of_claims(claims)

    def _of_claims(self, claims: dict[str, Any]) -> Caller:
        named = _words(claims.get(self._openid.namespaces_claim))
        return Caller(
            who=_who(claims["sub"]),
            namespaces=None if named == (ALL,) else tuple(name for name in named if name != ALL and _can_be(name)),
            scopes=frozenset(_words(claims.get(self._openid.scopes_claim))) & {*map(str, Scope)},
            per_minute=self._serving.per_minute,
            per_day=self._serving.per_day,
        )

    def _key(self, name: str | None) -> jwt.PyJWK | None:
        with self._lock:
            if name not in self._keys and time.monotonic() - self._asked_at >= FETCH_EVERY_SECONDS:
                self._asked_at = time.monotonic()
                try:
                    self._keys = {key.key_id: key for key in self._client.get_signing_keys(refresh=True)}
                except jwt.PyJWTError as error:
                    logger.error("the keys of the OpenID provider cannot be had: {}", error)
            return self._keys.get(name)


def _who(subject: str) -> str:
    """Return what a subject is called: by itself, or by a hash where it is long or cannot be shown.

    >>> _who("ann"), len(_who("a" * 250))
    ('openid ann', 40)
    """
    if subject.isprintable() and len(subject) <= LONGEST_SUBJECT:
        return f"openid {subject}"
    return f"openid, {hashlib.sha256(subject.encode('utf-8', 'surrogatepass')).hexdigest()[:32]}"


def _can_be(namespace: str) -> bool:
    """Tell whether a memory can be in a namespace of this name as it is."""
    return namespace == clean_name(namespace, "namespace") and validate({"content": "x", "namespace": namespace}).ok


def _words(given: object) -> tuple[str, ...]:
    """Return the words of a claim: a list of them, or a text with blanks between them.

    >>> _words("a b"), _words(["a b", 5]), _words(None)
    (('a', 'b'), ('a b',), ())
    """
    if isinstance(given, str):
        return tuple(given.split())
    return tuple(one for one in given if isinstance(one, str) and one.strip()) if isinstance(given, list) else ()
