"""What a job may read: files that were sent, files below the roots of the server, and what its hosts answer over https.

Rules: a path is told from its root, without `..`, and nothing on it may be a link that leads out. A source that may not be read is
told as one that is not there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from memproc.masking import masked
from memproc.references import REFERENCE
from memproc.service.given import SourceGiven
from memproc.service.rest.callers import Caller
from memproc.service.rest.filing import path_of
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.routes.uploads import upload_of
from memproc.service.serving import Serving
from memproc.sources.rest.addresses import RefusedError, host_of
from memproc.sources.rest.pages import RestPages
from memproc.store.access.access import Access

_ADVICE = "ask who runs the server which folders and hosts jobs may read, or send the file to /api/v1/uploads"


def source_of(serving: Serving, access: Access, caller: Caller, given: SourceGiven, records: str | None) -> str | RestPages:
    """Return a source as the queue takes it; `records` leads to the list in what a URL answers. Raises a problem where it may
    not be read, NotFoundError where no file is there.
    """
    if given.upload is not None:
        return str(path_of(serving, upload_of(access, caller, given.upload)))
    if given.path is not None:
        return str(file_below(serving.folders, given.path))
    return RestPages(_url_of(tuple(serving.hosts), given.url or ""), records)


def file_below(roots: Sequence[Path], given: str) -> Path:
    """Return the file that a path below one of some roots leads to. Raises a problem where there is none."""
    path = Path(given)
    if ".." not in path.parts and "\0" not in given:
        for root in roots:
            found = _resolved(root / path)
            if found is not None and found.is_relative_to(root) and found.is_file():
                return found
    raise ProblemError(404, "source-missing", f"path {given[:200]!r}: there is no such file that jobs may read: {_ADVICE}")


def _resolved(path: Path) -> Path | None:
    try:
        return path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None


def _url_of(hosts: Sequence[str], given: str) -> str:
    try:
        host, port = host_of(given)
    except RefusedError as error:
        raise ProblemError(422, "source-refused", f"url: {error}") from error
    if not given.startswith("https://") or not {host, f"{host}:{port}"} & {*hosts} or (host in hosts and port != 443):  # noqa: PLR2004
        raise ProblemError(404, "source-missing", f"url: {host} is no host that jobs may ask over https: {_ADVICE}")
    if REFERENCE.search(unquote(given)):
        raise ProblemError(422, "source-refused", "url: it names a variable or a keyring of the server, which clients may not read")
    return given


def shown_source(serving: Serving, given: str | Mapping[str, Any]) -> str:
    """Return a source of a queued job as clients are told of it: nothing of where it lies on the server."""
    if not isinstance(given, str):
        return str(given["label"])
    if "://" in given:
        return masked(given)
    path = Path(given)
    if serving.uploads is not None and path.is_relative_to(serving.uploads):
        return path.name
    return next((str(path.relative_to(root)) for root in serving.folders if path.is_relative_to(root)), path.name)


def without_places(serving: Serving, text: str) -> str:
    """Return a message without the folders of the server."""
    folders = [*serving.folders, *([serving.uploads] if serving.uploads is not None else [])]
    for folder in folders:
        text = text.replace(f"{folder}/", "")
    return text
