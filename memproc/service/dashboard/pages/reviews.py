"""Pairs that wait for a decision, side by side, one after the other; and taking decisions back, the last one first."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel, Field

from memproc.errors import NotFoundError
from memproc.service.dashboard.forms import form_of, made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page, to
from memproc.service.given import Decide, Note, Number
from memproc.service.rest.callers import Caller, memory_of
from memproc.service.rest.routes import reviews as asked
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope
from memproc.store.store import Store

MOST_COUNTED, MOST_UNDONE = 50, 20
routes = pages()


class _Place(BaseModel):
    """Where somebody is: behind a pair, and which decisions they can take back, the last one first."""

    after: int = Field(0, ge=0, lt=2**53)
    undo: str = Field("", pattern=r"^([1-9][0-9]{0,14}(,[1-9][0-9]{0,14}){0,19})?$")

    def behind(self, number: int) -> str:
        """Return the address of what follows when the pair of a number is decided."""
        undo = [str(number), *filter(None, self.undo.split(","))][:MOST_UNDONE]
        return f"/reviews?after={number}&undo={','.join(undo)}"

    def before(self) -> str:
        """Return the address of the pair whose decision was taken back."""
        first, _, rest = self.undo.partition(",")
        return f"/reviews?after={max(0, int(first or 1) - 1)}&undo={rest}&did=undo"


class _Note(BaseModel):
    """Why a decision is taken back."""

    note: Note = ""


@routes.get("/reviews", **shows(Scope.REVIEWS_READ))
async def reviews(request: Request) -> Response:
    """Show the next pair that waits."""
    place = made(_Place, request.query_params)
    found = await asked.reviews(request, MOST_COUNTED, str(place.after) if place.after else None)
    is_more = found.cursor is not None
    begins = bool(place.after) and not found.reviews and bool((await asked.reviews(request, 1, None)).reviews)
    first = found.reviews[0] if found.reviews else None
    waiting = len(found.reviews)
    return page(request, "reviews", pair=first, waiting=waiting, is_more=is_more, place=place, begins=begins)


@routes.post("/reviews/{number}/decision", **shows(Scope.REVIEWS_DECIDE))
async def decide(request: Request, number: Number) -> Response:
    """Decide a pair, and go on to the next one."""
    fields = await form_of(request)
    await asked.decide(request, number, made(Decide, fields))
    return to(request, made(_Place, fields).behind(number))


@routes.post("/reviews/{number}/undo", **shows(Scope.REVIEWS_DECIDE))
async def undo(request: Request, number: Number) -> Response:
    """Take the decision on a pair back, and show the pair again."""
    fields = await form_of(request)
    await served_of(request).call(_withdrawn, caller_of(request), number, made(_Note, fields).note)
    return to(request, made(_Place, fields).before())


def _withdrawn(store: Store, caller: Caller, number: int, note: str) -> None:
    try:
        taken = [one for one in store.decisions(review=number) if not one.policy]
        for one in taken:
            memory_of(store, caller, one.a.hex())
    except NotFoundError:
        taken = []
    if not taken:
        raise NotFoundError(f"there is no decision on review {number} here that can be taken back")
    store.withdraw(taken, note=note)
