"""Decisions on an open store: reviews, undoing merges, policies, forgetting."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import overload

from memproc.arguments import limit_of, maybe_number, share_of, whole_number, whole_numbers
from memproc.config import Verdict
from memproc.dedup.decision import Decision
from memproc.dedup.meaning import AT_LEAST
from memproc.dedup.review_policy import checked_name, parse_policy
from memproc.embedding import embedder
from memproc.errors import UsageError
from memproc.intake import required_name
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
from memproc.store.changes.forgetting_people import Forgotten, forget_whom
from memproc.store.changes.policies import Order, carry_out, policies_in, withdraw_policy
from memproc.store.face.face import Face
from memproc.store.reviews.open_reviews import WantedReviews, open_reviews
from memproc.store.reviews.proposing import Proposer
from memproc.store.reviews.settled import decisions_of_job, decisions_of_review, settled
from memproc.store.rows.decisions import WITHDRAWN, all_decisions
from memproc.store.rows.observations import require
from memproc.store.sql.tx import Tx


class Deciding(Face[M]):
    """Decisions on an open store: reviews, undoing merges, policies, forgetting."""

    def unmerge(self, identifier: str, *, note: str = "") -> tuple[Decision, ...]:
        """Separate what an id names (an observation, a node, or a memory's first node) from the rest of its memory, permanently.

        Return the decisions made, none if the memory has one node only; `withdraw` takes them back. Raises NotFoundError.
        """
        return self._opened.transactions.write(lambda tx: unmerge(tx, identifier, note))

    def unmerge_job(self, job: int, *, note: str = "") -> tuple[Decision, ...]:
        """Undo every merge by likeness that a job made, permanently. Exact duplicates and versions stay.

        Return the decisions made; `withdraw` takes them back. Raises NotFoundError.
        """
        job = whole_number("job", job)
        return self._opened.transactions.write(lambda tx: unmerge_job(tx, job, note))

    def withdraw(self, decisions: Sequence[Decision], *, note: str = "") -> None:
        """Take decisions of persons or policies back: the store becomes what it would be without them."""
        withdrawn = [(replace(decision, policy=""), WITHDRAWN) for decision in decisions]  # even of policies
        self._opened.transactions.write(lambda tx: decide_by_hand(tx, withdrawn, note))

    def decisions(self, identifier: str | None = None, *, review: int | None = None, job: int | None = None) -> list[Decision]:
        """Return the decisions in force: all, or those on what an id names, on the pair of a `review`, or those by which
        `unmerge_job` undid a `job`. Raises NotFoundError, and UsageError if more than one argument is given.
        """
        if sum(argument is not None for argument in (identifier, review, job)) > 1:
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
        """Decide the open reviews that match a policy, such as "confidence >= 0.97 and kind == similar", the highest confidence
        first, at most `limit`; with a `job` only those that it found. `dry_run` rolls everything back.

        The decisions carry the `name` of the policy, by default its text, and `withdraw_policy` takes them back together. Pairs
        that a person's decision concerns stay open. Raises UsageError, with the place, if the text is not a policy.
        """
        parsed = parse_policy(policy)
        order = Order(
            policy=parsed,
            verdict=checked_verdict(verdict),
            name=checked_name(str(parsed) if name is None else name),
            note=note,
            limit=limit_of(limit),
            job=maybe_number("job", job),
        )
        with self._opened.rehearsal() if dry_run else nullcontext():
            return carry_out(self._opened.transactions, order, self._opened.let_others_write)

    def withdraw_policy(self, name: str, *, note: str = "") -> tuple[Decision, ...]:
        """Take back all decisions of a policy that are not taken back yet, and return them: the store becomes what it would be
        without the policy. Raises NotFoundError if there are none.
        """
        return self._opened.transactions.write(lambda tx: tuple(withdraw_policy(tx, name, note)))

    def policies(self) -> list[PolicyCount]:
        """Return the policies that decided, by name, with the number of their decisions that were not taken back."""
        return self._opened.transactions.read(policies_in)

    def reviews(
        self,
        *,
        limit: int | None = None,
        numbers: Iterable[int] | None = None,
        after: int | None = None,
        namespace: str | None = None,
    ) -> list[Review[M]]:
        """Return the open reviews whose memories are still separate, changes first, then by confidence: at most `limit`, or those
        with these `numbers`, and only those of a `namespace` if one is given.

        With `after` they come by number, page by page: it is that of the last review of the page before, 0 to begin. No more are
        read than the page takes, and what others write meanwhile shifts nothing.
        """
        wanted = WantedReviews(
            limit_of(limit),
            None if numbers is None else whole_numbers(numbers),
            None if after is None else whole_number("after", after, least=0),
            required_name(namespace, "namespace"),
        )
        return self._opened.transactions.read(lambda tx: open_reviews(tx, self._to_memory, wanted))

    def settled_reviews(self) -> list[Settled]:
        """Return the decided reviews in the order they came; `decisions(review=number)` returns their decisions."""
        return self._opened.transactions.read(settled)

    def resolve(self, review: Review[M] | int, verdict: Verdict, *, note: str = "") -> Decision:
        """Decide an open review: `merge` makes both one memory, `distinct` keeps them separate permanently, and with `supersedes`
        the memory with the later date replaces the other, which becomes its history.

        Return the decision; `withdraw` takes it back. Raises NotFoundError if the review is not open, and UsageError if
        `supersedes` lacks a later date.
        """
        checked_verdict(verdict)
        number = review.number if isinstance(review, Review) else whole_number("review", review)
        return self._opened.transactions.write(lambda tx: resolve(tx, number, verdict, note))

    def propose(self, *, at_least: float = AT_LEAST, limit: int | None = None) -> Proposed:
        """Add pairs of facts with similar meaning as open reviews of kind `meaning`; merges nothing.

        Compares facts that are new or were decided on since the last call with all facts of their namespace and subject, by the
        vectors of a small static model (extra `semantic`). Proposes pairs that are each other's nearest, with no different cue, a
        cosine of `at_least` (0..1) or more, and no review yet: the nearest first, at most `limit`; the next call finds the rest. A
        lower `at_least` than the last time compares everything again. Raises UsageError if the extra is not installed.
        """
        least, most = share_of("at_least", at_least), limit_of(limit)
        return Proposer(self._opened.transactions, embedder()).propose(least, most)

    @overload
    def forget(self, identifier: str, *, note: str = "") -> int: ...

    @overload
    def forget(
        self, *, namespace: str | None = None, subject: str | None = None, note: str = "", dry_run: bool = False
    ) -> Forgotten: ...

    def forget(
        self,
        identifier: str | None = None,
        *,
        namespace: str | None = None,
        subject: str | None = None,
        note: str = "",
        dry_run: bool = False,
    ) -> int | Forgotten:
        """Remove a memory: its observations with their history, and its text from quarantine, index and ledger; or all of a
        `namespace`, of a `subject`, or of a subject within a namespace, also what is rejected of it.

        Only hashes stay, so that ingesting the same records again does not restore it, and the note, which `trace` shows: say why
        in it, not what. Return the number of observations removed, or the receipt, also of a `dry_run`, which removes nothing.
        Raises NotFoundError, and UsageError unless it is told what to forget, also where a namespace or subject is blank.
        """
        given = {"namespace": namespace, "subject": subject}
        whom = {name: cleaned for name, value in given.items() if (cleaned := required_name(value, name)) is not None}
        if (identifier is None) != bool(whom) or (identifier is not None and dry_run):
            raise UsageError("forget takes the id of a memory, or a namespace, a subject or both, which may be tried with dry_run")
        segments = self._opened.segments

        def forgotten(tx: Tx) -> int | Forgotten:
            if identifier is None:
                removed: int | Forgotten = forget_whom(tx, segments, whom, note)
            else:
                rows = require(tx, identifier)
                forget(tx, segments, rows, note)
                removed = len(rows)
            tx.note_deleted()
            return removed

        with self._opened.rehearsal() if dry_run else nullcontext():
            found = self._opened.transactions.write(forgotten)
        self._opened.wipe()
        return replace(found, is_trial=dry_run) if isinstance(found, Forgotten) else found
