"""How sources are read: the options of all commands that read some, and what is made of them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from memproc.cli.option_groups import given_in
from memproc.cli.options import Written
from memproc.cli.remotes import Following, FromDatabase, Retries, given_by
from memproc.cli.rest_options import FromWeb, pages_of
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.formats.draft import Context
    from memproc.ingestion.opening import Asked
    from memproc.sources.remote import Remote

_URL = re.compile(r"https?://", re.IGNORECASE)
ANEW = Following()  # everything is read each time


class HowRead(NamedTuple):
    """Databases, web APIs and files, in the order in which a command to run next shows it."""

    database: FromDatabase = FromDatabase()
    retries: Retries = None
    web: FromWeb = FromWeb()
    written: Written = Written()

    @property
    def dates(self) -> dict[str, Any]:
        """The settings of how dates are read."""
        return self.written.dates.settings

    @property
    def include(self) -> Sequence[str]:
        """What a format reads only on request."""
        return self.written.include or ()

    def mapping(self) -> Mapping[str, str]:
        """Return where fields are. Raises as `Mapped.found` does."""
        return self.written.mapped.found()

    def context(self, source: str | None = None) -> Context:
        """Return what a format is told beside the records."""
        from memproc.formats.draft import Context
        from memproc.intake import clean_name

        return Context(clean_name(source, "source"), frozenset(self.include), self.mapping())

    def arguments(self, asked: Asked) -> dict[str, Any]:
        """Return what `ingest`, `migrate` and `judge` are told, by the names of their arguments."""
        written = {name: value for name, value in asked._asdict().items() if name in Written._fields}
        return {**written, "mapping": self.mapping(), "include": self.include}

    def given(self, what: Sequence[str], following: Following = ANEW) -> tuple[list[Path | Remote], Asked]:
        """Return what a command reads, and how files are written: the web API, or the paths and other sources that are named.

        Raises UsageError if the options do not fit together.
        """
        asked = self.written.asked
        if not any(map(is_web, what)):
            of_web = [*given_in(self.web), *([] if following.since_param is None else ["--since-param"])]
            if of_web:
                raise UsageError(f"{', '.join(of_web)}: give the URL of a web API, as in https://api.example.org/v1/memories")
            return given_by(what, self.database, following, self.retries), asked
        if len(what) > 1:
            raise UsageError("a web API is read by itself: give one URL, and other sources by another command")
        if given_in(self.database):
            of_databases = "--table, --query, --key, --db-schema and --statement-seconds are for databases"
            raise UsageError(f"{of_databases}: leave them out, or give the URL of one")
        pages = pages_of(what[0], asked.records, self.web, following, self.retries)
        return [pages], asked._replace(records=None)


def is_web(what: str) -> bool:
    """Return whether a web API is named."""
    return _URL.match(what) is not None
