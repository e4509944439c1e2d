"""The command that serves a store over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from typer import Option

from memproc.amounts import bytes_of
from memproc.cli.app import Database, app, settings_of, tell, warn
from memproc.cli.options import Schema, schema_of
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.service.serving import OpenId

_DAY, _MINUTE = 100_000, 600


@app.command()
def serve(
    database: Database,
    host: Annotated[str, Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, Option(metavar="PORT", min=0, max=65_535, help="The port; 0 takes a free one.")] = 8_000,
    plain_http: Annotated[
        bool, Option("--plain-http", help="Listen in the clear on another address, which only a proxy that ends TLS can reach.")
    ] = False,
    no_dashboard: Annotated[bool, Option("--no-dashboard", help="Serve programs alone, and no pages for people at /.")] = False,
    root: Annotated[list[Path] | None, Option(metavar="FOLDER", help="A folder whose files jobs may read.")] = None,
    source_host: Annotated[list[str] | None, Option(metavar="HOST", help="A host that jobs may ask over https.")] = None,
    uploads: Annotated[Path | None, Option(metavar="FOLDER", help="Take files to be read, and keep them here some days.")] = None,
    max_upload: Annotated[str, Option(metavar="SIZE", help="How large such a file may be.")] = "2GiB",
    max_body: Annotated[str, Option(metavar="SIZE", help="How large any other request may be.")] = "1MiB",
    per_minute: Annotated[int, Option(metavar="N", min=1, help="Calls a minute of a token without a limit of its own.")] = _MINUTE,
    per_day: Annotated[int, Option(metavar="N", min=1, help="Calls a day of a token without a limit of its own.")] = _DAY,
    issuer: Annotated[str | None, Option(metavar="URL", help="Take tokens of this OpenID provider too.")] = None,
    audience: Annotated[str | None, Option(help="What its tokens are made for: this server.")] = None,
    jwks: Annotated[str | None, Option(metavar="URL", help="Where its keys are.")] = None,
    namespaces_claim: Annotated[str, Option(metavar="CLAIM", help="The claim that lists the namespaces.")] = "memproc_namespaces",
    scopes_claim: Annotated[str, Option(metavar="CLAIM", help="The claim that holds the scopes.")] = "scope",
    schema: Schema = None,
) -> None:
    """Serve a store over HTTP: to programs that have a token, and to people, who sign in with one, as pages at /; a store is made
    where there is none. Needs an extra: `service`.
    """
    from memproc.service.serving import Serving

    try:
        from memproc.service.rest.app import app as application
        from memproc.service.rest.server import check_host
        from memproc.service.rest.server import serve as run
    except ModuleNotFoundError as error:
        raise UsageError(f"this needs packages that are not there: pip install 'memproc-sdk[service]' ({error})") from error
    warn()
    check_host(host, is_plain_allowed=plain_http)
    serving = Serving(
        per_minute=per_minute,
        per_day=per_day,
        body_bytes=bytes_of(max_body, "--max-body"),
        upload_bytes=bytes_of(max_upload, "--max-upload"),
        uploads=uploads,
        dashboard=not no_dashboard,
        roots=root or (),
        hosts=source_host or (),
        openid=_openid(issuer, audience, jwks, (namespaces_claim, scopes_claim)),
    )
    made = application(database, serving=serving, settings=settings_of(), schema=schema_of(schema))
    run(made, host, port, lambda url: tell(f"serving {url}; Ctrl-C ends it"))


def _openid(issuer: str | None, audience: str | None, jwks: str | None, claims: tuple[str, str]) -> OpenId | None:
    from memproc.service.serving import OpenId

    given = (issuer, audience, jwks)
    if not any(given):
        return None
    if issuer is None or audience is None or jwks is None:
        raise UsageError("an OpenID provider needs all of --issuer, --audience and --jwks")
    return OpenId(issuer=issuer, audience=audience, jwks_url=jwks, namespaces_claim=claims[0], scopes_claim=claims[1])
