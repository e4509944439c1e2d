"""How a web API is asked: headers, hosts, and bounds, checked before any work, and the client that keeps to them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Any

from memproc.errors import UsageError
from memproc.sources.remote import without_end
from memproc.sources.rest.addresses import check_url, host_of
from memproc.sources.rest.secrecy import Secrets, is_key_name, url_shown
from memproc.sources.retries import check_retries

if TYPE_CHECKING:
    from memproc.sources.rest.client import Client
    from memproc.sources.rest.gate import Outside

EXTRA = "rest"
OURS = frozenset(("host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "upgrade"))
COOKIES = frozenset(("cookie", "proxy-authorization"))
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,200}")
_HOST = re.compile(r"(?P<name>[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::(?P<port>\d{1,5}))?", re.ASCII)


@dataclass(frozen=True)
class Asking:
    """How one API is asked, as `RestPages` documents it. `needs` says what its package is needed for."""

    url: str
    needs: str
    _: KW_ONLY
    headers: Mapping[str, str] = field(default_factory=dict)
    hosts: Sequence[str] = ()
    allow_private: bool = False
    requests_per_second: float | None = None
    timeout_seconds: float = 30.0
    response_seconds: float = 300.0
    retry_seconds: float = 300.0
    max_response_bytes: int = 1 << 26
    retries: int | None = None
    outside: Outside | None = None

    def check(self) -> None:
        """Raise UsageError if a value is not valid, or what it refers to is not there."""
        check_url(self.url, [host_of(self.url)], allow_private=self.allow_private)
        self._given_hosts()
        secrets = self.secrets
        for name, value in self.headers.items():
            _check_header(name, value, secrets)
        for name in ("requests_per_second", "timeout_seconds", "response_seconds", "retry_seconds", "max_response_bytes"):
            number = getattr(self, name)
            if number is not None and not 0 < number < float("inf"):
                raise UsageError(f"{name}={number!r}: give a number above 0")
        check_retries(self.retries)

    def check_package(self) -> None:
        """Raise UsageError where the package of the client is not there."""
        try:
            import memproc.sources.rest.client  # noqa: F401, PLC0415 - an extra
        except ImportError as error:
            raise UsageError(f"{self.needs} needs a package: pip install 'memproc-sdk[{EXTRA}]'") from error

    @property
    def secrets(self) -> Secrets:
        """The values that the URL and the headers refer to."""
        return Secrets.of([self.url, *self.headers.values()])

    def shown(self, url: str) -> str:
        """Return a URL with references and stars in place of keys."""
        secrets = self.secrets
        return secrets.hidden(url_shown(secrets.hidden(url)))

    def client(
        self, shared: dict[str, Any], seconds_left: Callable[[], float] = without_end, more_headers: Mapping[str, str] | None = None
    ) -> Client:
        """Return a client with so many seconds left, which shares its pace with others that are given the same `shared`.

        Raises UsageError without its package.
        """
        self.check_package()
        from memproc.sources.rest.client import Client  # noqa: PLC0415 - an extra
        from memproc.sources.rest.gate import Outside  # noqa: PLC0415
        from memproc.sources.rest.patience import Bounds, Pace  # noqa: PLC0415

        seconds = self.timeout_seconds, self.response_seconds, self.retry_seconds
        hosts = [host_of(self.url), *self._given_hosts()]
        bounds = Bounds(hosts, self.allow_private, *seconds, self.max_response_bytes, self.requests_per_second, self.retries)
        pace = shared.setdefault("pace", Pace())
        headers = {name.lower(): value for name, value in {**(more_headers or {}), **self.headers}.items()}
        return Client(headers, self.secrets, bounds._replace(seconds_left=seconds_left), pace, self.outside or Outside())

    def _given_hosts(self) -> list[tuple[str, int]]:
        found = []
        for host in self.hosts:
            matched = _HOST.fullmatch(host)
            if matched is None:
                raise UsageError(f"hosts: {host!r} is no host: give a name as in files.example.org, or with a port behind a colon")
            found.append((matched["name"].strip("[]").lower().rstrip("."), int(matched["port"] or 443)))
        return found


def _check_header(name: str, value: str, secrets: Secrets) -> None:
    """Raise UsageError if a header cannot be sent, or holds a key that is not from the environment."""
    revealed = secrets.revealed(value)
    if not _HEADER_NAME.fullmatch(name) or name.lower() in OURS:
        raise UsageError(f"headers: {name!r} cannot be set: give the name of a header, as in Authorization")
    if not (revealed.isprintable() and revealed.isascii()):
        raise UsageError(f"headers: the value of {name} holds a line end, or is not ASCII: mind the variable")
    if revealed == value and (is_key_name(name) or name.lower() in COOKIES):
        raise UsageError(
            f"headers: {name} holds a key: put it into an environment variable, and give {name}=ENV:VARIABLE, or into a keyring"
        )
