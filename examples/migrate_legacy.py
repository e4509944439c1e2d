"""Bring over the notes of an old application by a mapping file, and prove that all of them arrived.

`python migrate_legacy.py OLD.db MEMORIES.db` does so for a table `notes`; the mapping file is `legacy_notes.toml` beside this one.
The exit code is 0 if every check is met. Without arguments it makes a small old store, as messy as they come.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import memproc

MAPPING = Path(__file__).with_name("legacy_notes.toml")
ROWS = (
    (1, "Prefers green tea", "ann", None, "24.12.2023", "tea, home", "4", "😀", '{"device": "phone"}', 0, "2.1"),
    (2, "Knows a caf&eacute; in Ghent", "ann", None, "2023-12-24 10:00:00", "tea;out", "five", "", "", 0, "2.1"),
    (3, "Achète du pain".encode().decode("latin-1"), None, "bob@example.org", 1703412000, '["food"]', None, "😢", "", 0, "1.0"),
    (4, "Has a cat", "NULL", None, "12/24/2023", None, 3, "", "", 0, "1.0"),
    (5, "Has a dog", "ann", None, "12/24/2023", None, 3, "", "", 1, "1.0"),  # deleted in the old application
    (6, None, "ann", None, "NULL", None, None, "", "", 0, "1.0"),
    (7, "Prefers green tea", "ann", None, "25.12.2023", "tea", "4", "😀", "", 0, "2.1"),  # once more
    (8, "Plays chess", "ann", None, "soon", None, None, "", "", 0, "2.1"),  # no date: this one will need a person
)


def migrate(old: str, memories: str) -> bool:
    """Try, migrate and verify; return whether every check is met."""
    notes = memproc.SqlTable(old, "notes")
    tried = memproc.migrate(notes, memories, mapping=MAPPING, dry_run=True)
    print("tried:", tried.report.status, "and", Path(memories).exists())
    for change in tried.changes:
        print(" ", change.told())
    done = memproc.migrate(notes, memories, mapping=MAPPING, resume=True)  # goes on where one was cut off
    report = done.report
    print(f"read {report.read} = {report.stored} + {report.duplicate} + {report.merged} + {report.quarantined}")
    print("left out:", dict(report.left_out))
    for check in done.checks:
        print("met" if check.is_met else "NOT MET", check.name)
    with memproc.open(memories) as store:
        for rejected in store.quarantine():
            print("mend:", rejected.faults[0].path, rejected.faults[0].message)
    return done.is_verified


def make_old_store(path: str) -> None:
    """Write what an application of years ago has left."""
    with closing(sqlite3.connect(path)) as old:
        names = "body, owner, email, made, labels, stars, mood, extra, deleted, version"
        old.execute(f"CREATE TABLE notes (note_id INTEGER PRIMARY KEY, {names})")
        old.executemany(f"INSERT INTO notes VALUES ({', '.join('?' * len(ROWS[0]))})", ROWS)
        old.commit()


def main(arguments: Sequence[str]) -> int:
    """Migrate the stores that are named, or a small one of its own making."""
    old, memories = arguments or ("old-notes.db", "memories.db")
    if not arguments:
        make_old_store(old)
    return 0 if migrate(old, memories) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
