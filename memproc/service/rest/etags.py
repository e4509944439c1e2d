"""Versions of what is answered, by which a client asks only for what is new, and changes only what it knows."""

from __future__ import annotations

import re

from fastapi import Request
from xxhash import xxh3_128_hexdigest

from memproc.records import Memory, encode, plain
from memproc.service.rest.problems import ProblemError

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
ANY = "*"


def etag_of(memory: Memory) -> str:
    """Return the version of a memory: a hash of all that it says."""
    return f'"{xxh3_128_hexdigest(encode(plain(memory)))}"'


def is_known(request: Request, etag: str) -> bool:
    """Tell whether a client has this version already."""
    given = request.headers.get("if-none-match", "")
    return given.strip() == ANY or etag in {one.removeprefix("W/") for one in _TAG.findall(given)}


def check_match(request: Request, etag: str) -> bool:
    """Tell whether a client names the version that it wants to change. Raises a problem where that is another one."""
    given = request.headers.get("if-match")
    if given is None or given.strip() == ANY:
        return False
    if etag not in _TAG.findall(given):
        detail = "If-Match: the memory was changed since that version: read it again, and change that"
        raise ProblemError(412, "changed-meanwhile", detail)
    return True
