"""The command that tells where settings come from, and writes a file of them to begin with."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from typer import Argument, Option

from memproc.cli.app import Json, app, configuration_of, show
from memproc.cli.output import json_text, target
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.configuring import Configuration

_BULLET = re.compile(r"^ *- (?=`)", re.MULTILINE)
_NAMED = re.compile(r"`(\w+)`")
WIDTH = 110  # columns of a comment


@app.command()
def config(
    what: Annotated[
        Literal["show", "init"], Argument(help="show: the settings and where each is from; init: write a file to begin with.")
    ] = "show",
    files: Annotated[
        list[str] | None, Argument(metavar="FILE...", help="With show: what you want to ingest, to be told what suits it here.")
    ] = None,
    to: Annotated[
        str | None, Option(metavar="FILE", help="What init writes, - for standard output; by default memproc.toml.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the settings, where each comes from and what suits this machine and a source, or begin a file of settings."""
    if what == "init":
        if files:
            raise UsageError("FILE goes with show: init writes --to FILE")
        _begin(to, as_json=as_json)
        return
    if to is not None:
        raise UsageError("--to goes with init: what show tells is printed")
    found = configuration_of()
    advice = list(_advice(found))
    of_setting = {name: {"value": _plain(getattr(found.settings, name)), "from": origin} for name, origin in found.origins.items()}
    as_values: dict[str, Any] = {
        "file": None if found.file is None else str(found.file),
        "settings": of_setting,
        "not_settings": list(found.strangers),
        "advice": advice,
    }
    lines = [*_lines(found, advice)]
    if files:
        from memproc.cli.predicting import advice_for, lines_of

        prediction, advised = advice_for(files, found.settings)
        as_values |= {"predicted": prediction.as_dict(), "for_source": [asdict(one) for one in advised]}
        lines += [*lines_of(prediction), *(f"{one.paste}  ({one.why})" for one in advised or ())]
        lines += [] if advised else ["for this source: nothing needs to be set"]
    show(as_values, "\n".join(lines), as_json=as_json)


def _begin(to: str | None, *, as_json: bool) -> None:
    """Write a file of settings, each with what it means, none of them set. Raises UsageError where the file is there."""
    from memproc.configuring import FILE
    from memproc.writing import written

    path = to or FILE
    if path != "-" and Path(path).exists():
        raise UsageError(f"{path}: is there already; give --to FILE, or change it in an editor")
    written(target(path), (f"{line}\n".encode() for line in template()), is_private=False)
    if path != "-":
        show({"file": path}, f"{path}: every setting with its default, as comments", as_json=as_json)
    elif as_json:
        show({"file": None}, "", as_json=True, to=path)


def template() -> Iterator[str]:
    """Yield the lines of a file of settings: what each means, as the reference says it, and its default, all as comments."""
    from textwrap import wrap

    from memproc.config import Settings
    from memproc.configuring import NAMES

    default, left = Settings(), dict.fromkeys(NAMES)
    yield "# Settings of memproc. Take the # away from what you change, and leave out what is to be None."
    for told in _BULLET.split(str(Settings.__doc__))[1:]:
        about = " ".join(told.partition("\n\n")[0].split())
        named = [name for name in _NAMED.findall(about) if name in left]
        yield ""
        yield from (f"# {line}" for line in wrap(about, WIDTH))
        for name in dict.fromkeys(named):
            del left[name]
            value = _plain(getattr(default, name))
            yield f"#{name} =" if value is None else f"#{name} = {_toml(value)}"


def _lines(found: Configuration, advice: list[str]) -> Iterator[str]:
    yield f"file: {found.file or 'none'}"
    widest = max(map(len, found.origins))
    for name, origin in found.origins.items():
        value = _plain(getattr(found.settings, name))
        told = "not set" if value is None else _toml(value)
        yield f"{name:{widest}}  {told}" if origin == "default" else f"{name:{widest}}  {told}  ({origin})"
    yield from (f"{name}: is no setting" for name in found.strangers)
    yield from advice


def _advice(found: Configuration) -> Iterator[str]:
    """Yield what the machine allows, where a setting leaves it to memproc, and where it goes beyond."""
    from memproc.resources import ALLOWED_SHARE, MEBIBYTE, allowed_bytes, allowed_cores

    cores, allowed = allowed_cores(), allowed_bytes()
    least = int(allowed * ALLOWED_SHARE)
    given = found.settings
    if given.max_memory is None:
        yield f"this machine: max_memory not set means {least // MEBIBYTE:,} MiB, {ALLOWED_SHARE:.0%} of what is allowed"
    elif given.max_memory > least:
        yield f"this machine: max_memory is more than {ALLOWED_SHARE:.0%} of what is allowed; leave it out, or give {least}"
    if given.max_workers is None:
        yield f"this machine: max_workers not set means {cores}, the cores allowed"
    elif given.max_workers > cores:
        yield f"this machine: max_workers is more than the {cores} cores allowed, which is no quicker"


def _plain(value: Any) -> Any:
    """Return the value of a setting as JSON has it."""
    if isinstance(value, tuple):
        return [one.as_dict() if hasattr(one, "as_dict") else one for one in value]
    return value


def _toml(value: Any) -> str:
    """Return a value as TOML writes it.

    >>> _toml("near"), _toml(True), _toml([{"older_than": "2y"}])
    ('"near"', 'true', '[{older_than = "2y"}]')
    """
    return "[" + ", ".join(map(_toml_of_one, value)) + "]" if isinstance(value, list) else _toml_of_one(value)


def _toml_of_one(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {json_text(one)}" for name, one in value.items()) + "}"
    return json_text(value)
