"""What an application that serves a store has: the store, who may ask, and the books."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Concatenate, ParamSpec, TypeVar

from fastapi import Request

from memproc.asynchronous.store import AsyncStore
from memproc.service.rest.books import Books
from memproc.service.rest.callers import Caller
from memproc.service.rest.openid import Provider
from memproc.service.rest.problems import ProblemError
from memproc.service.serving import Serving
from memproc.store.access.access import Access
from memproc.store.access.calls import Window
from memproc.store.access.tokens import Token
from memproc.store.jobs.owners import Owner
from memproc.store.store import Store, access_of

P = ParamSpec("P")
Result = TypeVar("Result")
_BEARER = "bearer "
LONGEST_TOKEN = 8_192
_UNKNOWN = "give a token that is valid, as in `Authorization: Bearer memproc_...`: `memproc token create DB` makes one"


class Served:
    """A store that is served, for one loop of events. All that asks the store is done in threads, so that the loop goes on."""

    def __init__(self, store: AsyncStore[Any], serving: Serving) -> None:
        self.store, self.serving = store, serving
        self.access: Access = access_of(store.opened)
        self.books = Books(self.access, store.threads)
        self.provider = None if serving.openid is None else Provider(serving.openid, serving)
        self.owner = Owner.of_new_run()
        self.is_ending = False
        self.streams: Counter[str] = Counter()  # how many jobs who follows

    async def call(self, work: Callable[Concatenate[Store[Any], P], Result], *arguments: P.args, **named: P.kwargs) -> Result:
        """Call a function with the store in a thread, and return what it gives."""
        return await self.store.threads.call(partial(work, self.store.opened, *arguments, **named))

    async def caller(self, request: Request) -> Caller:
        """Return who calls. Raises a problem where nobody is known to."""
        given = request.headers.get("authorization", "")
        secret = given[len(_BEARER) :].strip()
        if not given.lower().startswith(_BEARER) or not secret or len(secret) > LONGEST_TOKEN:
            raise ProblemError(401, "token-missing", f"no token was given: {_UNKNOWN}", headers={"WWW-Authenticate": "Bearer"})
        found = await self.store.threads.call(partial(self._caller_of, secret))
        if found is None:
            wrong = {"WWW-Authenticate": 'Bearer error="invalid_token"'}
            raise ProblemError(401, "token-invalid", f"this token is not known, is over or was revoked: {_UNKNOWN}", headers=wrong)
        return found

    def _caller_of(self, secret: str) -> Caller | None:
        if self.provider is not None and secret.count(".") == 2:  # noqa: PLR2004 - the dots of a signed token
            return self.provider.caller(secret)
        token = self.access.valid_token(secret)
        return None if token is None else self.caller_with(token)

    def caller_with(self, token: Token) -> Caller:
        """Return who calls with a token that is valid."""
        return Caller(
            who=f"{token.number} {token.name}",
            namespaces=token.namespaces,
            scopes=frozenset(token.scopes),
            per_minute=token.per_minute or self.serving.per_minute,
            per_day=token.per_day or self.serving.per_day,
        )

    async def learn(self, windows: Sequence[Window]) -> None:
        """Read the counts of windows that are not known."""
        missing = [one for one in windows if not self.books.knows(one)]
        if missing:
            self.books.learn(await self.store.threads.call(partial(self.access.counts, missing)))


def served_of(request: Request) -> Served:
    """Return what the application of a request has."""
    served: Served = request.app.state.served
    return served


def caller_of(request: Request) -> Caller:
    """Return who calls, as was found out before the route was asked."""
    caller: Caller = request.scope["memproc.caller"]
    return caller
