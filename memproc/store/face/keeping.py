"""Maintenance of an open store: retention, backup, check-up, calibration, rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

from memproc.config import Policy, Settings
from memproc.dedup.review_policy import checked_name
from memproc.errors import UsageError
from memproc.records import M
from memproc.report.ending import OnEvent
from memproc.retention import Expired, RetentionRule, checked_age, checked_rules
from memproc.store.answers import (
    Calibration,
    Finding,
)
from memproc.store.changes.calibration import calibrate, calibrated
from memproc.store.changes.expiring import expire, purge, restore, would_expire, would_purge
from memproc.store.changes.rebuilding import Moved, rebuild
from memproc.store.checkup.doctor import examine
from memproc.store.face.face import Face
from memproc.store.reviews.reviewing import Reviewer
from memproc.store.rows.expired import expired_by_name, rules_kept, write_rules
from memproc.store.sql.backup import backup
from memproc.store.sql.tx import Tx
from memproc.telling import listening


class Keeping(Face[M]):
    """Maintenance of an open store: retention, backup, check-up, calibration, rebuild."""

    def expire(
        self,
        *,
        older_than: str | None = None,
        kind: str | None = None,
        namespace: str | None = None,
        tag: str | None = None,
        past_valid_to: bool = False,
        name: str | None = None,
        dry_run: bool = False,
    ) -> Expired:
        """Let memories expire that meet all that is given, or without any of it one of the rules of the settings, else of those
        that the store keeps: `find`, iteration and exports leave them out, until they are restored, or purged.

        `older_than` is an age ("30d", "6w", "18mo", "2y") and counts from `updated_at`, else `created_at`; memories without a date
        stay and are counted. They expire under `name`, by default that of the rule. A record that comes again changes nothing;
        another record that says the same again brings its memory back. Raises UsageError where no rule is given or kept.
        """
        by_hand = self.settings.retention
        if past_valid_to or not all(value is None for value in (older_than, kind, namespace, tag)):
            rule = RetentionRule(older_than=older_than, kind=kind, namespace=namespace, tag=tag, past_valid_to=past_valid_to)
            by_hand = (rule,)
        own = None if name is None else checked_name(name)

        def expired(tx: Tx) -> Expired:
            rules = rules_kept(tx) if by_hand is None else tuple(by_hand)
            if not rules:
                raise UsageError("no rule of retention is given or kept: give an age, as in older_than='2y', or past_valid_to")
            return (would_expire if dry_run else expire)(tx, rules, own)

        return self._opened.transactions.read(expired) if dry_run else self._opened.transactions.write(expired)

    def restore_expired(self, name: str | None = None) -> Expired:
        """Bring back what has expired under a name, or all, exactly as it was. Raises NotFoundError if there is no such name."""
        return self._opened.transactions.write(lambda tx: restore(tx, name))

    def purge_expired(self, *, older_than: str, dry_run: bool = False) -> Expired:
        """Forget for good, as `forget` does, the memories that expired at least so long ago ("30d"). In a copy made from a full
        export that time begins when the copy is made.
        """
        age, opened = checked_age(older_than), self._opened
        if dry_run:
            return opened.transactions.read(lambda tx: would_purge(tx, age))
        found = purge(opened.transactions, opened.segments, age, opened.let_others_write)
        opened.wipe()
        return found

    def expired(self) -> dict[str, int]:
        """Return under which names observations have expired, with their number."""
        return self._opened.transactions.read(expired_by_name)

    def set_retention(self, rules: Iterable[RetentionRule]) -> None:
        """Keep these rules in the store, in place of those it has: `expire` without arguments applies them."""
        kept = tuple(dict.fromkeys(checked_rules(rules)))
        self._opened.transactions.write(lambda tx: write_rules(tx, kept))

    def retention(self) -> tuple[RetentionRule, ...]:
        """Return the rules of retention that the store keeps."""
        return self._opened.transactions.read(rules_kept)

    def calibrate(self, labels: Iterable[tuple[str, str, bool]]) -> Calibration:
        """Fit the confidence of the store to labelled pairs: two ids, and whether both say the same.

        An id is that of a memory, an observation, or a record if only one record carries it. The result takes effect with the next
        `rebuild`. Raises UsageError on too few pairs, and NotFoundError on an unknown id.
        """
        pairs = list(labels)
        return self._opened.transactions.write(lambda tx: calibrate(tx, pairs, self.policy))

    def rebuild(self, *, settings: Settings | None = None, on_event: OnEvent | None = None) -> tuple[int, int]:
        """Compute keys, index, links and memories again from observations, decisions and settings.

        Applies the last calibration, and finds the open reviews again if the policy or `review_at` changed; otherwise it changes
        nothing. `on_event` is called with each `Rebuilding`, `Retrying` and `Waiting`. Return how many memories fewer and more
        there are.
        """
        changed = self.policy.changed_by(settings) if settings else {}

        def rebuilt(tx: Tx) -> tuple[Policy, Moved]:
            policy = replace(calibrated(tx, self.policy), **changed)  # type: ignore[arg-type]
            moved = rebuild(tx, self._opened.segments, policy)
            least = (settings or self.settings).review_at
            if policy != self.policy or least != self.settings.review_at:
                Reviewer(self._opened.segments, policy, least).find_again(tx)
            return policy, moved

        with listening(on_event):
            self._opened.policy, moved = self._opened.transactions.write(rebuilt)
        return moved

    def backup(self, to: str | Path | IO[bytes], *, overwrite: bool = False) -> int:
        """Copy the store as it is now to a file or stream, while others may write; check the copy and return its size in bytes.

        Raises UsageError if the file exists or cannot be written, or if the database is not SQLite.
        """
        self._opened.transactions.check_open()
        try:
            return backup(self._opened.database, to, overwrite=overwrite)
        finally:
            self._opened.database.wipe()

    def doctor(self, *, quick: bool = False) -> tuple[Finding, ...]:
        """Check the whole store; return what is wrong with advice, or an empty tuple.

        Writes nothing, except that it closes jobs of processes that have ended, as opening the store does. With `quick` it reads no
        memories and writes nothing: it tells whether the store has its tables and settings, and which jobs were left.
        """
        if not quick:
            self._writer.close_left_jobs()
        return self._opened.transactions.read(lambda tx: examine(tx, self.schema, is_quick=quick))
