"""What a check-up may find: the severity, message and advice of each code.

Advice names a command only if it repairs the damage. What is computed from observations and decisions can be computed again;
observations themselves cannot.
"""

from __future__ import annotations

from collections import Counter, defaultdict

from memproc.store.answers import Finding, Severity

MOST_EXAMPLES = 5

_BACKUP = "take the store from its last backup (`memproc backup` makes one)"
_BACKUP_ONLY = f"{_BACKUP}: this cannot be computed again"
_REBUILD = "run `memproc rebuild DB`"


# By code: severity, message, advice. In the order of the report.
FINDINGS: dict[str, tuple[Severity, str, str]] = {
    "unreachable": (
        "error",
        "The database could not be opened or read to its end, but does not report damage: its records may be whole.",
        "resolve the error that it reports, then check again; of a file that cannot be written, check a copy",
    ),
    "unreadable": ("error", "The database reports that it is damaged, and cannot be opened or read to its end.", _BACKUP),
    "integrity": ("error", "The database itself reports that its file is damaged.", _BACKUP),
    "wal_missing": (
        "error",
        "The file with the newest commits, which ends in -wal, was removed while the store was in use, or not copied with it.",
        "close all that uses the store, restore the file or the last backup, and ingest again what was read since",
    ),
    "foreign_file": (
        "error",
        "SQLite would read a file beside the database as part of it, but it belongs to something else.",
        "move it away while nothing uses the store, then check again",
    ),
    "schema": ("error", "Tables or columns are missing.", _BACKUP),
    "older": (
        "warning",
        "The store has the tables of an older memproc, and is upgraded when it is opened. It was not checked further.",
        "dump it, if it is on a server; run another command on it, such as `memproc stats DB`, which upgrades it; then check again",
    ),
    "version": (
        "error",
        "The store has tables of a newer memproc, or of one so old that it cannot be upgraded.",
        "use the memproc that made it, or a newer one; of an older store, ingest its `export --full` into a new one",
    ),
    "values": ("error", "Values have another type, or keys another length, than their columns.", _BACKUP_ONLY),
    "settings": ("error", "The settings that the store was built with cannot be read.", _BACKUP),
    "scheme": ("error", "The keys were made by the rules of another memproc version, so they were not compared.", _REBUILD),
    "views": ("warning", "Views for people are missing.", _REBUILD),
    "indexes": ("warning", "Indexes are missing, so the store is slow.", _REBUILD),
    "counters": ("error", "The counters in the store's row are wrong, so numbers might be used again.", _REBUILD),
    "seals": (
        "error",
        "Rows are not as memproc wrote them: their seals do not match their values. They were changed by hand, or damaged.",
        _BACKUP_ONLY,
    ),
    "gaps": ("error", "Rows are missing in tables from which memproc never deletes: their numbers have gaps.", _BACKUP_ONLY),
    "unwiped": (
        "warning",
        "Forgotten or discarded data may still be in SQLite's log: a process was reading the store meanwhile.",
        "end what reads the store, then run another command on it, such as `memproc stats DB`: closing the store cuts the log",
    ),
    "records": ("error", "Records cannot be read as JSON.", _BACKUP_ONLY),
    "invalid_records": (
        "warning",
        "Records are as they were accepted, but no longer pass validation.",
        "correct them in their source, ingest them again, and run `memproc forget DB ID` on each of these; or take the last backup",
    ),
    "observation_keys": ("error", "Records are not those that were accepted: their hashes differ from their keys.", _BACKUP_ONLY),
    "keys": ("error", "Keys, lengths or dates are not what the records give.", _REBUILD),
    "typo_links": ("error", "Links from typos to the words they may stand for are missing or wrong.", _REBUILD),
    "memories": ("error", "Memories are not those that their observations and the decisions give.", _REBUILD),
    "orphaned_memories": ("error", "Memories have no observations.", _REBUILD),
    "conservation": (
        "error",
        "Records read and their outcomes do not add up: rows are missing or duplicated.",
        _BACKUP_ONLY,
    ),
    "arrival": (
        "error",
        "The arrival of observations, the confidence of a merge, or the date of a source is not what was written.",
        _BACKUP_ONLY,
    ),
    "segments": ("error", "Segments of the review index are truncated or out of order.", _REBUILD),
    "index_missing": ("error", "Facts are missing from the review index, completely or in part.", _REBUILD),
    "index_extra": ("error", "The review index has entries of observations that do not exist or are not indexed.", _REBUILD),
    "index_wrong": ("error", "The review index has wrong hashes of facts.", _REBUILD),
    "search_index": ("error", "The index that `find` asks is not what the records give, so something may not be found.", _REBUILD),
    "orphaned_reviews": ("warning", "Reviews name observations that do not exist.", _REBUILD),
    "orphaned_parts": ("warning", "There are raw bytes of rejected records that do not exist.", _REBUILD),
    "quarantine": ("error", "Rejected records have lost some of their raw bytes or faults.", _BACKUP_ONLY),
    "quarantine_texts": ("error", "Rejected records cannot be found by their texts.", _REBUILD),
    "patterns": ("warning", "The patterns of rejected records do not match their faults.", _REBUILD),
    "ledger": (
        "warning",
        "Lines of the ledger name observations that neither exist nor were forgotten.",
        "nothing depends on them; if observations are missing, take the last backup",
    ),
    "expired": ("error", "What has expired is not what the ledger tells.", _REBUILD),
    "decisions": ("error", "Decisions have unknown verdicts, or their two sides are not in order.", _BACKUP_ONLY),
    "decisions_contradict": (
        "warning",
        "Decisions contradict each other: some hold distinct what others unite. The former are in force.",
        "take one side back, for example with `memproc unmerge DB ID --undo`",
    ),
    "decisions_on_nothing": (
        "warning",
        "Decisions name keys that neither exist nor were forgotten.",
        "they wait for records that may come; `store.withdraw` takes them back",
    ),
    "jobs_missing": ("error", "The jobs of some batches do not exist, so their numbers would be used again.", _REBUILD),
    "jobs_miscounted": ("error", "Jobs have wrong counts of their batches.", _REBUILD),
    "checkpoints": (
        "error",
        "The checkpoints of unfinished jobs are not those written with their last batch.",
        "run `memproc jobs DB --cancel N` on each and ingest its files again: known records are duplicates",
    ),
    "leases": (
        "warning",
        "The leases of jobs are not those that their last batch, or their end, wrote.",
        "they only decide when another machine may continue these jobs; the next batch writes them again",
    ),
    "jobs": (
        "warning",
        "Jobs are marked as running, but their process has ended.",
        (
            "resume those of files with `memproc ingest ... --resume`, or run `memproc rebuild DB`, which marks them as "
            "interrupted; those of single records, iterables and replays are marked when the store is next opened"
        ),
    ),
}


class Findings:
    """Collects findings: the number of each, and the first examples."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._examples: dict[str, list[str]] = defaultdict(list)

    def add(self, code: str, *examples: object, count: int | None = None) -> None:
        """Add one finding per example (keys are shown as ids), or `count` if not all are given."""
        self._counts[code] += len(examples) if count is None else count
        room = MOST_EXAMPLES - len(self._examples[code])
        self._examples[code] += [one.hex() if isinstance(one, bytes) else str(one) for one in examples[:room]]

    def has(self, *codes: str) -> bool:
        """Tell whether there are findings with one of these codes."""
        return any(self._counts[code] for code in codes)

    def listed(self) -> tuple[Finding, ...]:
        """Return the findings in the order of the table."""
        return tuple(
            Finding(code, severity, message, self._counts[code], tuple(self._examples[code]), advice)
            for code, (severity, message, advice) in FINDINGS.items()
            if self._counts[code]
        )
