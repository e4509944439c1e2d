"""The commands on how long memories are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from typer import Option

from memproc.cli.app import Database, Json, app, show
from memproc.cli.output import fields_of
from memproc.cli.stores import opened
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.retention import Expired

OlderThan = Annotated[
    str | None,
    Option(metavar="AGE", help="Older than this by updated_at, else created_at: a number with h, d, w, mo or y, as in 2y."),
]
Kind = Annotated[str | None, Option(help="Only memories of this kind, as in message.")]
OfNamespace = Annotated[str | None, Option("--namespace", help="Only those of this namespace.")]
Tag = Annotated[str | None, Option(help="Only those with this tag.")]
PastValidTo = Annotated[bool, Option("--past-valid-to", help="Only those whose valid_to has passed.")]


@app.command()
def expire(
    database: Database,
    older_than: OlderThan = None,
    kind: Kind = None,
    namespace: OfNamespace = None,
    tag: Tag = None,
    past_valid_to: PastValidTo = False,
    name: Annotated[str | None, Option(help="What to call it, for --undo; by default what the options say.")] = None,
    dry_run: Annotated[bool, Option("--dry-run", help="Count, and change nothing.")] = False,
    undo: Annotated[str | None, Option(metavar="NAME", help="Bring back what expired under this name, or all.")] = None,
    purge: Annotated[bool, Option("--purge", help="Forget for good what expired at least --older-than ago.")] = False,
    as_json: Json = False,
) -> None:
    """Hide old memories until that is undone or they are purged: by the options, or by the rules that the store keeps."""
    narrowing = {"kind": kind, "namespace": namespace, "tag": tag, "name": name}
    rule: dict[str, Any] = {**narrowing, "older_than": older_than, "past_valid_to": past_valid_to}
    if undo is not None and (purge or dry_run or any(rule.values())):
        raise UsageError("--undo takes a name, or all, and no other option")
    if purge and (older_than is None or past_valid_to or any(narrowing.values())):
        raise UsageError("--purge takes --older-than AGE, since when it is to be hidden at least, and --dry-run; no other option")
    with opened(database) as store:
        if undo is not None:
            found, verb = store.restore_expired(None if undo == "all" else undo), "restored"
        elif purge:
            found, verb = store.purge_expired(older_than=str(older_than), dry_run=dry_run), "forgotten"
        else:
            found, verb = store.expire(**rule, dry_run=dry_run), "expired"
    show({**fields_of(found), "dry_run": dry_run}, _told_of(found, verb, is_trial=dry_run), as_json=as_json)


def _told_of(found: Expired, verb: str, *, is_trial: bool) -> str:
    from memproc.report.report import counted

    head = f"{counted(found.memories, 'memory', 'memories')} {'would be ' if is_trial else ''}{verb}"
    lines = [head]
    for title, counts in (("kind", found.by_kind), ("namespace", found.by_namespace)):
        lines += [f"  {title} {name}: {count:,}" for name, count in counts.items()]
    if verb == "expired" and not found.memories and not found.undated:
        lines.append("  no other memory meets the rule: a kind, a namespace and a tag are compared letter by letter")
    if found.undated:
        lines.append(f"  {counted(found.undated, 'memory', 'memories')} without a date: kept")
    if verb == "expired" and found.memories and not is_trial:
        lines += [f'  to undo: --undo "{name}"' for name in found.names]
    return "\n".join(lines)


@app.command()
def retention(
    database: Database,
    add: Annotated[bool, Option("--add", help="Keep one more rule, which the options below say.")] = False,
    older_than: OlderThan = None,
    kind: Kind = None,
    namespace: OfNamespace = None,
    tag: Tag = None,
    past_valid_to: PastValidTo = False,
    clear: Annotated[bool, Option("--clear", help="Keep no rule any more.")] = False,
    as_json: Json = False,
) -> None:
    """Show the rules of retention that a store keeps, and under which names memories have expired. `expire` applies the rules."""
    from memproc.report.report import counted
    from memproc.retention import RetentionRule

    given = {"older_than": older_than, "kind": kind, "namespace": namespace, "tag": tag, "past_valid_to": past_valid_to}
    if (clear and add) or (any(given.values()) and not add):
        raise UsageError("give --add with what the rule says, or --clear, or nothing")
    with opened(database) as store:
        if add:
            store.set_retention([*store.retention(), RetentionRule(**given)])  # type: ignore[arg-type]
        elif clear:
            store.set_retention([])
        rules, expired = store.retention(), store.expired()
    lines = [f"rule     {rule.name}" for rule in rules] or ["no rule is kept"]
    lines += [f"expired  {name}  {counted(count, 'observation')}" for name, count in expired.items()]
    show({"rules": [rule.as_dict() for rule in rules], "expired": expired}, "\n".join(lines), as_json=as_json)
