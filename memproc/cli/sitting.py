"""Deciding pairs in a terminal, one key each: the pairs side by side, what each key does, and taking the last one back.

Rules: a decision takes effect at once. Many are decided by one key only after their number was told and `y` was typed, and they
are taken back together. What is no key does nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, NamedTuple, get_args

from memproc.cli.app import printable
from memproc.config import Verdict
from memproc.errors import NotFoundError
from memproc.report.report import counted

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

    from memproc.store.answers import Review
    from memproc.store.store import Store

KEYS: dict[str, str] = {
    "m": "merge",
    "d": "distinct",
    "l": "supersedes",
    "s": "skip",
    "M": "merge many",
    "D": "distinct many",
    "n": "note",
    "u": "undo",
    "?": "help",
    "q": "quit",
}
HELP = """m  merge: both say the same
d  distinct: hold them apart for ever
l  later supersedes: the later of the two replaces the earlier (if both have dates)
s  skip for now
M  merge this pair and all of its kind that are at least as certain, after a question
D  hold distinct this pair and all of its kind that are at most as certain, after a question
n  a note, which is kept with the decisions that follow; an empty one ends that
u  undo the last key
q  quit; what is decided stays"""
_BULK: dict[str, tuple[Verdict, str, str]] = {
    "merge many": ("merge", ">=", "merge"),
    "distinct many": ("distinct", "<=", "hold distinct"),
}


class Asking(NamedTuple):
    """What asks a person: for a key, and for a line of text."""

    key: Callable[[], str]
    line: Callable[[str], str]


class _Done(NamedTuple):
    """A key that can be taken back: at which pair, how many pairs it decided, and how they are withdrawn."""

    at: int
    decided: int
    withdraw: Callable[[], object]


def decide_by_keys(store: Store, waiting: Sequence[Review], note: str, asking: Asking | None = None) -> None:
    """Show the pairs one after the other, and carry out each key."""
    from rich.console import Console

    console = Console()
    Sitting(store, console, waiting, note).hold(asking or Asking(_typed, console.input))


def _typed() -> str:
    from typer import getchar

    return getchar()


class Sitting:
    """A person who decides pairs: where they are, what they did, and the note that is kept with it."""

    def __init__(self, store: Store, console: Console, waiting: Sequence[Review], note: str) -> None:
        self.store, self.console, self.waiting, self.note = store, console, waiting, note
        self.at = 0
        self.done: list[_Done] = []
        self.open = {pair.number for pair in waiting}

    def hold(self, asking: Asking) -> None:
        """Go through the pairs until they end or the person quits, and tell what was decided."""
        while self.at < len(self.waiting) or self._is_taken_back(asking):
            pair = self.waiting[self.at]
            if pair.number not in self.open:  # decided with others, or its memories are one by now
                self.at += 1
                continue
            show_pair(self.console, pair, f"{self.at + 1} of {len(self.waiting)}")
            if not self._carry_out(pair, asking):
                break
        decided = sum(one.decided for one in self.done)
        self.console.print(f"{decided} decided, {len(self.store.reviews())} wait")

    def _is_taken_back(self, asking: Asking) -> bool:
        """At the end, if the last key decided many pairs, tell whether the person takes it back."""
        if not self.done or self.done[-1].decided <= 1:
            return False
        self.console.print("all is decided: [bold]u[/]ndo, or any other key to end ", end="")
        return asking.key() == "u" and self._undo()

    def _carry_out(self, pair: Review, asking: Asking) -> bool:
        """Ask until a key leads to another pair; tell whether to go on."""
        while True:
            wish = self._wish(pair, asking)
            if wish == "quit":
                return False
            if wish == "help":
                self.console.print(HELP, markup=False)
            elif wish == "note":
                self.note = asking.line("note: ").strip()
            elif wish in _BULK:
                if self._decide_many(pair, wish, asking):
                    return True
            elif wish == "undo":
                if self._undo():
                    return True
            else:
                self._decide(pair, wish)
                return True

    def _wish(self, pair: Review, asking: Asking) -> str:
        later = "[bold]l[/]ater supersedes  " if "supersedes" in pair.verdicts else ""
        keys = f"[bold]m[/]erge  [bold]d[/]istinct  {later}[bold]s[/]kip  [bold]u[/]ndo  [bold]n[/]ote  [bold]?[/]  [bold]q[/]uit "
        self.console.print(keys, end="")
        impossible = {*get_args(Verdict)} - {*pair.verdicts} | (set() if pair.confidence is not None else {*_BULK})
        while (wish := KEYS.get(asking.key(), "")) in impossible or not wish:
            pass
        self.console.print(wish)
        return wish

    def _decide(self, pair: Review, verdict: str) -> None:
        if verdict == "skip":
            self.done.append(_Done(self.at, 0, lambda: None))
        else:
            try:
                decision = self.store.resolve(pair, verdict, note=self.note)  # type: ignore[arg-type]
                self.done.append(_Done(self.at, 1, lambda: self.store.withdraw([decision])))
            except NotFoundError:
                self.console.print("it does not wait any more: its memories are one by now, or it was decided elsewhere")
        self.at += 1

    def _decide_many(self, pair: Review, wish: str, asking: Asking) -> bool:
        """Decide a pair and those like it, if the person says so; tell whether they did."""
        verdict, sign, verb = _BULK[wish]
        policy = f"confidence {sign} {pair.confidence!r} and kind == {pair.kind}"
        trial = self.store.decide_all(policy, verdict=verdict, dry_run=True)
        self.console.print(f"{verb} {counted(trial.decided, 'pair')} ({policy})? y/n ", end="", markup=False)
        is_sure = asking.key() in ("y", "Y")
        self.console.print("yes" if is_sure else "no")
        if not is_sure or not trial.decided:
            return False
        name = f"{policy} (by a key at review {pair.number})"
        found = self.store.decide_all(policy, verdict=verdict, name=name, note=self.note)
        self.done.append(_Done(self.at, found.decided, lambda: self.store.withdraw_policy(name)))
        self.open = {one.number for one in self.store.reviews()}
        return True

    def _undo(self) -> bool:
        """Take the last key back and go to its pair; tell whether there was one."""
        if not self.done:
            self.console.print("nothing to undo: memproc review DB --decided lists what was decided before")
            return False
        last = self.done.pop()
        last.withdraw()
        self.open = {one.number for one in self.store.reviews()}
        self.at = last.at
        return True


def show_pair(console: Console, pair: Review, place: str) -> None:
    """Show two memories side by side. What comes from data is `Text`: in a string "[/b]" would be read as the end of bold type."""
    from rich.table import Table
    from rich.text import Text

    sure = "" if pair.confidence is None else f"confidence {pair.confidence:.3g}, "
    head = f"{place}: {pair.kind}, {pair.reason} ({sure}review {pair.number})"
    table = Table(title=Text(printable(head)), show_lines=True, expand=True)
    table.add_column("one", ratio=1)
    table.add_column("other", ratio=1)
    table.add_row(*_highlighted(printable(pair.one.content), printable(pair.other.content)))
    for name in ("subject", "created_at", "updated_at", "source"):
        values = [getattr(memory, name) for memory in (pair.one, pair.other)]
        if any(values):
            table.add_row(*(Text(printable(f"{name}: {'' if value is None else value}")) for value in values))
    console.print(table)


def _highlighted(one: str, other: str) -> tuple[Text, Text]:
    """Return both texts with the words marked in which they differ."""
    from rich.text import Text

    left, right = one.split(), other.split()
    sides = Text(), Text()
    for kind, a, b, c, d in SequenceMatcher(None, [*map(str.lower, left)], [*map(str.lower, right)], autojunk=False).get_opcodes():
        for side, words in zip(sides, (left[a:b], right[c:d]), strict=True):
            for word in words:
                side.append(word, style="" if kind == "equal" else "bold reverse")
                side.append(" ")
    return sides
