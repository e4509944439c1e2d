"""Write `docs/reference/rest.md` from the OpenAPI document of the service. Run: `python tools/rest_page.py`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from memproc.service.rest.app import app
from memproc.service.rest.guard import IDEMPOTENCY_KEY
from memproc.service.scopes import Scope

PAGE = Path(__file__).resolve().parents[1] / "docs/reference/rest.md"
_SCHEMAS = "#/components/schemas/"
_GROUPS = {
    "Memories": ("/api/v1/memories", "/api/v1/record", "/api/v1/validate", "/api/v1/forget"),
    "Reviews": ("/api/v1/reviews",),
    "Quarantine": ("/api/v1/quarantine",),
    "Jobs": ("/api/batch", "/api/v1/uploads"),
    "The store and the server": ("/api/v1/report", "/api/v1/log", "/api/health"),
}
_KINDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "an object",
}
_HEAD = """# REST

<!-- Written by tools/rest_page.py: change the routes in memproc/service/rest/routes, and run it. -->

What `memproc serve DB` answers; [how to serve over HTTP](../how-to/serve-over-http.md) begins with a token.
The OpenAPI 3.1 document is at `/api/openapi.json`, and says more: every field, its bounds, and what each route answers.
The [typed client](../how-to/serve-over-http.md#ask-it-from-python) has these calls as methods.

Each route but `/api/health` needs a token, as in `Authorization: Bearer memproc_...`, with the scope that is named here.
A token that is kept to namespaces neither sees nor changes anything else: \
an id of another namespace is answered as one that was never there.
What goes wrong is a problem by RFC 9457 (`application/problem+json`): `detail` says what is wrong \
and how to mend it, `errors` where, and `request` is the id under which the log of the server has it.

| header | what it does |
|---|---|
| `Idempotency-Key` of a POST | the request is done once, however often it is sent under this key within a day; \
something else under it is 422, and while it is being answered 409 |
| `If-None-Match`, `If-Match` | with the `ETag` of a memory: 304 where that version is known, \
412 where another one is there by now |
| `RateLimit-Limit`, `-Remaining`, `-Reset`, `-Policy` of an answer | how many calls the token may make, and when \
there are more; 429 comes with `Retry-After` |
| `X-Request-Id` of an answer | what to tell who runs the server |

Lists come in pages: `limit` says how many at most, and `cursor` of a page where the next one begins.

## Scopes

| scope | routes |
|---|---|
"""


def page() -> str:
    """Return the text of the page."""
    document = app("unused.db").openapi()
    routes = [(method, path, one) for path, methods in document["paths"].items() for method, one in methods.items()]
    scopes = "".join(f"| `{scope}` | {_routes_of(scope, routes)} |\n" for scope in Scope)
    groups = "".join(
        f"\n## {name}\n" + "".join(_told(document, route) for route in routes if route[1].startswith(paths))
        for name, paths in _GROUPS.items()
    )
    return _HEAD + scopes + groups


def _routes_of(scope: Scope, routes: list[tuple[str, str, Mapping[str, Any]]]) -> str:
    meant = [f"`{method.upper()} {path}`" for method, path, one in routes if _scope_of(one) == scope]
    return ", ".join(meant)


def _scope_of(operation: Mapping[str, Any]) -> str | None:
    security = operation.get("security")
    return None if security is None else str(next(iter(security[0].values()))[0])


def _told(document: Mapping[str, Any], route: tuple[str, str, Mapping[str, Any]]) -> str:
    method, path, operation = route
    lines = [f"\n### {method.upper()} {path}\n", operation["description"]]
    scope = _scope_of(operation)
    lines.append(f"Needs `{scope}`." if scope else "Needs no token.")
    rows = [*_parameters(operation), *_body(document, operation)]
    if rows:
        lines += ["", "| | | |", "|---|---|---|", *(f"| {' | '.join(row)} |" for row in rows)]
    lines += ["", f"Answers {', '.join(_answers(operation))}."]
    return "\n".join(lines) + "\n"


def _parameters(operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for one in operation.get("parameters", ()):
        if one["name"] != IDEMPOTENCY_KEY:
            yield f"`{one['name']}`", f"{one['in']}{_kind(one['schema'])}{_may(one.get('required'))}", _about(one)


def _body(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for kind, content in operation.get("requestBody", {}).get("content", {}).items():
        schema = content["schema"]
        parts = [schema, *schema.get("anyOf", ())]
        named = next((one["$ref"].removeprefix(_SCHEMAS) for one in parts if "$ref" in one), None)
        if named is None:
            yield "the body", kind, "the bytes of the file"
        elif named in ("NewMemory", "MemoryChanges"):
            yield (
                "the body",
                "JSON",
                "[fields of a memory](memory-fields.md)" + (", of which `content` is needed" * (named == "NewMemory")),
            )
        else:
            yield from _fields(document["components"]["schemas"][named])


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    for name, one in schema.get("properties", {}).items():
        is_needed = name in schema.get("required", ())
        yield f"`{name}`", f"body{_kind(one)}{_may(is_needed)}", _about(one)


def _about(one: Mapping[str, Any]) -> str:
    """Return what a description says of a value, wherever it stands."""
    inner = one.get("schema", {})
    found = [one, inner, *inner.get("anyOf", ()), *one.get("anyOf", ())]
    return next((each["description"] for each in found if each.get("description")), "").replace("|", "\\|")


def _kind(schema: Mapping[str, Any]) -> str:
    """Return of which kind a value is."""
    choices = [one for one in [schema, *schema.get("anyOf", ())] if one.get("type") not in (None, "null") or "$ref" in one]
    if not choices:
        return ""
    one = choices[0]
    if "enum" in one:
        return ", " + " or ".join(f"`{each}`" for each in one["enum"])
    return ", " + (_KINDS[one["type"]] if "type" in one else f"`{one['$ref'].removeprefix(_SCHEMAS)}`")


def _may(is_needed: object) -> str:
    return "" if is_needed else ", may be left out"


def _answers(operation: Mapping[str, Any]) -> Iterator[str]:
    for status, one in operation["responses"].items():
        schemas = [content.get("schema", {}) for content in one.get("content", {}).values()]
        named = next((schema["$ref"].removeprefix(_SCHEMAS) for schema in schemas if "$ref" in schema), None)
        yield f"{status}" + (f" `{named}`" if named and named != "Problem" else "")


if __name__ == "__main__":
    PAGE.write_text(page())
