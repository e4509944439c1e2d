"""How long an application waits: pages of a small namespace in a large store, texts, single records, and updates.

`python -m benchmarks finding --records 1000000` prints medians in milliseconds, of the clock and of this process. The store is
made in a temporary folder, unless `--store` names one that is there or is to be kept.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import partial
from itertools import product
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import Any

import memproc

SMALL, PAGE, TIMES, SLOW_TIMES = 100, 25, 101, 5
SUBJECTS = 50
SYLLABLES, WORDS = ("ba", "de", "fi", "go", "hu", "ka", "le", "mi", "no", "pu", "ra", "se", "ti", "vo", "zu"), 12


def records(size: int) -> Iterator[dict[str, Any]]:
    """Give memories of many namespaces, of which the one called small has a hundred, spread among all.

    No two texts have a frame in common: comparing changes is not what is measured here.
    """
    told = texts(1)
    for at in range(size):
        is_small = at % (size // SMALL) == 0
        yield {
            "content": next(told),
            "namespace": "small" if is_small else f"large {at % 7}",
            "subject": f"person {at % SUBJECTS}",
            "created_at": f"20{at % 25:02}-{at % 12 + 1:02}-{at % 28 + 1:02}",
            "tags": [f"tag {at % 1000}"],
        }


def texts(seed: int) -> Iterator[str]:
    """Give texts of random words, endlessly."""
    rng = random.Random(seed)
    words = ["".join(syllables) for syllables in product(SYLLABLES, repeat=3)]
    while True:
        yield " ".join(rng.choices(words, k=WORDS))


def milliseconds(work: Callable[[], object], times: int | None = None) -> tuple[float, float]:
    """Return the median time that a piece of work takes, by the clock and of this process."""
    clock, own = [], []
    for _ in range(times or TIMES):
        started, own_started = perf_counter(), process_time()
        work()
        own.append(process_time() - own_started)
        clock.append(perf_counter() - started)
    return median(clock) * 1_000, median(own) * 1_000


def measured(store: memproc.Store) -> Iterator[tuple[str, tuple[float, float]]]:
    """Give what was measured, and its medians."""
    page = store.find(namespace="small", limit=PAGE)
    yield f"find, a namespace of {SMALL}", milliseconds(lambda: store.find(namespace="small"))
    for number in range(1, SMALL // PAGE):
        behind = partial(store.find, namespace="small", limit=PAGE, after=page[-1])
        yield f"find, page {number + 1} of {PAGE}", milliseconds(behind)
        page = behind()
    yield "find, a page of a large namespace", milliseconds(lambda: store.find(namespace="large 1", limit=PAGE))
    wanted: list[dict[str, Any]] = [{"tag": "tag 7"}, {"subject": "person 3"}, {"subject": "nobody"}, {"text": "no such word"}]
    for which in wanted:
        large = partial(store.find, namespace="large 1", limit=PAGE, **which)
        yield f"find, a large namespace, {' '.join(*which.items())}", milliseconds(large, SLOW_TIMES)
    word = page[-1].content.split()[0]
    yield "find, a text in the small namespace", milliseconds(lambda: store.find(namespace="small", text=word))
    yield "find, a text that nothing has", milliseconds(lambda: store.find(text="no such word"), SLOW_TIMES)
    found = [str(memory.id) for memory in store.find(namespace="large 2", limit=3 * TIMES)]
    identifiers, others, told = iter(found[:TIMES]), iter(found[TIMES:]), texts(store.count())
    yield "get", milliseconds(lambda: store.get(next(others)))
    yield "add", milliseconds(lambda: store.add({"content": next(told), "namespace": "large 2"}))
    yield "update", milliseconds(lambda: store.update(next(identifiers), {"content": next(told)}))


def table(size: int, where: Path | None = None) -> str:
    """Return a line for each thing that was measured, in a store of so many records, or in one that is there."""
    with TemporaryDirectory() as folder, memproc.open(where or Path(folder) / "finding.db") as store:
        if not store.count():
            memproc.ingest(records(size), store)
        seconds = milliseconds(store.index, 1)[1] / 1_000
        lines = (f"{name:40} {clock:8.2f} ms {own:8.2f} ms" for name, (clock, own) in measured(store))
        head = f"{store.count()} memories, {seconds:.1f} s of this process to index them"
        return "\n".join([head, f"{'':40}       clock         own", *lines])
