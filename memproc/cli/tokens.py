"""The command on tokens: who may ask a store that is served."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from memproc.cli.app import Database, Json, app, settings_of, show, tell
from memproc.cli.output import fields_of
from memproc.cli.stores import opened
from memproc.errors import UsageError
from memproc.service.scopes import Scope, scopes_of

if TYPE_CHECKING:
    from memproc.store.access.access import Access
    from memproc.store.access.tokens import Token

DAYS = 90


@app.command()
def token(
    what: Annotated[Literal["create", "list", "revoke"], Argument(help="create one, list all, or revoke one.")],
    database: Database,
    number: Annotated[int | None, Argument(metavar="N", help="With revoke: the number of the token.")] = None,
    name: Annotated[str | None, Option(help="With create: what the log calls it, such as the program that uses it.")] = None,
    namespace: Annotated[list[str] | None, Option(help="A namespace that it reaches; may be given again.")] = None,
    all_namespaces: Annotated[bool, Option("--all-namespaces", help="It reaches all namespaces.")] = False,
    scope: Annotated[list[str] | None, Option(help=f"What it may do, may be given again: {', '.join(Scope)}.")] = None,
    days: Annotated[int | None, Option(metavar="N", min=1, max=3_650, help=f"For how long it is valid; {DAYS} by default.")] = None,
    per_minute: Annotated[int | None, Option(metavar="N", min=1, help="How many calls a minute it may make.")] = None,
    per_day: Annotated[int | None, Option(metavar="N", min=1, help="How many calls a day it may make.")] = None,
    as_json: Json = False,
) -> None:
    """Create, list or revoke the tokens by which programs ask a store that `memproc serve` serves."""
    from memproc.store.access.tokens import Wanted
    from memproc.store.store import Store, access_of

    if (number is not None) != (what == "revoke"):
        raise UsageError("revoke takes the number of a token, as list gives it; the others take none")
    given = (name, namespace, all_namespaces or None, scope, days, per_minute, per_day)
    if what != "create" and any(one is not None for one in given):
        raise UsageError("--name, --namespace, --scope and the like go with create")
    if what == "create" and (name is None or not name.strip()):
        raise UsageError("give the token a --name, such as the program that uses it")
    if what == "create" and bool(namespace) == all_namespaces:
        raise UsageError("say what the token reaches: --namespace N, again for several, or --all-namespaces")
    with Store(database, settings=settings_of()) if what == "create" else opened(database) as store:
        access = access_of(store)
        if what == "create":
            until = datetime.now(UTC) + timedelta(days=days or DAYS)
            wanted = Wanted(
                name=(name or "").strip(),
                namespaces=None if all_namespaces else _cleaned(namespace or []),
                scopes=scopes_of(scope or []),
                expires_at=_text(until),
                per_minute=per_minute,
                per_day=per_day,
            )
            made, secret = access.create_token(wanted)
            show({**_values(made), "token": secret}, secret, as_json=as_json)
            tell(f"keep it: it is shown only now. It is number {made.number}, and ends {made.expires_at}")
        elif what == "revoke":
            revoked = access.revoke_token(number or 0)
            show(_values(revoked), f"token {revoked.number} ({revoked.name}) is refused from now on", as_json=as_json)
        else:
            _list(access, as_json=as_json)


def _list(access: Access, *, as_json: bool) -> None:
    found = access.tokens()
    values = [_values(one) for one in found]
    show({"tokens": values}, "\n".join(map(_line, found)) or "no tokens", as_json=as_json)


def _cleaned(namespaces: list[str]) -> list[str]:
    from memproc.intake import clean_name

    cleaned = [clean_name(one, "namespace") for one in namespaces]
    if None in cleaned:
        raise UsageError("--namespace '': give a name, or --all-namespaces")
    return [one for one in dict.fromkeys(cleaned) if one is not None]


def _text(moment: datetime) -> str:
    from memproc.times import to_text

    return to_text(moment)


def _values(token: Token) -> dict[str, Any]:
    return fields_of(token)


def _line(token: Token) -> str:
    reach = "all namespaces" if token.namespaces is None else ", ".join(token.namespaces)
    ends = f"revoked {token.revoked_at}" if token.revoked_at else f"ends {token.expires_at}"
    return f"{token.number}  {token.name}: {reach}; {' '.join(token.scopes)}; {ends}"
