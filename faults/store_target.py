"""What guided fuzzing does with bytes that are a story: what is done to a store, one line after the other, each by its first byte.

Whatever the story, the store adds up, a check-up finds nothing, a rebuild changes nothing, and a full export makes the same store.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import orjson

if TYPE_CHECKING:
    from memproc import Store

MOST_LINES: Final = 24
_TEMPLATES: Final[dict[str, bytes]] = {}


def check_store(raw: bytes) -> None:
    """Do to an empty store what the lines say, and check it."""
    import memproc  # noqa: PLC0415

    deeds = (_add, _add, _add, _ingest, _unmerge, _forget, _resolve, _replay, _discard, _withdraw, _rebuild)
    with TemporaryDirectory(prefix="memproc-fuzzed-") as folder, memproc.open(_empty(Path(folder), "store.db")) as store:
        for line in raw.split(b"\n")[:MOST_LINES]:
            try:
                if line:
                    deeds[line[0] % len(deeds)](store, line[1:])
            except (memproc.UsageError, memproc.NotFoundError) as error:
                assert str(error)
        _check(store, Path(folder))


def _check(store: Store, folder: Path) -> None:
    import memproc  # noqa: PLC0415
    from faults.stores import exported  # noqa: PLC0415

    before = exported(store.url)
    recount, findings = store.recount(), store.doctor()
    assert recount.is_whole, recount
    assert not findings, findings
    assert store.rebuild() == (0, 0)
    assert exported(store.url) == before
    store.export(folder / "full.jsonl", full=True)
    copy = _empty(folder, "copy.db")
    if (folder / "full.jsonl").stat().st_size:
        assert memproc.ingest(folder / "full.jsonl", copy, trust_decisions=True).quarantined == 0
    assert exported(copy) == before


def _empty(folder: Path, name: str) -> str:
    """Return the path of an empty store, a copy of one that is made once."""
    import memproc  # noqa: PLC0415

    path = folder / name
    if "empty" not in _TEMPLATES:
        memproc.open(path).close()
        _TEMPLATES["empty"] = path.read_bytes()
    path.write_bytes(_TEMPLATES["empty"])
    for left in folder.glob(f"{name}-*"):
        left.unlink()
    return str(path)


def _add(store: Store, line: bytes) -> None:
    store.add(_value(line))


def _ingest(store: Store, line: bytes) -> None:
    import memproc  # noqa: PLC0415

    value = _value(line)
    memproc.ingest(value if isinstance(value, list) else [value, value], store, settings=memproc.Settings(batch_size=2))


def _unmerge(store: Store, line: bytes) -> None:
    _with_one(store, line, store.unmerge)


def _forget(store: Store, line: bytes) -> None:
    _with_one(store, line, store.forget)


def _resolve(store: Store, line: bytes) -> None:
    verdicts = ("merge", "distinct", "supersedes")
    for review in store.reviews()[:1]:
        store.resolve(review, verdicts[len(line) % 3])  # type: ignore[arg-type]


def _replay(store: Store, line: bytes) -> None:
    value = _value(line)
    store.replay(transform=lambda was: {**value, **was} if isinstance(value, dict) and isinstance(was, dict) else value)


def _discard(store: Store, _line: bytes) -> None:
    store.discard([one.number for one in store.quarantine()[:1]])


def _withdraw(store: Store, _line: bytes) -> None:
    store.withdraw(store.decisions()[:1])


def _rebuild(store: Store, _line: bytes) -> None:
    store.rebuild()


def _with_one(store: Store, line: bytes, do: Callable[[str], object]) -> None:
    identifiers = [memory.id for memory in store]
    if identifiers:
        do(str(identifiers[(line or b"\0")[0] % len(identifiers)]))


def _value(line: bytes) -> Any:
    """Return the JSON value of a line, or a record that says it."""
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return {"content": line.decode("utf-8", "surrogateescape")}
