"""Who signed in: a token that was typed in begins a session, which the browser names by a cookie.

Rules: the cookie is a random text of which the store has a hash; no script can read it, and no other site can make a browser send
it. It goes over TLS alone, but on this machine. Each form bears a text that is made of the cookie, so that only a page of this
server can have made it.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from fastapi import Request, Response

from memproc.service.rest.callers import Caller
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import LONGEST_TOKEN, Served, served_of
from memproc.sources.rest.addresses import is_this_machine
from memproc.store.access.sessions import LASTS_SECONDS

COOKIE, FIELD, HEADER = "memproc_session", "form", "X-Form"
_OWN = ("same-origin", "none")


@dataclass(frozen=True, slots=True)
class Session:
    """A session that goes on: its secret, and who is signed in."""

    secret: str
    caller: Caller

    @property
    def form(self) -> str:
        """What each form bears."""
        return hashlib.sha256(f"form {self.secret}".encode("utf-8", "surrogatepass")).hexdigest()


async def maybe_session(request: Request) -> Session | None:
    """Return the session that a request belongs to; None where there is none, it is over, or its token may not be used now."""
    secret = request.cookies.get(COOKIE, "")
    if not secret or len(secret) > LONGEST_TOKEN:
        return None
    served = served_of(request)
    token = await served.store.threads.call(partial(served.access.token_of_session, secret))
    return None if token is None else Session(secret, served.caller_with(token))


async def sign_in(served: Served, given: str) -> Session | None:
    """Begin a session with a token, and return it; None where the token may not be used now."""
    if len(given) > LONGEST_TOKEN:
        return None
    token = await served.store.threads.call(partial(served.access.valid_token, given))
    if token is None:
        return None
    secret = await served.store.threads.call(partial(served.access.begin_session, token.number))
    return Session(secret, served.caller_with(token))


def keep(request: Request, response: Response, secret: str | None) -> None:
    """Let the browser keep the secret of a session, or with None forget it."""
    path = request.scope.get("root_path", "") or "/"
    is_secure = not is_this_machine(request.url.hostname or "")
    if secret is None:
        response.delete_cookie(COOKIE, path=path, secure=is_secure, httponly=True, samesite="strict")
    else:
        response.set_cookie(COOKIE, secret, LASTS_SECONDS, path=path, secure=is_secure, httponly=True, samesite="strict")


def check_form(session: Session, given: str | None) -> None:
    """Raise a problem unless what was sent bears what the forms of a session bear."""
    if not hmac.compare_digest(session.form.encode(), (given or "").encode("utf-8", "surrogatepass")):
        raise ProblemError(403, "form-foreign", "this form was not made for you, or before you signed in: open its page again")


def check_origin(request: Request) -> None:
    """Raise a problem if a browser says that a page of another site sent this."""
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    is_own = site in _OWN if site is not None else origin is None or urlsplit(origin).netloc == request.headers.get("host")
    if not is_own:
        raise ProblemError(403, "form-foreign", "a page of another site sent this: open the page of this server, and send it there")
