"""Where an ingestion spends its time, by a sampling profiler: ``python -m benchmarks stages``.

- pyinstrument notes each millisecond which function runs. An ingestion takes twice as long under it: so shares are told, no times.
- A figure is own time: what a function calls is not in it, but for functions in C, which count for their caller. Of these, `driver`
  is what SQLAlchemy hands to the driver, with the commits, and `json` is reading and writing JSON.
- Each ingestion is the first of a process of its own, which has imported its modules and knows no word.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from pyinstrument import Profiler
from pyinstrument.frame import Frame

import memproc
from benchmarks.corpus import Texts, write_corpus
from benchmarks.tables import aligned

HEADS: Final = ("part", "share", "most of it in")
LEAST_SHARE: Final = 0.005  # of the whole: parts that take less are one line
REST: Final = "the rest"
PACKAGE: Final = Path(memproc.__file__).parent

Parts = dict[str, Counter[str]]  # microseconds of each module, by its part


def tables(kinds: Sequence[Texts], *, records: int, seed: int) -> Iterator[str]:
    """Give the table of each kind of texts."""
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as pool:
        for kind, parts in zip(kinds, pool.map(partial(measure, records=records, seed=seed), kinds), strict=True):
            yield f"{records:,} records of the {kind} kind\n\n{text_table(parts)}"


def measure(texts: Texts, *, records: int, seed: int) -> Parts:
    """Ingest a corpus into a new SQLite store, and give what each module took."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        write_corpus(records=records, seed=seed, path=folder / "corpus.jsonl", texts=texts)
        take_in = memproc.ingest  # imports what it needs before the time begins
        with Profiler() as profiler:
            take_in(folder / "corpus.jsonl", into=folder / "store.db")
    root = profiler.last_session and profiler.last_session.root_frame(trim_stem=False)
    parts: Parts = defaultdict(Counter)
    for frame in _leaves([root] if root else []):
        part, module = _owner(frame)
        parts[part][module] += round(frame.time * 1_000_000)
    return parts


def _leaves(frames: Iterable[Frame]) -> Iterator[Frame]:
    """Give the frames that hold time: pyinstrument has one for the own time of every function."""
    for frame in frames:
        yield from _leaves(frame.children) if frame.children else (frame,)


def _owner(leaf: Frame) -> tuple[str, str]:
    """Give the part and the module of the function that a leaf is the own time of, or its caller's where it is in C."""
    called, frame = "", leaf.parent or leaf
    if frame.file_path == "<built-in>" and frame.parent is not None:
        called, frame = frame.function, frame.parent
    path = Path(frame.file_path or "")
    part = _part_of(path)
    if called in {"loads", "dumps"}:
        part = "json"
    elif (path.name == "driver.py" and called.startswith(("Cursor.", "Connection."))) or (
        part == "sqlalchemy" and (frame.function.startswith("do_") or called.startswith(("Cursor.", "Connection.")))
    ):
        part = "driver"
    return part, path.name.removesuffix(".py")


def _part_of(path: Path) -> str:
    """Give the folder of a module of memproc, else the name of the library."""
    if path.is_relative_to(PACKAGE):
        return path.parent.relative_to(PACKAGE.parent).as_posix()
    _, is_library, inside = path.as_posix().partition("/site-packages/")
    return inside.split("/")[0] if is_library else "Python's library"


def text_table(parts: Parts) -> str:
    """Give the parts as lines of text, the longest first."""
    whole = sum(modules.total() for modules in parts.values())
    shown: Parts = defaultdict(Counter)
    for part, modules in parts.items():
        shown[part if modules.total() >= LEAST_SHARE * whole else REST] += modules
    ordered = sorted(shown.items(), key=lambda one: (one[0] != REST, one[1].total()), reverse=True)
    rows = [(part, f"{modules.total() / whole:.1%}", _most(modules, whole)) for part, modules in ordered]
    return "\n".join(aligned([HEADS, *rows], left=(0, 2)))


def _most(modules: Counter[str], whole: int) -> str:
    return ", ".join(f"{module} {own / whole:.1%}" for module, own in modules.most_common(3))
