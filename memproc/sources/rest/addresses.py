"""Which hosts and which addresses a request may go to. Pure.

Rules: only hosts that the caller gave, by the name and the port. https, or http where the host is this machine. An address has to
be a public one unless the caller allows others; one that stands in another (IPv4 in IPv6, as of NAT64 and 6to4) is looked at too.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import SplitResult, urljoin, urlsplit

from memproc.errors import UsageError

PORTS = {"https": 443, "http": 80}
_NAT64 = IPv6Network("64:ff9b::/96")
_GIVEN_OUT = IPv6Network("2000::/3")  # no public address of version 6 is elsewhere: Python knows not all that are reserved
_RESERVED = (IPv6Network("2001::/23"), IPv6Network("2001:db8::/32"), IPv6Network("3fff::/20"))

Address = IPv4Address | IPv6Address


class RefusedError(UsageError):
    """A request would go to where it may not."""


def host_of(url: str) -> tuple[str, int]:
    """Return the host and the port of a URL. Raises RefusedError if it is none, or not of https or http.

    >>> host_of("https://API.example.org./v1"), host_of("http://[::1]:8080/")
    (('api.example.org', 443), ('::1', 8080))
    """
    parts = _split(url)
    return (parts.hostname or "").rstrip("."), parts.port or PORTS[parts.scheme]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in PORTS and bool(parts.hostname) and parts.port != 0 and url.isascii() and url.isprintable()
    except ValueError:
        is_valid = False
    if not is_valid or " " in url or "\\" in url:
        raise RefusedError("give a URL as in https://api.example.org/v1/memories, in ASCII and with %20 for a space")
    if parts.username is not None or parts.password is not None:
        raise RefusedError("the URL holds a user or a password: give it in a header, as in Authorization=ENV:TOKEN")
    return parts


def joined(base: str, target: str) -> str:
    """Return the URL that a server names on a page, which may be a part of one. Raises RefusedError if it is none."""
    try:
        return urljoin(base, target)
    except ValueError:
        raise RefusedError("what leads to the next page, or redirects, is no URL") from None


def check_url(url: str, hosts: Sequence[tuple[str, int]], *, allow_private: bool) -> None:
    """Raise RefusedError if no request may go to a URL; `hosts` are those that were given."""
    host, port = host_of(url)
    if (host, port) not in hosts:
        shown = host if port == PORTS["https"] else f"{host}:{port}"
        raise RefusedError(f"the host {shown} was not given: allow it by hosts=[{shown!r}] (--host {shown}) if you trust it")
    if _split(url).scheme == "http" and not (allow_private and is_this_machine(host)):
        told = "http is for this machine alone, and with allow_private=True (--allow-private)"
        raise RefusedError(f"http://{host} sends keys and memories in the clear: give https ({told})")


def is_this_machine(host: str) -> bool:
    """Return whether a host is this machine by its name or its address.

    >>> is_this_machine("localhost"), is_this_machine("127.0.0.2"), is_this_machine("::1"), is_this_machine("example.org")
    (True, True, True, False)
    """
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def check_address(text: str, host: str, *, allow_private: bool, is_plain: bool) -> None:
    """Raise RefusedError if nothing may be connected to at an address to which a host was resolved; `is_plain` means http."""
    address = ip_address(text.partition("%")[0])
    if is_plain and not address.is_loopback:
        raise RefusedError(f"http://{host} leads to {address}, which is not this machine: give https")
    if not allow_private and not all(_is_public(one) for one in (address, *_inside(address))):
        told = "if that is meant, allow it by allow_private=True (--allow-private)"
        raise RefusedError(f"{host} leads to {address}, which is no public address: {told}")


def _is_public(address: Address) -> bool:
    if isinstance(address, IPv6Address):
        is_there = address in _NAT64 or (address in _GIVEN_OUT and not any(address in one for one in _RESERVED))
        return is_there and (address in _NAT64 or address.is_global)
    return address.is_global and not address.is_multicast


def _inside(address: Address) -> list[IPv4Address]:
    """Return the addresses of version 4 that one of version 6 stands for."""
    if isinstance(address, IPv4Address):
        return []
    translated = IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else None
    return [one for one in (address.sixtofour, translated) if one is not None]
