"""Pairs that wait for a decision, side by side, one after the other; and taking decisions back, the last one first."""

from __future__ import annotations

from fastapi import Request, Response
from pydantic import BaseModel, Field

from memproc.service.dashboard.forms import form_of, made
from memproc.service.dashboard.guard import pages, shows
from memproc.service.dashboard.rendering import page, to
from memproc.service.given import Decide, Note, Number
from memproc.service.rest.deciding import ManyVerdict, decide_many, withdraw, withdraw_many
from memproc.service.rest.routes import reviews as asked
from memproc.service.rest.served import caller_of, served_of
from memproc.service.scopes import Scope

MOST_COUNTED, MOST_UNDONE = 50, 20
_MANY = "m"
routes = pages()


class _Place(BaseModel):
    """Where somebody is: behind a pair, and which decisions they can take back, the last one first; what was decided together bears
    a mark.
    """

    after: int = Field(0, ge=0, lt=2**53)
    undo: str = Field("", pattern=r"^(m?[1-9][0-9]{0,14}(,m?[1-9][0-9]{0,14}){0,19})?$")

    @property
    def last(self) -> str:
        """The number of the pair that was decided last."""
        return self.undo.partition(",")[0].removeprefix(_MANY)

    def behind(self, decided: str) -> str:
        """Return the address of what follows when a pair is decided, or some with it."""
        number = decided.removeprefix(_MANY)
        undo = [decided, *filter(None, self.undo.split(","))][:MOST_UNDONE]
        return f"/reviews?after={number}&undo={','.join(undo)}"

    def before(self) -> str:
        """Return the address of the pair whose decision was taken back."""
        rest = self.undo.partition(",")[2]
        return f"/reviews?after={max(0, int(self.last or 1) - 1)}&undo={rest}&did=undo"


class _Many(BaseModel):
    """How a pair and those like it are decided, and why."""

    verdict: ManyVerdict
    note: Note = ""


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
    return to(request, made(_Place, fields).behind(str(number)))


@routes.post("/reviews/{number}/undo", **shows(Scope.REVIEWS_DECIDE))
async def undo(request: Request, number: Number) -> Response:
    """Take the decision on a pair back, and show the pair again."""
    fields = await form_of(request)
    place = made(_Place, fields)
    verb = withdraw_many if place.undo.startswith(_MANY) else withdraw
    await served_of(request).call(verb, caller_of(request), number, made(_Note, fields).note)
    return to(request, place.before())


@routes.get("/reviews/{number}/many", **shows(Scope.REVIEWS_DECIDE))
async def ask(request: Request, number: Number) -> Response:
    """Ask whether a pair and those like it are to be decided at once."""
    which = made(_Many, request.query_params)
    many = await served_of(request).call(decide_many, caller_of(request), number, which.verdict, None)
    return page(request, "many", number=number, many=many, place=made(_Place, request.query_params))


@routes.post("/reviews/{number}/many", **shows(Scope.REVIEWS_DECIDE))
async def decide_all(request: Request, number: Number) -> Response:
    """Decide a pair and those like it."""
    fields = await form_of(request)
    which = made(_Many, fields)
    await served_of(request).call(decide_many, caller_of(request), number, which.verdict, which.note)
    return to(request, made(_Place, fields).behind(f"{_MANY}{number}"))
