"""The faults of a check in the forms that code hosts and their tools show beside the lines: SARIF 2.1.0, and workflow commands.

Facts: SARIF is https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; a result names a rule, a level, a message and an
artifact by a URI relative to where the tool ran. A workflow command is `::error file=F,line=N,title=T::MESSAGE`, where per cent
signs and line ends are escaped, in properties colons and commas too. A line within an archive is no line of the file on disk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from memproc.records import Fault
from memproc.report.checks import RECORD, Checks, Spot

SCHEMA_URI = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_DATA = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_PROPERTY = {**_DATA, ":": "%3A", ",": "%2C"}


def to_sarif(checks: Checks, *, version: str, help_uri: str | None, folder: str) -> dict[str, Any]:
    """Return the faults that are kept as a SARIF log. `help_uri` is where the codes are explained, `folder` where the check ran."""
    codes: dict[str, Fault] = {}
    for group in checks.groups.values():
        codes.setdefault(group.first.code, group.first)
    number = {code: at for at, code in enumerate(codes)}
    driver: dict[str, Any] = {"name": "memproc", "version": version, "rules": [_rule(one, help_uri) for one in codes.values()]}
    if help_uri is not None:
        driver["informationUri"] = help_uri
    notes = [{"level": "note", "message": {"text": told}} for told in (*checks.not_shown(), *checks.not_read)]
    notes += [{"level": "error", "message": {"text": f"{file}: {why}"}} for file, why in checks.broken.items()]
    ended = {"executionSuccessful": not checks.broken, "toolExecutionNotifications": notes}
    results = [
        {
            "ruleId": one.code,
            "ruleIndex": number[one.code],
            "level": "error",
            "message": {"text": message_of(one)},
            "locations": [_location(spot, folder)],
        }
        for spot, one in checks.shown()
    ]
    run = {"tool": {"driver": driver}, "invocations": [ended], "columnKind": "unicodeCodePoints", "results": results}
    return {"$schema": SCHEMA_URI, "version": "2.1.0", "runs": [run]}


def failure_to_sarif(message: str, *, version: str, help_uri: str | None, folder: str) -> dict[str, Any]:
    """Return the SARIF log of a check that could not be made, and why."""
    log = to_sarif(Checks(0), version=version, help_uri=help_uri, folder=folder)
    notification = {"level": "error", "message": {"text": message}}
    log["runs"][0]["invocations"] = [{"executionSuccessful": False, "toolExecutionNotifications": [notification]}]
    return log


def failure_to_command(message: str) -> str:
    """Return a check that could not be made as a workflow command."""
    return _command("error", message, {"title": "memproc"})


def to_commands(checks: Checks, *, folder: str) -> Iterator[str]:
    """Yield the faults that are kept, and what else there is to tell, as workflow commands."""
    for spot, one in checks.shown():
        given, inside = {"file": _relative(spot, folder), "title": f"memproc {one.code}"}, ""
        if spot.line and _is_whole(spot):
            given["line"] = str(spot.line)
        else:
            inside = f"{spot.told()}: "
        yield _command("error", inside + message_of(one), given)
    for file, why in checks.broken.items():
        yield _command("error", f"{file}: {why}", {"title": "memproc"})
    for told in (*checks.not_shown(), *checks.not_read):
        yield _command("warning", told, {"title": "memproc"})
    yield _command("notice", f"{checks.valid} of {checks.read} records are valid", {"title": "memproc"})


def message_of(one: Fault) -> str:
    """Return a fault in one line: its path, what is wrong, how to mend it."""
    return f"{one.path or RECORD}: {one.message} - {one.hint}"


def _rule(one: Fault, help_uri: str | None) -> dict[str, Any]:
    told = {"id": one.code, "shortDescription": {"text": one.code.replace("_", " ")}, "help": {"text": one.hint}}
    return told if help_uri is None else {**told, "helpUri": help_uri}


def _location(spot: Spot, folder: str) -> dict[str, Any]:
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(spot, folder)}}
    if spot.line and _is_whole(spot):
        place["region"] = {"startLine": spot.line}
        return {"physicalLocation": place}
    return {"physicalLocation": place, "logicalLocations": [{"fullyQualifiedName": spot.told()}]}


def _is_whole(spot: Spot) -> bool:
    """Return whether the lines of the records are lines of the file on disk, and not of a member of it."""
    return spot.path is None or f"{PurePath(spot.path).name}!" not in spot.file


def _relative(spot: Spot, folder: str) -> str:
    """Return the path of the file on disk, seen from where the check runs if it is below that."""
    if spot.path is None:
        return spot.file
    path = PurePath(spot.path)
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.as_posix()


def _uri(spot: Spot, folder: str) -> str:
    path = _relative(spot, folder)
    uri = quote(path.encode("utf-8", "surrogateescape"))
    if spot.path is not None and PurePath(path).is_absolute():
        return f"file://{'' if uri.startswith('/') else '/'}{uri}"
    return uri


def _command(level: str, message: str, given: Mapping[str, str]) -> str:
    properties = ",".join(f"{name}={_escaped(value, _PROPERTY)}" for name, value in given.items())
    return f"::{level} {properties}::{_escaped(message, _DATA)}"


def _escaped(text: str, marks: Mapping[str, str]) -> str:
    r"""Return a text without the marks that end a workflow command.

    >>> _escaped("a:b\n100%", _PROPERTY)
    'a%3Ab%0A100%25'
    """
    return "".join(marks.get(mark, mark) for mark in text)
