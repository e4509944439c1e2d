"""What people decide of an open store: reviews, merges taken back, policies, forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace

from memproc.config import Verdict, limit_of, maybe_number, share_of, whole_number, whole_numbers
from memproc.dedup.decision import Decision
from memproc.dedup.meaning import AT_LEAST
from memproc.dedup.review_policy import checked_name, parse_policy
from memproc.embedding import embedder
from memproc.errors import UsageError
from memproc.records import M
from memproc.store.answers import (
    Applied,
    PolicyCount,
    Proposed,
    Review,
    Settled,
)
from memproc.store.changes.deciding import checked_verdict, decide_by_hand, resolve, unmerge, unmerge_job
from memproc.store.changes.forgetting import forget
from memproc.store.changes.policies import Order, carry_out, policies_in, withdraw_policy
from memproc.store.face.face import Face
from memproc.store.reviews.open_reviews import open_reviews
from memproc.store.reviews.proposing import Proposer
from memproc.store.reviews.settled import decisions_of_job, decisions_of_review, settled
from memproc.store.rows.decisions import WITHDRAWN, all_decisions
from memproc.store.rows.observations import require
from memproc.store.sql.tx import Tx


class Deciding(Face[M]):
    """What people decide of an open store: reviews, merges taken back, policies, forgetting."""

    def unmerge(self, identifier: str, *, note: str = "") -> tuple[Decision, ...]:
        """Hold apart what an id names (an observation, a node, or a memory's first node) from the rest of its memory, for ever.

        Return the decisions made, none where the memory has one node only; `withdraw` takes them back. Raises NotFoundError.
        """
        return self._opened.transactions.write(lambda tx: unmerge(tx, identifier, note))

    def unmerge_job(self, job: int, *, note: str = "") -> tuple[Decision, ...]:
        """Undo every merge by likeness that a job made, for ever. Exact repeats and versions stay what they are.

        Return the decisions made; `withdraw` takes them back. Raises NotFoundError.
        """
        job = whole_number("job", job)

        return self._opened.transactions.write(lambda tx: unmerge_job(tx, job, note))

    def withdraw(self, decisions: Sequence[Decision], *, note: str = "") -> None:
        """Take decisions back, whoever made them: the store is then what it would be without them."""
        withdrawn = [(replace(decision, policy=""), WITHDRAWN) for decision in decisions]  # whoever made them, a person takes back
        self._opened.transactions.write(lambda tx: decide_by_hand(tx, withdrawn, note))

    def decisions(self, identifier: str | None = None, *, review: int | None = None, job: int | None = None) -> list[Decision]:
        """Return the decisions in force: all, or those on what an id names, those on the pair of a `review`, or those by which
        `unmerge_job` undid a `job`; give one of them. `withdraw` takes them back. Raises NotFoundError.
        """
        if len([given for given in (identifier, review, job) if given is not None]) > 1:
            raise UsageError("give one of an id, a review and a job")
        review, job = maybe_number("review", review), maybe_number("job", job)

        def in_force(tx: Tx) -> list[Decision]:
            if review is not None:
                return decisions_of_review(tx, review)
            if job is not None:
                return decisions_of_job(tx, job)
            made = all_decisions(tx)
            if identifier is None:
                return made
            named = require(tx, identifier)[0].observation
            return [decision for decision in made if not {named.node, named.key}.isdisjoint(decision.keys)]

        return self._opened.transactions.read(in_force)

    def decide_all(
        self,
        policy: str,
        *,
        verdict: Verdict = "merge",
        name: str | None = None,
        note: str = "",
        limit: int | None = None,
        job: int | None = None,
        dry_run: bool = False,
    ) -> Applied:
        """Decide the open reviews that a policy means, such as "confidence >= 0.97 and kind == similar", the surest first: at most
        `limit`, with a `job` only those that it found. With `dry_run` all is done and undone.

        The decisions bear the `name` of the policy, which is what it says if none is given; `withdraw_policy` takes them back as
        one. What a person said stands: pairs that it has to do with are left to wait. Raises UsageError, with the place, on what is
        no policy.
        """
        meant = parse_policy(policy)
        order = Order(
            policy=meant,
            verdict=checked_verdict(verdict),
            name=checked_name(str(meant) if name is None else name),
            note=note,
            limit=limit_of(limit),
            job=maybe_number("job", job),
        )
        with self._opened.rehearsal() if dry_run else nullcontext():
            return carry_out(self._opened.transactions, order, self._opened.let_others_write)

    def withdraw_policy(self, name: str, *, note: str = "") -> tuple[Decision, ...]:
        """Take back, as one, all that a policy decided and nobody took back since: the store is then what it would be without it.

        Return the decisions taken back. Raises NotFoundError where there is none.
        """
        return self._opened.transactions.write(lambda tx: tuple(withdraw_policy(tx, name, note)))

    def policies(self) -> list[PolicyCount]:
        """Return the policies that decided, by name, each with how many of its decisions nobody took back."""
        return self._opened.transactions.read(policies_in)

    def reviews(self, *, limit: int | None = None, numbers: Iterable[int] | None = None) -> list[Review[M]]:
        """Return the open reviews, changes first, then the surest, of memories that are not one by now: at most `limit`; those of
        `numbers`.
        """
        most, chosen = limit_of(limit), None if numbers is None else whole_numbers(numbers)
        return self._opened.transactions.read(lambda tx: open_reviews(tx, self._to_memory, most, chosen))

    def settled_reviews(self) -> list[Settled]:
        """Return the reviews that were decided, in the order they came: `decisions(review=number)` are what was decided."""
        return self._opened.transactions.read(settled)

    def resolve(self, review: Review[M] | int, verdict: Verdict, *, note: str = "") -> Decision:
        """Decide an open review: `merge` makes both one memory, `distinct` holds them apart for ever, and with `supersedes` the
        one with the later date replaces the other, which stays as its history.

        Return the decision; `withdraw` takes it back. Raises NotFoundError where it is not open, and UsageError where nothing tells
        which is later.
        """
        checked_verdict(verdict)
        number = review.number if isinstance(review, Review) else whole_number("review", review)
        return self._opened.transactions.write(lambda tx: resolve(tx, number, verdict, note))

    def propose(self, *, at_least: float = AT_LEAST, limit: int | None = None) -> Proposed:
        """Add pairs of facts that are alike in meaning as open reviews of kind `meaning`; nothing is merged.

        Compares what came or was decided on since the last time with all of its namespace and subject, by the vectors of a small
        static model (extra `semantic`). A pair is taken where each is the nearest of the other, no cue differs, the cosine of
        their vectors is `at_least` (0..1) or more, and nobody has judged it or is asked to: the nearest first, at most `limit`;
        what is left then is found the next time. Lower than the last time, `at_least` looks at everything again. Raises UsageError
        where the extra is not installed.
        """
        least, most = share_of("at_least", at_least), limit_of(limit)
        return Proposer(self._opened.transactions, embedder()).propose(least, most)

    def forget(self, identifier: str, *, note: str = "") -> int:
        """Remove a memory: its observations with their history, what is in quarantine of its text, index and ledger.

        Only hashes stay, so that reading the same records again does not bring it back, and the note, which `trace` tells: say
        why in it, and not what. Return how many observations were removed. Raises NotFoundError.
        """

        def forgotten(tx: Tx) -> int:
            rows = require(tx, identifier)
            forget(tx, self._opened.segments, rows, note)
            tx.note_deleted()
            return len(rows)

        observations = self._opened.transactions.write(forgotten)
        self._opened.wipe()
        return observations
