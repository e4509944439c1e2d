"""What the groups of public methods share."""

from __future__ import annotations

from typing import Generic

from memproc.config import Policy, Settings
from memproc.records import M, Plain
from memproc.store.changes.writer import Writer
from memproc.store.opened import OpenStore
from memproc.validation import restore


class Face(Generic[M]):
    """A group of methods of an open store whose memories are of the class `schema`."""

    _opened: OpenStore
    _writer: Writer
    schema: type[M]

    @property
    def settings(self) -> Settings:
        """The settings the store was opened with."""
        return self._opened.settings

    @property
    def policy(self) -> Policy:
        """The settings the store was built with."""
        return self._opened.policy

    @property
    def url(self) -> str:
        """Where the store is, without passwords."""
        return self._opened.url

    def _to_memory(self, plain: Plain) -> M:
        return restore(plain, self.schema)
