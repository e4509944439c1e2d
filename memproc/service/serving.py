"""The settings of a served store: how much is taken from whom, what may be read, whom an OpenID provider vouches for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import inf
from pathlib import Path
from urllib.parse import urlsplit

from memproc.errors import UsageError
from memproc.sources.rest.addresses import is_this_machine

MINUTE_SECONDS, DAY_SECONDS = 60, 24 * 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenId:
    """A provider of OpenID Connect whose tokens are taken: who issued them, for whom, and where its keys are (https, or this
    machine).

    `namespaces_claim` names the claim that lists the namespaces, `*` alone for all; `scopes_claim` the one with the scopes, a list
    or a text with blanks. Raises UsageError on an address that sends keys in the clear, and on what is blank.
    """

    issuer: str
    audience: str
    jwks_url: str
    namespaces_claim: str = "memproc_namespaces"
    scopes_claim: str = "scope"

    def __post_init__(self) -> None:
        """Check every value."""
        for name in self.__dataclass_fields__:
            if not getattr(self, name).strip():
                raise UsageError(f"{name}={getattr(self, name)!r}: give it, or leave the provider out")
        parts = urlsplit(self.jwks_url)
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(parts.hostname or ""))
        if not is_safe or not parts.hostname:
            raise UsageError(f"jwks_url={self.jwks_url!r}: give an address with https, as keys must come from the provider itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """How a store is served.

    - `per_minute`, `per_day`: how many calls a token may make that says nothing of its own.
    - `body_bytes`: how large a request may be; `upload_bytes` how large a file that is sent to be read.
    - `uploads`: the folder for such files, None if none are taken; they are deleted after `upload_days`.
    - `roots`: folders with files that jobs may read; `hosts`: those that jobs may ask over https. Nothing by default.
    - `openid`: a provider whose tokens are taken beside those of the store.
    - `dashboard`: whether people get pages at `/` and below it, where they sign in with a token.

    Raises UsageError on a value outside its range, and on a root that is no folder.
    """

    per_minute: int = 600
    per_day: int = 100_000
    body_bytes: int = 1024 * 1024
    upload_bytes: int = 2 * 1024**3
    upload_days: int = 7
    uploads: Path | None = None
    roots: Iterable[Path] = ()
    hosts: Iterable[str] = ()
    openid: OpenId | None = None
    dashboard: bool = False

    def __post_init__(self) -> None:
        """Check every value."""
        for name in ("per_minute", "per_day", "body_bytes", "upload_bytes", "upload_days"):
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value < inf:
                raise UsageError(f"{name}={value!r}: give a number from 1 on")
        object.__setattr__(self, "uploads", None if self.uploads is None else Path(self.uploads).absolute())
        object.__setattr__(self, "roots", tuple(map(_root, self.roots)))
        object.__setattr__(self, "hosts", tuple(host.lower().rstrip(".") for host in self.hosts))

    @property
    def folders(self) -> Sequence[Path]:
        """The folders that jobs may read, without links in their paths."""
        return tuple(self.roots)


def _root(given: Path) -> Path:
    try:
        root = Path(given).resolve(strict=True)
    except OSError as error:
        raise UsageError(f"root {str(given)!r} cannot be read: {error.strerror}: give a folder that is there") from error
    if not root.is_dir():
        raise UsageError(f"root {str(given)!r} is no folder: give the folder that its files are in")
    return root
