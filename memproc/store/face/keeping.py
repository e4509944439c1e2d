"""Maintenance of an open store: backup, check-up, calibration, rebuild."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import IO

from memproc.config import Policy, Settings
from memproc.records import M
from memproc.store.answers import (
    Calibration,
    Finding,
)
from memproc.store.changes.calibration import calibrate, calibrated
from memproc.store.changes.rebuilding import Moved, rebuild
from memproc.store.checkup.doctor import examine
from memproc.store.face.face import Face
from memproc.store.reviews.reviewing import Reviewer
from memproc.store.sql.backup import backup
from memproc.store.sql.tx import Tx


class Keeping(Face[M]):
    """Maintenance of an open store: backup, check-up, calibration, rebuild."""

    def calibrate(self, labels: Iterable[tuple[str, str, bool]]) -> Calibration:
        """Fit the confidence of the store to labelled pairs: two ids, and whether both say the same.

        An id is that of a memory, an observation, or a record if only one record carries it. The result takes effect with the next
        `rebuild`. Raises UsageError on too few pairs, and NotFoundError on an unknown id.
        """
        pairs = list(labels)
        return self._opened.transactions.write(lambda tx: calibrate(tx, pairs, self.policy))

    def rebuild(self, *, settings: Settings | None = None) -> tuple[int, int]:
        """Compute keys, index, links and memories again from observations, decisions and settings.

        Applies the last calibration, and finds the open reviews again if the policy or `review_at` changed; otherwise it changes
        nothing. Return how many memories fewer and more there are.
        """
        changed = self.policy.changed_by(settings) if settings else {}

        def rebuilt(tx: Tx) -> tuple[Policy, Moved]:
            policy = replace(calibrated(tx, self.policy), **changed)  # type: ignore[arg-type]
            moved = rebuild(tx, self._opened.segments, policy)
            least = (settings or self.settings).review_at
            if policy != self.policy or least != self.settings.review_at:
                Reviewer(self._opened.segments, policy, least).find_again(tx)
            return policy, moved

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

    def doctor(self) -> tuple[Finding, ...]:
        """Check the whole store; return what is wrong with advice, or an empty tuple.

        Writes nothing, except that it closes jobs of processes that have ended, as opening the store does.
        """
        self._writer.close_left_jobs()
        return self._opened.transactions.read(lambda tx: examine(tx, self.schema))
