"""An ingestion that kills itself at a named point: run by `faults.kills` in a process of its own.

The points are told by SQLAlchemy's events and by the tables that a statement writes, so nothing in memproc knows of them.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import event
from sqlalchemy.engine import Engine

import memproc

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS: Final = (
    "behind the lock",
    "before observations",
    "before memories",
    "before the index",
    "before reviews",
    "before the ledger",
    "before the batch's row",
    "before COMMIT",
    "behind COMMIT",
)
_WRITES: Final = {
    "before observations": "insert into observations",
    "before memories": "insert into merged",
    "before the index": "insert into segments",
    "before reviews": "insert into reviews",
    "before the ledger": "insert into ledger",
    "before the batch's row": "insert into batches",
}


def main(url: str, path: str, batch_size: str, point: str, times: str) -> None:
    """Ingest a file with `resume`, and die when the point has been met so many times; with no point go on to the end."""
    if point:
        _die_at(point, int(times))
    report = memproc.ingest(path, url, resume=True, settings=memproc.Settings(batch_size=int(batch_size)))
    sys.stdout.write(f"{report.status} {report.read}\n")


def _die_at(point: str, times: int) -> None:
    left = [times]

    def meet() -> None:
        left[0] -= 1
        if left[0] <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    if point == "before COMMIT":
        event.listen(Engine, "commit", _in_batches(meet))
    elif point == "behind COMMIT":
        event.listen(Engine, "begin", _in_batches(meet))
    else:
        event.listen(Engine, "before_cursor_execute", _on_statements(point, meet))


def _in_batches(meet: Callable[[], None]) -> Callable[[Any], None]:
    return lambda _connection: meet()


def _on_statements(point: str, meet: Callable[[], None]) -> Callable[..., None]:
    wanted = _WRITES.get(point)
    was_lock = [False]

    def seen(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        told = " ".join(statement.lower().replace('"', "").replace("`", "").split())
        if wanted is None and was_lock[0]:
            meet()
        was_lock[0] = told.startswith("update store set epoch")
        if wanted is not None and told.startswith(wanted):
            meet()

    return seen


if __name__ == "__main__":
    main(*sys.argv[1:])
