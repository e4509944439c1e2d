"""A script for every night: read what is new in an application's table, let what is old expire, write a report, check the store.

`python nightly.py APPLICATION.db MEMORIES.db REPORT.html` does so, and ends with 0 if all is well, with 1 if a person should look
(the text says why), with 2 if it could not run. Without arguments it makes the table of a small application and has two nights.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

import memproc

WELL, LOOK, COULD_NOT = 0, 1, 2
SETTINGS = memproc.Settings(
    max_seconds=4 * 3600,  # stop before the day begins; the next night goes on there
    max_errors=0.05,  # more than one bad record in twenty: something has changed in the application
    retention=(memproc.RetentionRule(older_than="2y", kind="message"), memproc.RetentionRule(past_valid_to=True)),
)
MAPPING = {"content": "body", "namespace": "owner"}


def night(application: str, memories: str, report_file: str) -> int:
    """Do the work of a night; return the exit code."""
    notes = memproc.SqlTable(application, "notes", cursor="updated_at")  # only what is new since the last night
    with memproc.open(memories, settings=SETTINGS) as store:
        report = memproc.ingest(notes, store, source="app", mapping=MAPPING)
        expired = store.expire()
        if report.job is not None:
            store.report(report.job).write(report_file)
        findings = store.doctor(quick=True)
    print(f"read {report.read}: stored {report.stored}, merged {report.merged}, quarantined {report.quarantined}")
    print(f"expired {expired.memories}")
    reasons = [f"the ingestion ended as {report.status}"] if report.status != "done" else []
    reasons += [f"rejected records wait: memproc quarantine {memories}"] if report.quarantined else []
    reasons += [f"{finding.message}: {finding.advice}" for finding in findings]
    for reason in reasons:
        print("look:", reason)
    return LOOK if reasons else WELL


def main(arguments: Sequence[str]) -> int:
    """Have a night, or two of an application of its own making."""
    try:
        if arguments:
            application, memories, report_file = arguments
            return night(application, memories, report_file)
        return two_nights()
    except (ValueError, OSError, memproc.errors.MemprocError) as error:
        print(f"nothing was done: {error}", file=sys.stderr)
        return COULD_NOT


def two_nights() -> int:
    """Make an application, have a night, change something, have another one."""
    app = sqlite3.connect("application.db")
    app.execute("CREATE TABLE notes (id INTEGER PRIMARY KEY, owner TEXT, body TEXT, kind TEXT, updated_at TEXT)")
    rows = [(at, "ann", f"Has read {at} books", "fact", f"2025-05-{at:02}T20:00:00Z") for at in range(1, 29)]
    app.executemany("INSERT INTO notes VALUES (?, ?, ?, ?, ?)", rows)
    app.execute("INSERT INTO notes VALUES (29, 'ann', 'See you at the station!', 'message', '2021-05-29T20:00:00Z')")
    app.commit()
    first = night("application.db", "memories.db", "report.html")
    print("exit code", first, "and a report:", Path("report.html").exists())

    app.execute("UPDATE notes SET body = 'Has read no book at all', updated_at = '2025-06-01T20:00:00Z' WHERE id = 28")
    app.execute("INSERT INTO notes VALUES (30, 'ann', NULL, 'fact', '2025-06-01T20:00:00Z')")
    app.commit()
    app.close()
    second = night("application.db", "memories.db", "report.html")
    print("exit code", second)
    return WELL if (first, second) == (WELL, LOOK) else LOOK


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
