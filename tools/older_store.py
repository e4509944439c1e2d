"""Make the store of the present schema that the tests of later schemas upgrade, and what this memproc exports of it.

Run it before `SCHEMA` is raised: `python tools/older_store.py fixtures/memories.jsonl fixtures/stores URL_OF_POSTGRESQL
URL_OF_MARIADB`, where the URLs are those of databases in which is no store. The folder then holds, with N the number of the schema:

- `schemaN.db`: a store with something in every table, and a job that was interrupted
- `schemaN.jsonl`: its full export
- `interrupted.jsonl`: what that job reads; it is the same each time
- `schemaN-resumed.jsonl`: the full export after the job was resumed
- `schemaN.sqlite.sql`, `schemaN.postgresql.sql`, `schemaN.mysql.sql`: the statements that make such a store
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import sys
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, event

import memproc

TYPOS = (
    {"content": "Works in the kitchen", "subject": "ben"},
    {"content": "Works in the kithcen", "subject": "ben"},
    {"content": "works in the kithcen!", "subject": "ben"},
    {"content": "Keeps the spare key under the flower pot", "subject": "ben"},
    {"content": "Keeps teh spare key under the flower pot", "subject": "ben"},
    {"content": "Meets the committee on Tuesday at the library", "subject": "ben"},
    {"content": "Meets the comittee at the library on Tuesday", "subject": "ben"},
    {"content": "Sleeps in the gardne house", "subject": "ben"},
    {"content": "Sleeps in the garden house", "subject": "ben"},
    {"content": "Bought a new bycicle in March", "subject": "ben"},
    {"content": "Bought a new bicycle in march", "subject": "ben"},
    {"content": "Has 2 dogs in the appartment", "subject": "ben"},
    {"content": "Has 3 dogs in the apartment", "subject": "ben"},
    {"content": "Ordered the hosue", "subject": "ben"},
    {"content": "Ordered the house", "subject": "ben"},
    {"content": "Ordered the hose", "subject": "ben"},
    {"content": "Ordered the horse", "subject": "ben"},
    {"content": "Left the umbrela in the tram", "subject": "ben"},
    {"content": "Left the umbrella in the tram", "subject": "ben"},
    {"content": "Lives in Oslo", "subject": "ben", "created_at": "2025-01-01T00:00:00Z"},
    {"content": "Lives in Rome", "subject": "ben", "created_at": "2025-03-01T00:00:00Z"},
)
REJECTED = (
    {"content": "Has a boat", "importance": 7},
    {"content": ""},
    {"content": "Has a canoe", "importance": -3},
    {"content": 5},
)
INTERRUPTED = (
    {"content": "Grows tomatoes on the balcony"},
    {"content": "Grows tomatos on the balcony"},
    {"content": "Works in teh kitchen", "subject": "ben"},
    {"content": "Reads the newspaper on Sunday"},
    {"content": "Reads the newspaper on Monday"},
    {"content": "Reads the newspapre on Sunday"},
    {"content": "Has a kayak", "importance": 9},
    {"content": "Paints the fence every spring"},
    {"content": "Paints teh fence every spring."},
    {"content": "Paints the fence every autumn"},
    {"content": "Likes rye bread"},
    {"content": "likes rye bread"},
)
SETTINGS = memproc.Settings(batch_size=3)


def interrupt(event: memproc.Event) -> None:
    """Interrupt the job after its first two batches."""
    if isinstance(event, memproc.BatchLanded) and event.progress.read >= 2 * 3:
        raise KeyboardInterrupt


def fill(store: memproc.Store, source: Path) -> None:
    """Put something into every table; of a note, the name of a kind of difference."""
    memproc.ingest(source, store)
    memproc.ingest(TYPOS, store, settings=SETTINGS)
    memproc.ingest(REJECTED, store)
    store.add({"content": "Prefers the kithcen chair", "subject": "ben"})
    store.add({"content": "Prefers the kitchen chair", "subject": "ben"})
    store.discard(store.quarantine()[-1].number, note="slip")
    first, second = store.reviews(limit=2)
    store.resolve(first, "distinct", note="slip")
    store.resolve(second, "merge", note="slip")
    store.unmerge(store.find(text="flower pot")[0].id or "", note="slip, number")
    store.forget(store.find(text="umbrella")[0].id or "", note="slip")
    store.add({"content": "Parks the car in Oak Street", "subject": "ben", "valid_to": "2020-01-01T00:00:00Z"})
    store.expire(past_valid_to=True, name="parked elsewhere")


def statements(place: str | Path) -> str:
    """Return the statements that make a store at a path or URL, in their order."""
    made: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: object) -> None:
        if statement.lstrip().startswith("CREATE "):
            made.append("\n".join(line.rstrip() for line in statement.strip().splitlines()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        memproc.open(place).close()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return "".join(f"{statement};\n" for statement in made)


def main() -> None:
    """Make the files."""
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    made = {"sqlite": statements("sqlite://")}
    made |= {"postgresql" if url.startswith("postgres") else "mysql": statements(url) for url in sys.argv[3:]}
    to_read, work = folder / "interrupted.jsonl", folder / "work.db"
    to_read.write_text("".join(json.dumps(record) + "\n" for record in INTERRUPTED))
    with memproc.open(work) as store:
        fill(store, source)
        with suppress(KeyboardInterrupt):
            memproc.ingest(to_read, store, settings=SETTINGS, on_event=interrupt)
    with closing(sqlite3.connect(work)) as database:
        ((version,),) = database.execute("SELECT schema_version FROM memproc_store")
    for name, statement in made.items():
        (folder / f"schema{version}.{name}.sql").write_text(statement)
    with memproc.open(work) as store:
        store.backup(folder / f"schema{version}.db")
        store.export(folder / f"schema{version}.jsonl", full=True)
    work.unlink()
    shutil.copy(folder / f"schema{version}.db", work)
    with memproc.open(work) as store:
        memproc.ingest(to_read, store, settings=SETTINGS, resume=True)
        store.export(folder / f"schema{version}-resumed.jsonl", full=True)
    work.unlink()


if __name__ == "__main__":
    main()
