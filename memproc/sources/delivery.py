"""One file that may hold records, and how messages name it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import NamedTuple

from memproc.sources.labels import path_shown
from memproc.sources.members import Opens
from memproc.sources.tables.kinds import Kind


class Delivery(NamedTuple):
    """One file that may hold records. `name` ends as what is in it does, `path` is the file on disk that it lies in, None for a
    pipe. `size` is that of what is read, if it is known. `is_named` tells that it was given by itself, `is_once` that it can be
    opened only once, `is_plain` that it is a file on disk as it lies there. `kind` is that of a file of tables, `table` the one
    that is meant where there may be several. `is_remote` tells that it is no file at all, but stands for a remote source.
    """

    label: str
    name: str
    opens: Opens
    path: Path | None = None
    size: int | None = None
    is_named: bool = True
    is_once: bool = False
    is_plain: bool = False
    kind: Kind | None = None
    table: str | None = None
    is_remote: bool = False

    @property
    def shown(self) -> str:
        """Return how messages name the file."""
        return path_shown(self.path) if self.is_plain and self.is_named else self.label

    @property
    def suffix(self) -> str:
        """Return what the name ends with, in lower case."""
        return PurePosixPath(self.name).suffix.lower()

    @property
    def stem(self) -> str:
        """Return the last part of the name, without its suffix."""
        return PurePosixPath(self.name).stem

    @property
    def place(self) -> str:
        """Return the path of the file on disk, or within its archive, without its suffix."""
        is_on_disk = self.path is not None and self.name and self.path.name.startswith(self.name)
        path = self.path.absolute().with_name(self.name).as_posix() if self.path is not None and is_on_disk else f"/{self.name}"
        return path[: len(path) - len(self.suffix)]
