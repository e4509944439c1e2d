"""Whether what `memproc.predict` says comes true: files of several kinds and sizes, predicted and then ingested.

Facts
-----
- Each is done in a process of its own, by ``python -m benchmarks.predictions predict FILE`` and ``ingest FILE STORE``: an
  ingestion begins cold, and the peak of memory is that of a process.
- What the clock says depends on what else the machine does meanwhile; the time of the processor less so.
"""

from __future__ import annotations

import csv
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson

from benchmarks.corpus import Texts, make_corpus
from benchmarks.database import print_json

LIMIT_SECONDS = 3_600.0  # of one ingestion
FIGURES: Final = ("seconds", "cpu_seconds", "memory_bytes", "store_bytes")
KINDS: Final = ("corpus", "talk", "table", "chats")
TURNS: Final = 20  # of a conversation


def table(sizes: Sequence[int], seed: int) -> Iterator[str]:
    """Yield a line for each file: of each figure the real one as a share of the predicted, and a star where it is out of bounds."""
    yield " ".join(("kind    records", *(f"{name:>13}" for name in FIGURES)))
    with TemporaryDirectory() as folder:
        for size in sizes:
            for kind in KINDS:
                file, store = _written(Path(folder), kind, size, seed), Path(folder) / f"{kind}-{size}.db"
                predicted, real = _run("predict", file), _run("ingest", file, store)
                shares = [_told(predicted[name], real[name]) for name in FIGURES]
                yield " ".join((f"{kind:7} {size:7,}", *(f"{share:>13}" for share in shares)))


def _told(estimate: Mapping[str, float], real: float) -> str:
    star = "" if estimate["low"] <= real <= estimate["high"] else "*"
    return f"{real / estimate['likely']:.2f}{star}"


def _written(folder: Path, kind: str, records: int, seed: int) -> Path:
    """Write so many records of a kind; tables and chats have the texts of talk."""
    texts = Texts.ORDINARY if kind == "corpus" else Texts.TALK
    found = [{"content": entry.content, **entry.fields} for entry in make_corpus(records=records, seed=seed, texts=texts)]
    path = folder / f"{kind}-{records}{'.csv' if kind == 'table' else '.json' if kind == 'chats' else '.jsonl'}"
    if kind == "table":
        with path.open("w", newline="") as opened:
            rows = ([n, one["namespace"], one["content"], n % 5] for n, one in enumerate(found))
            csv.writer(opened).writerows([["id", "user_id", "note", "priority"], *rows])
    elif kind == "chats":
        contents = [one["content"] for one in found]
        path.write_bytes(orjson.dumps([_chat(contents[at : at + TURNS], at) for at in range(0, records, TURNS)]))
    else:
        path.write_bytes(b"".join(orjson.dumps(one, option=orjson.OPT_APPEND_NEWLINE) for one in found))
    return path


def _chat(contents: Sequence[str], at: int) -> dict[str, Any]:
    """Make a conversation as ChatGPT exports it."""
    names = ["root", *(f"m{at + turn}" for turn in range(len(contents)))]
    mapping: dict[str, Any] = {"root": {"id": "root", "message": None, "parent": None, "children": names[1:2]}}
    for turn, content in enumerate(contents):
        name = names[turn + 1]
        author = {"role": "assistant" if turn % 2 else "user"}
        said = {"content_type": "text", "parts": [content]}
        message = {"id": name, "author": author, "create_time": 1.7e9 + 60 * (at + turn), "content": said}
        mapping[name] = {"id": name, "message": message, "parent": names[turn], "children": names[turn + 2 : turn + 3]}
    whole = {"id": f"c{at}", "conversation_id": f"c{at}", "title": f"Chat {at}", "create_time": 1.7e9 + 60 * at}
    return {**whole, "mapping": mapping, "current_node": names[-1]}


def _run(*words: object) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.predictions", *map(str, words)]
    ran = subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)  # noqa: S603 - our own
    found: dict[str, Any] = orjson.loads(ran.stdout)
    return found


def _main(what: str, file: str, *more: str) -> None:
    import memproc  # noqa: PLC0415 - only in the process that is measured
    from memproc.resources import MEBIBYTE  # noqa: PLC0415 - as above

    if what == "predict":
        print_json(memproc.predict(file).as_dict())
        return
    store = Path(*more)
    report = memproc.ingest(file, store)
    used = report.resources
    real = (report.seconds, used["cpu_seconds"], used["peak_rss_mb"] * MEBIBYTE, store.stat().st_size)
    print_json(dict(zip(FIGURES, real, strict=True)))


if __name__ == "__main__":
    _main(*sys.argv[1:])
