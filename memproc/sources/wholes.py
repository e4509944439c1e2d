"""Objects that mean something only as a whole, although they hold lists of records: what stands beside the list says of it.

Rules: OpenMemory's export has the user, the apps and the categories of its memories, mem0's results have relations. Only an object
within the length of a record is taken whole, and only if its beginning says that it may be one; of any other the lists are read.
"""

from __future__ import annotations

import re
from typing import IO

from memproc.sources.decoding import decode
from memproc.sources.streams import from_start

_MAY_BE = re.compile(rb'"user"\s*:\s*\{|"relations"\s*:\s*\[\s*\{')
_HAS = re.compile(rb'"(?:apps|categories|relationship)"')
_WITH_RELATIONS = ("results", "relations")


def maybe_whole(stream: IO[bytes], start: bytes, limit_bytes: int) -> tuple[bytes | None, IO[bytes]]:
    """Return an object that means something only as a whole, and its stream; None if its lists can be read one by one."""
    if not _MAY_BE.search(start):
        return None, stream
    raw = stream.read(limit_bytes)
    return (raw, stream) if _HAS.search(raw) and _is_whole(decode(raw).value) else (None, from_start(raw, stream))


def _is_whole(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    is_owned = isinstance(value.get("user"), dict) and ("apps" in value or "categories" in value)
    return is_owned or all(isinstance(value.get(name), list) and value[name] for name in _WITH_RELATIONS)
