"""The command that puts pairs before a person: side by side in a terminal, or as JSON for other front ends."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from memproc.cli.app import Database, Json, app, show
from memproc.cli.stores import as_pair, as_plain, objects_in, opened

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from memproc.records import Memory
    from memproc.store.answers import Review
    from memproc.store.store import Store

KEYS = {"m": "merge", "d": "distinct", "l": "supersedes", "s": "skip", "q": "quit"}
VERDICTS = ("merge", "distinct", "supersedes")


@app.command()
def review(
    database: Database,
    decide: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help='JSON lines {"review": N, "verdict": "merge", "distinct" or "supersedes"} to carry out.'),
    ] = None,
    limit: Annotated[int | None, typer.Option(help="Show no more than this.")] = None,
    note: Annotated[str, typer.Option(help="Why; kept with each decision.")] = "",
    as_json: Json = False,
) -> None:
    """Decide the pairs that wait: one after the other in a terminal, or by a file; else list them."""
    with opened(database) as store:
        if decide is not None:
            decided = [store.resolve(number, verdict, note=note) for number, verdict in list(_orders(decide))]
            show({"decisions": list(map(as_pair, decided))}, f"{len(decided)} decided", as_json=as_json)
            return
        waiting = store.reviews()[:limit]
        if as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            listed = [{**one._asdict(), "one": as_plain(one.one), "other": as_plain(one.other)} for one in waiting]
            show({"reviews": listed}, "\n".join(map(_line, waiting)) or "nothing waits", as_json=as_json)
        else:
            _ask(store, waiting, note)


def _ask(store: Store, waiting: list[Review], note: str) -> None:
    """Show one pair after the other, and carry out what is answered."""
    from rich.console import Console

    console = Console()
    decided = 0
    for at, pair in enumerate(waiting, 1):
        _show_pair(console, pair, f"{at} of {len(waiting)}")
        answer = _answer(console, {*pair.verdicts, "skip", "quit"})
        if answer == "quit":
            break
        if answer != "skip":
            store.resolve(pair, answer, note=note)  # type: ignore[arg-type]
            decided += 1
    console.print(f"{decided} decided, {len(store.reviews())} wait")


def _answer(console: Console, choices: set[str]) -> str:
    import click

    later = "[bold]l[/]ater supersedes  " if "supersedes" in choices else ""
    console.print(f"[bold]m[/]erge  [bold]d[/]istinct  {later}[bold]s[/]kip  [bold]q[/]uit ", end="")
    while (answer := KEYS.get(click.getchar().lower())) not in choices:
        pass
    console.print(answer)
    return answer


def _show_pair(console: Console, pair: Review, place: str) -> None:
    from rich.table import Table

    table = Table(title=f"{place}: {pair.kind}, {pair.reason} (confidence {pair.confidence:.3g})", show_lines=True, expand=True)
    table.add_column("one", ratio=1)
    table.add_column("other", ratio=1)
    table.add_row(*_highlighted(pair.one.content, pair.other.content))
    for name in ("subject", "created_at", "updated_at", "source"):
        values = [_told(memory, name) for memory in (pair.one, pair.other)]
        if any(values):
            table.add_row(*(f"{name}: {value}" for value in values))
    console.print(table)


def _highlighted(one: str, other: str) -> tuple[Text, Text]:
    """Return both texts, the words in which they differ marked."""
    from rich.text import Text

    left, right = one.split(), other.split()
    sides = Text(), Text()
    for kind, a, b, c, d in SequenceMatcher(None, [*map(str.lower, left)], [*map(str.lower, right)], autojunk=False).get_opcodes():
        for side, words in zip(sides, (left[a:b], right[c:d]), strict=True):
            for word in words:
                side.append(word, style="" if kind == "equal" else "bold reverse")
                side.append(" ")
    return sides


def _told(memory: Memory, name: str) -> str:
    value = getattr(memory, name)
    return "" if value is None else str(value)


def _line(pair: Review) -> str:
    return f"{pair.number}  {pair.kind} {pair.confidence:.3g}  {pair.reason}\n    {pair.one.content}\n    {pair.other.content}"


def _orders(path: Path) -> Iterator[tuple[int, Any]]:
    from memproc.errors import UsageError

    for at, given in enumerate(objects_in(path)):
        number, verdict = given.get("review"), given.get("verdict")
        if not isinstance(number, int) or verdict not in VERDICTS:
            raise UsageError(f'{path}, line {at}: give {{"review": a number, "verdict": {" or ".join(VERDICTS)}}}')
        yield number, verdict
