"""The command that serves a store to agents, by the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

from typer import Option

from memproc.cli.app import Database, app, settings_of, tell, warn
from memproc.cli.options import Schema, schema_of
from memproc.errors import UsageError


@app.command()
def mcp(
    database: Database,
    namespace: Annotated[str | None, Option(help="Keep to this namespace: clients neither see nor change any other.")] = None,
    read_only: Annotated[bool, Option("--read-only", help="Offer only what changes nothing.")] = False,
    http: Annotated[
        int | None,
        Option(
            metavar="PORT", min=0, max=65_535, help="Serve http://127.0.0.1:PORT/mcp, for this machine only; 0 takes a free port."
        ),
    ] = None,
    schema: Schema = None,
) -> None:
    """Serve a store to agents by MCP, over standard input and output or HTTP; a store is made where there is none. Needs an extra:
    `mcp`.
    """
    try:
        from memproc.integrations.mcp.server import serve_http, serve_stdio
    except ModuleNotFoundError as error:
        raise UsageError(str(error)) from error
    from memproc.integrations.mcp.desk import Desk, kept_to
    from memproc.store.store import Store

    warn()
    only = kept_to(namespace)
    settings = settings_of()
    if read_only:
        from memproc.store.sql.opening import require_store

        require_store(database, settings)
    with Store(database, settings=settings, schema=schema_of(schema)) as store:
        desk = Desk(store, only, read_only)
        if http is None:
            serve_stdio(desk)
        else:
            serve_http(desk, http, lambda url: tell(f"serving {url}; Ctrl-C ends it"))
