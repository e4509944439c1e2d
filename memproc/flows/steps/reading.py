"""What all steps say that read records: where they are, and how they are written."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import Field

from memproc.config import Settings
from memproc.configuring import changed_settings
from memproc.errors import UsageError
from memproc.flows.step import At, Options, Switch, Text, Texts
from memproc.ingestion.opening import Asked
from memproc.sources.databases.faces import SqlTable
from memproc.sources.remote import Remote


class Reading(Options):
    """What is read, and how."""

    from_: Texts = Field(
        alias="from", description="A path, or a list of them: files, folders, patterns, archives; with `table` a database."
    )
    format: Text | None = Field(None, description="The format of the records; by default told by their shape.")
    mapping: Text | None = Field(None, description="The path of a mapping file.")
    namespace: Text | None = Field(None, description="Whose the records are that do not say so.")
    source: Text | None = Field(None, description="The system that records come from that do not say so.")
    include: list[str] = Field(default_factory=list, description="What of the format is read only on request.")
    records: Text | None = Field(None, description="Where in a JSON object the list of records is, as in `data.items`.")
    delimiter: Text | None = Field(None, description="What stands between the cells of a table.")
    encoding: Text | None = Field(None, description="The encoding of texts that are not UTF-8.")
    allow_pickle: Switch = Field(False, description="Whether the data in pickles are read.")
    table: Text | None = Field(None, description="The table of the database that `from` names.")
    key: list[str] = Field(default_factory=list, description="The columns that tell its rows apart.")
    settings: dict[str, Any] = Field(
        default_factory=dict, description="Settings of memproc for this step, as in its file of settings: `max_errors: 2%`."
    )

    def asked(self) -> Asked:
        """Return how the files are written."""
        return Asked(self.format, self.records, self.delimiter, self.encoding, self.allow_pickle)

    def what(self, at: At) -> list[Path | Remote]:
        """Return what is read."""
        given = [self.from_] if isinstance(self.from_, str) else self.from_
        if self.table is not None:
            return [SqlTable(str(at.place(one)), self.table, key=self.key) for one in given]
        if "-" in given:
            raise UsageError("from: a flow has no standard input: name a file")
        return [at.path(one) for one in given]

    def mapping_file(self, at: At) -> Path | None:
        """Return the mapping file."""
        return None if self.mapping is None else at.path(self.mapping)

    def settings_of(self, at: At) -> Settings:
        """Return the settings of the store with those of the step in place of its own."""
        return changed_settings(at.store.settings, self.settings, f"the settings of {self.id}")
