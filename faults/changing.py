"""A source that changes between the runs of a job, and one that grows while it is read.

Rules: where the bytes are other ones, `resume` is refused with advice, whatever the change and however small; a new date alone is
no change. Without `resume` the source is read anew, what is known is duplicate, and the store holds what both readings gave.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import memproc
from faults.child import Task, is_killed, started
from faults.points import POINTS, Verb
from faults.stores import NewStore, check_whole, exported, filled

BATCHES: Final = 20
_NEW: Final = b'{"content": "She sold the last of her hens and bought a boat"}\n'
_STRUCK: Final = next(place for place, point in enumerate(POINTS) if point.name == "after COMMIT")


def _one_byte(raw: bytes) -> bytes:
    place = raw.index(b'"content": "') if b'"content": "' in raw else raw.index(b'"content":"')
    return raw[: place + 14] + (b"Q" if raw[place + 14 : place + 15] != b"Q" else b"Z") + raw[place + 15 :]


CHANGES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "one byte of what has landed": _one_byte,
    "a line more at the end": lambda raw: raw + _NEW,
    "a line more at the beginning": lambda raw: _NEW + raw,
    "cut off": lambda raw: raw[: len(raw) * 3 // 4],
    "other lines of the same size": lambda raw: b"".join(raw.splitlines(keepends=True)[::-1]),
    "empty": lambda _raw: b"",
}


def change(new_store: NewStore, source: Path, records: int, folder: Path, names: Sequence[str] = (*CHANGES,)) -> list[str]:
    """Change a source in each of these ways after a kill; return all ways. Raises AssertionError where a change goes unnoticed."""
    raw = source.read_bytes()
    path = folder / "changing.jsonl"
    for name in names:
        url = _killed_in_the_middle(new_store(), path, raw, records)
        path.write_bytes(CHANGES[name](raw))
        try:
            memproc.ingest(path, url, resume=True)
        except memproc.UsageError as error:
            assert "the source has changed since job 1 began" in str(error), (name, error)
        else:
            raise AssertionError(f"{name}: nobody noticed")
        _read_anew(url, new_store(), path, raw)
    _only_the_date(new_store(), path, raw, records)
    _growing(new_store(), path, raw)
    return [*names, "a new date alone, which is no change", "growing while it is read"]


def _killed_in_the_middle(url: str, path: Path, raw: bytes, records: int) -> str:
    path.write_bytes(raw)
    task = Task(Verb.INGEST, url, str(path), max(records // BATCHES, 1), _STRUCK, BATCHES // 2)
    assert is_killed(started(task))
    return url


def _read_anew(url: str, other: str, path: Path, raw: bytes) -> None:
    """Read the changed source without `resume`: the store then holds what had landed of the first, and all of the second."""
    with memproc.open(url) as store:
        landed = store.jobs()[0].read
        if path.stat().st_size:
            memproc.ingest(path, store)
    first = path.with_name("landed.jsonl")
    first.write_bytes(b"".join(raw.splitlines(keepends=True)[:landed]))
    filled(other, *([first, path] if path.stat().st_size else [first]))
    assert exported(url) == exported(other)
    check_whole(url, but="jobs")  # the job that was killed is left as it is


def _only_the_date(url: str, path: Path, raw: bytes, records: int) -> None:
    _killed_in_the_middle(url, path, raw, records)
    os.utime(path, (1, 1))
    assert memproc.ingest(path, url, resume=True).read == records
    check_whole(url)


def _growing(url: str, path: Path, raw: bytes) -> None:
    """Let lines be added while the source is read: what was there is read, the rest now or the next time."""
    path.write_bytes(raw)
    lines = raw.count(b"\n")

    def grow(event: memproc.Event) -> None:
        if not isinstance(event, memproc.BatchLanded):
            return
        with path.open("ab") as stream:
            stream.write(_NEW[:30])  # half a line first: whoever reads it now finds it broken, and says so
            stream.write(_NEW[30:])

    report = memproc.ingest(path, url, settings=memproc.Settings(batch_size=max(lines // BATCHES, 1)), on_event=grow)
    assert report.status == "done", report
    assert report.read >= lines, report
    memproc.ingest(path, url, resume=True)
    with memproc.open(url) as store:
        assert store.find(text="sold the last of her hens", limit=None)
    check_whole(url)
