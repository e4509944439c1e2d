"""Pages as HTML, by templates of Jinja2 that escape what they are given.

Rules: the policy of a page allows the files of this package, and nothing else: no script or style within it, no request elsewhere.
What came from records stands in elements that isolate its direction of writing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import lru_cache
from importlib.resources import files
from typing import Any

from fastapi import Request
from jinja2 import ChoiceLoader, Environment, FunctionLoader, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse, RedirectResponse, Response

from memproc import __version__
from memproc.report.pages.charts import drawn
from memproc.report.pages.html import template
from memproc.report.pages.parts import shown
from memproc.service.dashboard.sections import sections_of
from memproc.service.dashboard.sessions import Session
from memproc.service.dashboard.words import differing, moment, pretty, span

_FILES = {"dashboard.css": "text/css", "dashboard.js": "text/javascript", "icon.svg": "image/svg+xml", "report.css": "text/css"}
_OWN = ("style-src", "script-src", "img-src", "connect-src", "form-action")
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; "
    + "; ".join(f"{name} 'self'" for name in _OWN)
    + "; base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
}
DONE = {
    "submit": "The job waits for a worker.",
    "upload": "The file is here: submit a job that reads it.",
    "pause": "The job pauses; one that runs ends its batch first.",
    "resume": "The job goes on behind its last batch.",
    "hold": "The job is held: no worker takes it until it is released.",
    "release": "Workers may have the job now.",
    "retry": "The job runs again, behind its last batch.",
    "cancel": "The job is cancelled; what it has stored stays.",
    "replay": "The record was accepted.",
    "discard": "The record is closed, and its bytes are deleted.",
    "undo": "The decision is taken back.",
}
_FOR_EVER = "public, max-age=31536000, immutable"  # the address of a file names its version


@lru_cache(maxsize=1)
def environment() -> Environment:
    """Return what makes pages of templates."""
    own = PackageLoader("memproc.service.dashboard", "templates")
    reports = FunctionLoader(lambda name: template(name) if name == "parts.html" else None)
    made = Environment(
        loader=ChoiceLoader([own, reports]), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters.update(shown=shown, moment=moment, span=span, pretty=pretty)
    made.globals.update(drawn=drawn, differing=differing, version=__version__)
    return made


@lru_cache(maxsize=len(_FILES))
def static(name: str) -> tuple[bytes, str]:
    """Return the bytes of a file of the pages, and its type. Raises KeyError."""
    kind = _FILES[name]
    data = (
        template(name).encode()
        if name == "report.css"
        else files("memproc.service.dashboard").joinpath("static", name).read_bytes()
    )
    return data, kind


def file_response(name: str) -> Response | None:
    """Return a file of the pages as an answer; None where there is none of that name."""
    if name not in _FILES:
        return None
    data, kind = static(name)
    return Response(data, media_type=f"{kind}; charset=utf-8", headers={**HEADERS, "Cache-Control": _FOR_EVER})


def _file(root: str, name: str) -> str:
    return f"{root}/static/{name}?{hashlib.sha256(static(name)[0]).hexdigest()[:12]}"


def _context(request: Request, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    session: Session | None = request.scope.get("memproc.session")
    root = request.scope.get("root_path", "")
    known = {
        "root": root,
        "file": lambda file: _file(root, file),
        "session": session,
        "may": (lambda scope: session is not None and scope in session.caller.scopes),
        "sections": () if session is None else sections_of(session.caller),
        "section": name,
        "here": request.url.path.removeprefix(root),
        "did": DONE.get(request.query_params.get("did", ""), ""),
        "live": "",
    }
    return {**known, **values}


def page(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    """Return a page by the name of its template, with what is shown."""
    html = environment().get_template(f"{name}.html").render(_context(request, name, values))
    return HTMLResponse(html, status, dict(HEADERS))


def part(request: Request, name: str, **values: Any) -> str:
    """Return the part of a page that changes while it is looked at."""
    found = environment().get_template(f"{name}.html")
    return "".join(found.blocks["live"](found.new_context(_context(request, name, values))))


def to(request: Request, path: str) -> Response:
    """Return what leads a browser to another page of this application."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}{path}", 303, HEADERS)
