"""An exact hash as the key of a record: what sqlite-utils and dlt find repeats by."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from sqlite3 import connect
from typing import Any

import orjson

from benchmarks.database import CREATED_AT, SOURCE
from benchmarks.repeats import normal_form


def hash_of(content: str) -> str:
    """Give the hash of the text in NFKC, case folded, with single spaces.

    >>> hash_of("Prefers  TEA") == hash_of("prefers tea")
    True
    """
    return sha256(normal_form(content).encode()).hexdigest()


class Rows:
    """The rows of a JSON Lines file, each with its hash; `read` counts those that were given."""

    def __init__(self, path: Path) -> None:
        """Begin with none read."""
        self._path = path
        self.read = 0

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Give the row of each line."""
        with self._path.open("rb") as lines:
            for line in lines:
                record = orjson.loads(line)
                self.read += 1
                yield {"hash": hash_of(record["content"]), **record, "source": SOURCE, "created_at": CREATED_AT}


def clusters(path: Path, place: str) -> list[int | None]:
    """Give for each record the row of the table `memory` that has its hash, None where there is none."""
    with closing(connect(place)) as connection:
        kept = dict(connection.execute("SELECT hash, rowid FROM memory"))
    return [kept.get(row["hash"]) for row in Rows(path)]


def stored(place: str) -> int:
    """Give the number of rows of the table `memory`."""
    with closing(connect(place)) as connection:
        return int(connection.execute("SELECT count(*) FROM memory").fetchone()[0])
