"""What keeps an open store well: backup, check-up, calibration, rebuild."""

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
from memproc.store.reviews.looking import Reviewer
from memproc.store.sql.backup import backup
from memproc.store.sql.tx import Tx


class Keeping(Face[M]):
    """What keeps an open store well: backup, check-up, calibration, rebuild."""

    def calibrate(self, labels: Iterable[tuple[str, str, bool]]) -> Calibration:
        """Fit the confidence in pairs that differ to labelled pairs: two ids, and whether both say the same.

        An id is that of a memory, of an observation, or one that a single record carries. What was found takes effect with the
        next `rebuild`. Raises UsageError on too few pairs, and NotFoundError on an id that names nothing.
        """
        pairs = list(labels)
        return self._opened.transactions.write(lambda tx: calibrate(tx, pairs, self.policy))

    def rebuild(self, *, settings: Settings | None = None) -> tuple[int, int]:
        """Compute keys, index, links and memories again from observations, decisions and settings.

        What `calibrate` found takes effect, and the reviews that are open are found anew where the policy or `review_at` changed.
        Without that this changes nothing. Return how many memories fewer and more there are.
        """
        changed = self.policy.changed_by(settings) if settings else {}

        def rebuilt(tx: Tx) -> tuple[Policy, Moved]:
            policy = replace(calibrated(tx, self.policy), **changed)  # type: ignore[arg-type]
            moved = rebuild(tx, self._opened.segments, policy)
            least = (settings or self.settings).review_at
            if policy != self.policy or least != self.settings.review_at:
                Reviewer(self._opened.segments, policy, least).look_again(tx)
            return policy, moved

        self._opened.policy, moved = self._opened.transactions.write(rebuilt)
        return moved

    def backup(self, to: str | Path | IO[bytes], *, overwrite: bool = False) -> int:
        """Copy the store to a file or stream as it is now, while others go on writing; return the bytes of the copy, which was
        checked.

        Raises UsageError where the file is there or cannot be written, or where the database is not SQLite.
        """
        self._opened.transactions.check_open()
        try:
            return backup(self._opened.database, to, overwrite=overwrite)
        finally:
            self._opened.database.wipe()

    def doctor(self) -> tuple[Finding, ...]:
        """Check the whole store, and return what is wrong and what mends it: nothing where it is whole.

        Nothing is written, but that jobs of processes that ended meanwhile are closed as they would be by the next opening.
        """
        self._writer.close_left_jobs()
        return self._opened.transactions.read(lambda tx: examine(tx, self.schema))
