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
        "The database could not be opened or read to its end, and does not say that it is damaged: its records may be well.",
        "mind what it says, then check again; to look at a file that cannot be written, check a copy of it",
    ),
    "unreadable": ("error", "The database says that it is damaged, and cannot be opened or read to its end.", _BACKUP),
    "integrity": ("error", "The database itself says that its file is damaged.", _BACKUP),
    "wal_missing": (
        "error",
        "The file with the newest commits, which ends in -wal, was removed while the store was in use, or not copied with it.",
        "close all that uses the store, bring the file back or take the last backup, and take in again what was read since",
    ),
    "foreign_file": (
        "error",
        "A file beside the database, which SQLite takes for a part of it, is none.",
        "move it away while nothing uses the store, then check again",
    ),
    "schema": ("error", "Tables or columns are missing.", _BACKUP),
    "older": (
        "warning",
        "The store has the tables of an older memproc, and this one upgrades it when it opens it. It was not checked further.",
        "dump it, if it is on a server; run any other command on it, as `memproc stats DB`, which upgrades it; then check again",
    ),
    "version": (
        "error",
        "The store has tables of a newer memproc, or of one so old that it cannot be upgraded.",
        "use the memproc that made it, or a newer one; of an older store, ingest its `export --full` into a new one",
    ),
    "values": ("error", "Values are of another kind, or keys of another length, than their columns hold.", _BACKUP_ONLY),
    "settings": ("error", "What the store was built with cannot be read.", _BACKUP),
    "scheme": ("error", "The keys were made by rules of another memproc, so they were not compared.", _REBUILD),
    "views": ("warning", "Views for people are missing.", _REBUILD),
    "indexes": ("warning", "Indexes are missing, so the store is slow.", _REBUILD),
    "counters": ("error", "The counters in the store's row are not what was counted, so numbers might be given again.", _REBUILD),
    "seals": (
        "error",
        "Rows are not what memproc wrote: their seal is not that of their values. They were changed by hand, or damaged.",
        _BACKUP_ONLY,
    ),
    "gaps": ("error", "Rows are missing in tables of which none is ever deleted: their numbers have a gap.", _BACKUP_ONLY),
    "unwiped": (
        "warning",
        "What was forgotten or discarded may still lie in SQLite's log: somebody was reading the store meanwhile.",
        "end what reads the store, then run any other command on it, such as `memproc stats DB`: who closes it cuts the log",
    ),
    "records": ("error", "Records cannot be read as JSON.", _BACKUP_ONLY),
    "invalid_records": (
        "warning",
        "Records are as they were accepted, and do not pass validation any more.",
        "mend them in their source, take them in again, and run `memproc forget DB ID` on each of these; or take the last backup",
    ),
    "observation_keys": ("error", "Records are not those that were accepted: their hash is another than their key.", _BACKUP_ONLY),
    "keys": ("error", "Keys, lengths or dates are not what the records give.", _REBUILD),
    "typo_links": ("error", "Links from typos to what they may stand for are missing, or too many.", _REBUILD),
    "memories": ("error", "Memories are not what their observations and the decisions give.", _REBUILD),
    "orphaned_memories": ("error", "Memories are there that no observation is in.", _REBUILD),
    "conservation": (
        "error",
        "Records read and what became of them do not add up: rows are missing, or there twice.",
        _BACKUP_ONLY,
    ),
    "arrival": (
        "error",
        "When and how observations came, how sure a merge was, or the date of a source, is not what was written.",
        _BACKUP_ONLY,
    ),
    "segments": ("error", "Segments of the review index cannot be read: cut off, or out of order.", _REBUILD),
    "index_missing": ("error", "Facts are missing in the review index, wholly or in part.", _REBUILD),
    "index_extra": ("error", "The review index names observations that are not there, or that it should not hold.", _REBUILD),
    "index_wrong": ("error", "The review index holds other hashes of facts than their texts give.", _REBUILD),
    "orphaned_reviews": ("warning", "Reviews name observations that are not there.", _REBUILD),
    "orphaned_parts": ("warning", "Raw bytes are kept of rejected records that are not there.", _REBUILD),
    "quarantine": ("error", "Rejected records have lost some of their raw bytes or faults.", _BACKUP_ONLY),
    "quarantine_texts": ("error", "Rejected records are not found by the texts that they hold.", _REBUILD),
    "patterns": ("warning", "Rejected records are not grouped by what their faults give.", _REBUILD),
    "ledger": (
        "warning",
        "Lines of the ledger name observations that are neither there nor forgotten.",
        "nothing depends on them; if observations are missing, take the last backup",
    ),
    "decisions": ("error", "Decisions have no verdict that is known, or their two sides are not in order.", _BACKUP_ONLY),
    "decisions_contradict": (
        "warning",
        "Things are held distinct that other decisions make one: what holds them distinct has won.",
        "take one side back, for example with `memproc unmerge DB ID --undo`",
    ),
    "decisions_on_nothing": (
        "warning",
        "Decisions name what is neither there nor forgotten.",
        "they wait for records that may come; `store.withdraw` takes them back",
    ),
    "jobs_missing": ("error", "Jobs that batches belong to are not there, so their numbers would be given again.", _REBUILD),
    "jobs_miscounted": ("error", "Jobs say that other numbers of batches landed than there are.", _REBUILD),
    "checkpoints": (
        "error",
        "Where unfinished jobs go on is not what was written with their last batch.",
        "run `memproc jobs DB --cancel N` on each and take in its files anew: what is known is duplicate",
    ),
    "leases": (
        "warning",
        "How long jobs are held for their process is not what their last batch, or their end, wrote.",
        "nothing depends on it but when another machine may go on with them; their next batch writes it anew",
    ),
    "jobs": (
        "warning",
        "Jobs are marked as running, and their process is gone.",
        (
            "go on with those of files by `memproc ingest ... --resume`, or run `memproc rebuild DB`, which marks them as "
            "interrupted; those of single records, of iterables and of replays are marked so as the store is next opened"
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
