"""What to do after an ingestion, with commands that can be pasted.

Rules: a command is quoted for a POSIX shell and in one line. A password is shown nowhere: where one was given stands `***`, and
has to be typed again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from memproc.cli.app import options_before
from memproc.cli.inspecting import quoted
from memproc.cli.remotes import shown
from memproc.masking import HIDDEN
from memproc.references import REFERENCE
from memproc.report.report import counted

if TYPE_CHECKING:
    from memproc.report.report import Report

_UNFINISHED = ("interrupted", "failed", "stopped", "paused")
_OF_HEADER = re.compile(r"(--header=)?([^=:]+[=:])(.*)", re.DOTALL)


class Following(NamedTuple):
    """Why, and the command."""

    why: str
    command: str


class Asked(NamedTuple):
    """What was asked for: the arguments of the program, the store and what to read; whether the job can be resumed."""

    arguments: Sequence[str]
    into: str
    what: Sequence[str]
    can_resume: bool


def following(report: Report, asked: Asked) -> list[Following]:
    """Return what to do next: what went on, what waits for a person, what was refused."""
    return list(_following(report, asked))


def resuming(asked: Asked) -> str:
    """Return the very command that was given, with --resume."""
    more = [] if "--resume" in asked.arguments else ["--resume"]
    return command_of([*map_shown(asked.arguments), *more])


def lines_of(found: Sequence[Following]) -> list[str]:
    """Return it as lines of text, nothing if there is nothing to do."""
    return [line for one in found for line in (f"{one.why}:", f"  {one.command}")]


def command_of(parts: Sequence[str]) -> str:
    """Return a command of this program that can be pasted."""
    return " ".join(map(quoted, ["memproc", *parts]))


def map_shown(arguments: Sequence[str]) -> list[str]:
    """Return arguments without the passwords in URLs, and without the values of headers that name no variable or keyring.

    >>> map_shown(["--into=postgresql://ann:tiger@db/app", "--header", "X-Key=lion", "--header", "X-Key=ENV:KEY", "a=b.json"])
    ['--into=postgresql://ann:***@db/app', '--header', 'X-Key=***', '--header', 'X-Key=ENV:KEY', 'a=b.json']
    """
    return [_shown(one, before) for before, one in zip(["", *arguments], arguments, strict=False)]


def _shown(argument: str, before: str) -> str:
    is_header = before == "--header" or argument.startswith("--header=")
    if is_header and (found := _OF_HEADER.fullmatch(argument)) and not REFERENCE.search(found[3]):
        return f"{found[1] or ''}{found[2]}{HIDDEN}"
    name, is_given, value = argument.partition("=")
    return f"{name}={shown(value)}" if argument.startswith("--") and is_given else shown(argument)


def _following(report: Report, asked: Asked) -> Iterator[Following]:
    def on_store(command: str, *options: str) -> str:
        return command_of([*options_before(), command, shown(asked.into), *options])

    if report.status in _UNFINISHED and "--dry-run" not in asked.arguments and _goes_on(report, asked):
        yield Following("to go on where it ended", resuming(asked))
    if report.status == "rehearsed" and not report.is_gate_met:
        return
    if report.status == "rehearsed" and not report.is_all_quarantined:
        without = [one for one in map_shown(asked.arguments) if one != "--dry-run"]
        yield Following("to do it", command_of(without))
        return
    if report.review - report.accepted > 0 and report.status != "refused":
        yield Following(f"{counted(report.review - report.accepted, 'pair')} to decide", on_store("review"))
    if report.quarantined and report.status not in ("rehearsed", "refused"):
        yield Following(f"{counted(report.quarantined, 'record')} in quarantine, by fault", on_store("quarantine", "--patterns"))
    if report.status == "refused" and (report.errors or report.is_gate_met):
        yield from (Following("every fault", command_of(["validate", shown(one)])) for one in asked.what[:1])
    if report.is_all_quarantined or report.is_empty_handed:
        yield from (Following("what is in it", command_of(["inspect", shown(one)])) for one in asked.what[:1])


def _goes_on(report: Report, asked: Asked) -> bool:
    """Tell whether the job goes on if it is resumed: behind too many errors, or a gate, it would stop at once."""
    stops = any("max_errors" in note for note in report.notes) or not report.is_gate_met
    return asked.can_resume and not (report.status == "stopped" and stops)
