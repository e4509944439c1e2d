"""Where settings come from: their defaults, a file, the environment, the caller. Of each setting the last of these counts.

Facts: the file is `memproc.toml`, or `pyproject.toml` with a table `[tool.memproc]`, in a folder or the nearest one above it. A
variable is called like the setting, in capitals behind `MEMPROC_`; one without a text is not set.

Rules: names and values mean what they do in `Settings`. Texts may stand for what is no text: sizes have units ("300MB"),
`max_errors` may be a share ("5%"), `batch_size` may be "auto". A name in a file that is no setting is wrong use; a variable may be
meant for something else. No file is looked for unless a caller asks: what an application gets does not depend on where it was
started. A file that was found, and not named, counts only if it is of whoever runs this, of whose the folder is that he is in, or
of root: anybody can put a file into a folder for all, such as `/tmp`, above a folder of others. A `pyproject.toml` that does not
speak of memproc is none of its business, whatever is wrong with it.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from memproc.amounts import bytes_of, number, tolerance
from memproc.config import COUNTED, SECONDS, SHARES, SWITCHES, Settings
from memproc.errors import UsageError
from memproc.retention import RetentionRule

FILE, PROJECT = "memproc.toml", "pyproject.toml"
PREFIX = "MEMPROC_"
OF_FILE = f"{PREFIX}CONFIG"  # the variable that names the file
DEFAULT, GIVEN = "default", "given"
LARGEST_FILE = 1024 * 1024
NAMES = tuple(one.name for one in fields(Settings))
ONLY_IN_FILES = {"retention"}  # rules have parts

_SIZES = ("max_record_bytes", "max_decompressed_bytes", "max_memory")
_BOOLEANS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


@dataclass(frozen=True, slots=True)
class Configuration:
    """Settings, and where each is from: `default`, the path of a file, the name of a variable, or `given`. `file` is the file that
    was read, `strangers` are the variables that are called like settings and are none.
    """

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None
    strangers: tuple[str, ...]


def load_settings(file: str | Path | None = None, **given: Any) -> Settings:
    """Return the settings of a file and of the environment, and those that are given; of each the last of these counts.

    The file is the one that is named, else by the variable `MEMPROC_CONFIG`, else the nearest `memproc.toml`, or `pyproject.toml`
    with a table `[tool.memproc]`, in the current folder or above it. Variables are called `MEMPROC_` and the name of a setting in
    capitals.

    Raises UsageError on a name that is no setting, a value outside its range, and a file that cannot be read.
    """
    return configured(file, Path.cwd(), os.environ, given).settings


def configured(file: str | Path | None, folder: Path, environ: Mapping[str, str], given: Mapping[str, Any]) -> Configuration:
    """Return what `load_settings` does, and where each setting is from, for a caller in a folder with such an environment."""
    named = file or environ.get(OF_FILE)
    path = Path(named).expanduser() if named else _nearest(folder)
    if path is not None and not named:
        _check_owner(path, folder)
    variables = {name: text for name in NAMES if name not in ONLY_IN_FILES and (text := environ.get(PREFIX + name.upper()))}
    values: dict[str, Any] = {}
    origins = dict.fromkeys(NAMES, DEFAULT)
    for name, value in ({} if path is None else _table_of(path)).items():
        values[name], origins[name] = checked(name, value, str(path)), str(path)
    for name, text in variables.items():
        origins[name] = PREFIX + name.upper()
        values[name] = checked(name, text, origins[name])
    for name, value in given.items():
        values[name], origins[name] = value, GIVEN
    known = {OF_FILE, *(PREFIX + name.upper() for name in NAMES)}
    strangers = tuple(sorted(name for name in environ if name.startswith(PREFIX) and name not in known))
    return Configuration(Settings(**values), origins, path, strangers)


def changed_settings(settings: Settings, table: Mapping[str, Any], origin: str) -> Settings:
    """Return settings with those of a table in place of their own, which may be texts as in a file.

    Raises UsageError, which tells where they are from, on a name that is no setting, and a value outside its range.
    """
    check_names(table, origin)
    return replace(settings, **{name: checked(name, value, origin) for name, value in table.items()})


def check_names(table: Mapping[str, Any], origin: str) -> None:
    """Raise UsageError where a table has a name that is no setting."""
    if unknown := [name for name in table if name not in NAMES]:
        raise UsageError(f"{origin}: {unknown[0]!r} is no setting: choose among {', '.join(NAMES)}")


def _nearest(folder: Path) -> Path | None:
    """Return the file that holds for a folder: its own, or that of the nearest folder above it."""
    for place in (folder, *folder.parents):
        if os.path.isfile(own := place / FILE):  # noqa: PTH113 - that of pathlib raises where a folder cannot be looked into
            return own
        if os.path.isfile(shared := place / PROJECT) and _is_of_memproc(shared):  # noqa: PTH113 - as above
            return shared
    return None


def _is_of_memproc(project: Path) -> bool:
    """Return whether a file that all tools share has settings of memproc's. One that does not speak of it is not even read."""
    try:
        with project.open("rb") as opened:
            if b"memproc" not in opened.read(LARGEST_FILE + 1):
                return False
    except OSError:  # it is as good as not there
        return False
    tool = _read(project).get("tool")
    return isinstance(tool, dict) and "memproc" in tool


def _check_owner(path: Path, folder: Path) -> None:
    """Raise UsageError if a file that was found is of somebody else. Where files have no owners, 0 is that of all."""
    trusted = {0, folder.stat().st_uid, *([os.geteuid()] if hasattr(os, "geteuid") else [])}
    try:
        owners = {path.stat().st_uid, path.lstat().st_uid}
    except OSError:  # reading it will tell
        return
    if not owners <= trusted:
        raise UsageError(f"{path}: is of another user, who may mean you no good; name it by --config or {OF_FILE} to use it")


def _table_of(path: Path) -> dict[str, Any]:
    """Return the settings in a file. Raises UsageError where one is unknown."""
    table = _read(path)
    if path.name == PROJECT:
        table = tool.get("memproc", {}) if isinstance(tool := table.get("tool", {}), dict) else {}
    if not isinstance(table, dict):
        raise UsageError(f"{path}: tool.memproc is no table: write settings below [tool.memproc]")
    check_names(table, str(path))
    return table


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as opened:
            read = opened.read(LARGEST_FILE + 1)
        if len(read) > LARGEST_FILE:
            raise UsageError(f"{path}: is larger than 1 MiB, and no file of settings")
        return tomllib.loads(read.decode())
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:  # it is no UTF-8, or no TOML
        raise UsageError(f"{path}: is no TOML: {error}") from error


def checked(name: str, value: Any, origin: str) -> Any:
    """Return a value as `Settings` takes it. Raises UsageError, which tells where it is from, if that does not."""
    try:
        made = _made(name, value)
        Settings(**{name: made})
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from error
    return made


def _made(name: str, value: Any) -> Any:
    """Return what a text stands for, and any other value as it is."""
    if name == "retention" and isinstance(value, list):
        return tuple(_rule(one) for one in value)
    if not isinstance(value, str):
        return value
    return _FROM_TEXT[name](value, name) if name in _FROM_TEXT else value


def _rule(given: Any) -> RetentionRule:
    try:
        return RetentionRule(**given)
    except TypeError as error:
        raise UsageError(f"retention={given!r}: {error}; a rule has older_than, kind, namespace, tag, past_valid_to") from error


def _switch(text: str, name: str) -> bool:
    if text.strip().lower() not in _BOOLEANS:
        raise UsageError(f"{name}={text!r}: give true or false")
    return _BOOLEANS[text.strip().lower()]


def _whole(text: str, name: str) -> int:
    return number(text, int, name)


def _real(text: str, name: str) -> float:
    return number(text, float, name)


def _batch(text: str, name: str) -> int | None:
    return None if text == "auto" else _whole(text, name)


def _list(text: str, name: str) -> tuple[str, ...]:  # noqa: ARG001 - as the others
    return tuple(part.strip() for part in text.split(",") if part.strip())


_FROM_TEXT: Mapping[str, Callable[[str, str], Any]] = {
    **dict.fromkeys(COUNTED, _whole),
    **dict.fromkeys(_SIZES, bytes_of),
    **dict.fromkeys((*SHARES, *SECONDS), _real),
    **dict.fromkeys(SWITCHES, _switch),
    "batch_size": _batch,
    "max_errors": tolerance,
    "secret_kinds": _list,
}
