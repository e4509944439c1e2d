"""Sources that are in no file, as JSON values: a queue keeps them until a worker reads them.

Rules: what is kept may be shown, so no password and no key is kept: a URL names them (`ENV:NAME`, `KEYRING:service/user`), as
headers have to anyway, and the worker looks them up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from pathlib import Path
from typing import Any

from memproc.errors import UsageError
from memproc.masking import HIDDEN, masked
from memproc.sources.remote import Remote

_HOMES = {
    "SqlTable": "memproc.sources.databases.faces",
    "SqlQuery": "memproc.sources.databases.faces",
    "RestPages": "memproc.sources.rest.pages",
    "LiveStore": "memproc.sources.live.live_store",
}
_ADDRESSES = ("url", "address")
_ADVICE = "name it instead, as ENV:NAME or KEYRING:service/user"


def kept_source(remote: Remote) -> dict[str, Any]:
    """Return a source as it is kept. Raises UsageError where it holds a password or a key, or is of another class."""
    kind = type(remote).__name__
    if _HOMES.get(kind) != type(remote).__module__:
        raise UsageError(f"source {kind}: a queue keeps paths, URLs and {', '.join(_HOMES)}")
    given = {one.name: getattr(remote, one.name) for one in fields(remote) if one.init and not one.name.startswith("_")}  # type: ignore[arg-type]
    for name in _ADDRESSES:
        if name in given:
            given[name] = _address(given[name], remote.label)
    plain = {name: [*value] if isinstance(value, tuple) else value for name, value in given.items()}
    return {"kind": kind, "label": remote.label, "given": plain}


def source_kept(values: Mapping[str, Any]) -> Remote:
    """Return a source that was kept. Raises UsageError where a variable that it names is not set."""
    kind = values["kind"]
    given = {name: tuple(value) if isinstance(value, list) else value for name, value in values["given"].items()}
    source: Remote = getattr(import_module(_HOMES[kind]), kind)(**given)
    return source


def _address(given: str | Path, label: str) -> str:
    text = str(given)
    if "://" not in text:
        return str(Path(text).expanduser().absolute())
    if HIDDEN in masked(text) or HIDDEN in label:
        raise UsageError(f"{masked(text)}: a queue keeps no password: {_ADVICE}")
    return text
