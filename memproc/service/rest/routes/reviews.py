"""Pairs that wait for a decision."""

from __future__ import annotations

from fastapi import Request

from memproc.service.given import Decide, Limit, Number, NumberCursor
from memproc.service.rest.callers import Caller, review_of, reviews_of
from memproc.service.rest.guard import needs, router
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import DecisionTold, MemoryTold, ReviewPage, ReviewTold
from memproc.store.store import Store

routes = router()


@routes.get("/api/v1/reviews", **needs(Scope.REVIEWS_READ))
async def reviews(request: Request, limit: Limit = 50, cursor: NumberCursor | None = None) -> ReviewPage:
    """List the pairs that may say the same, by number."""
    return await served_of(request).call(_reviews, caller_of(request), limit, int(cursor or 0))


def _reviews(store: Store, caller: Caller, limit: int, after: int) -> ReviewPage:
    waiting = reviews_of(store, caller, after, limit + 1)
    page = [*map(ReviewTold.of, waiting[:limit])]
    return ReviewPage(reviews=page, cursor=str(page[-1].number) if len(waiting) > limit else None)


@routes.get("/api/v1/reviews/{number}", **needs(Scope.REVIEWS_READ))
async def review(request: Request, number: Number) -> ReviewTold:
    """Read one pair that waits."""
    return ReviewTold.of(await served_of(request).call(review_of, caller_of(request), number))


@routes.post("/api/v1/reviews/{number}/decision", **needs(Scope.REVIEWS_DECIDE))
async def decide(request: Request, number: Number, asked: Decide) -> DecisionTold:
    """Decide a pair: both say the same, or not, or the later one replaces the other."""
    return await served_of(request).call(_decide, caller_of(request), number, asked)


def _decide(store: Store, caller: Caller, number: int, asked: Decide) -> DecisionTold:
    found = review_of(store, caller, number)
    store.resolve(number, asked.verdict, note=asked.note)
    memory = store.get(str(found.one.id))
    return DecisionTold(decisions=1, memory=MemoryTold.of_any(memory))
