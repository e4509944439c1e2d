"""The options of commands that read records, and what they say."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, NamedTuple

from typer import Argument, Option

from memproc.config import DEEPEST, SECRET_KINDS, Secrets, Settings
from memproc.errors import UsageError

if TYPE_CHECKING:
    from memproc.ingestion.opening import Asked
    from memproc.records import Memory

MAX_FIELDS, MAX_DEPTH = Settings().max_fields, DEEPEST  # the defaults of the settings
File = Annotated[str, Argument(metavar="FILE", help="A file, folder or archive, a database, a web API; - is standard input.")]
MaxFields = Annotated[int, Option(metavar="N", help="How many names a memory may have, at all levels.")]
MaxDepth = Annotated[int, Option(metavar="N", help=f"How deeply metadata may be nested; at most {DEEPEST}.")]
FormatName = Annotated[
    str | None, Option("--format", metavar="NAME", help="The format of the records; detected from their shape by default.")
]
AsOf = Annotated[str | None, Option(help="The date that the source gives for itself.")]
Include = Annotated[list[str] | None, Option("--include", metavar="KIND", help="What a format reads only on request.")]
Namespace = Annotated[str | None, Option(metavar="TEXT", help="Whose memories these are, for records that do not say.")]
SourceName = Annotated[
    str | None, Option("--source", metavar="TEXT", help="The system that the records come from, for records that do not say.")
]
Schema = Annotated[str | None, Option("--schema", metavar="MODULE:CLASS", help="A subclass of Memory of your own.")]

FirstOnly = Annotated[int | None, Option("--limit", metavar="N", min=1, help="Read the first N records only.")]

Gate = Annotated[
    Path | None,
    Option("--gate", metavar="FILE", help="Rules that the records and the job have to meet; exit with 1 if one is not met."),
]
ProgressForm = Literal["auto", "plain", "json", "off"]
ProgressShown = Annotated[
    ProgressForm,
    Option(
        "--progress",
        help="On standard error: plain lines, JSON lines, or nothing; auto renews two lines on a terminal, and is plain elsewhere.",
    ),
]
Verbose = Annotated[
    int,
    Option("--verbose", "-v", count=True, help="Tell on standard error what is done; -vv also of each batch.", show_default=False),
]
LogFile = Annotated[
    str | None,
    Option("--log-file", metavar="FILE", help="Write what is done and each batch, with the time, to the end of this file."),
]
Quiet = Annotated[bool, Option("--quiet", "-q", help="Print errors only, and with --json the JSON object.")]


class Hiding(NamedTuple):
    """What is kept out of messages, and out of a store."""

    redact: Annotated[bool, Option("--redact", help="Keep what records hold out of messages.")] = False
    secrets: Annotated[
        Secrets, Option("--secrets", help="Keys, passwords, card numbers: tag or quarantine the record, or redact it.")
    ] = "off"
    secret_kinds: Annotated[
        list[str] | None, Option("--secret-kinds", metavar="KIND", help=f"What else is a secret: {', '.join(SECRET_KINDS)}.")
    ] = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that they are."""
        return {**self._asdict(), "secret_kinds": tuple(self.secret_kinds or ())}


class Dated(NamedTuple):
    """How dates are read."""

    date_format: Annotated[
        list[str] | None,
        Option("--date-format", metavar="FORMAT", help="How dates are written that have no other reading, as in %d.%m.%y."),
    ] = None
    day_first: Annotated[
        bool | None, Option("--day-first/--month-first", help="Which it is in dates of two numbers and a year.", show_default=False)
    ] = None

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that they are."""
        return {"date_format": tuple(self.date_format or ()), "day_first": self.day_first}


class Mapped(NamedTuple):
    """Where fields are."""

    map_field: Annotated[
        list[str] | None, Option("--map", metavar="FIELD=PATH", help="Where to find a field, as in content=body.text.")
    ] = None
    mapping: Annotated[
        Path | None, Option("--mapping", metavar="FILE", help="A mapping file: where fields are, and what becomes of their values.")
    ] = None

    def found(self) -> Mapping[str, str]:
        """Return the mapping. Raises UsageError if a pair is not FIELD=PATH, or there is a file too, and what reading it raises."""
        from memproc.formats.usual_names import USUAL_NAMES

        if self.mapping is not None:
            from memproc.sources.mapping_files import load_mapping

            if self.map_field:
                raise UsageError("give --mapping or --map, not both: a line of the file says what --map does")
            return load_mapping(self.mapping)
        mapping = {}
        for pair in self.map_field or ():
            name, is_given, path = pair.partition("=")
            if not is_given or not path or name not in USUAL_NAMES:
                raise UsageError(f"--map {pair}: give FIELD=PATH, FIELD being one of {', '.join(USUAL_NAMES)}")
            mapping[name] = path
        return mapping


class Written(NamedTuple):
    """How the records of files are written, and where fields and dates are in them."""

    format: FormatName = None
    records: Annotated[str | None, Option(metavar="PATH", help="The list of records in a JSON object, as in data.items.")] = None
    delimiter: Annotated[
        str | None, Option(metavar="CHAR", help="What stands between the cells of a table; found in its first lines by default.")
    ] = None
    encoding: Annotated[str | None, Option(metavar="NAME", help="The encoding of texts that are not UTF-8, as in cp1252.")] = None
    allow_pickle: Annotated[bool, Option("--allow-pickle", help="Read pickles: the data in them; what runs code is refused.")] = (
        False
    )
    mapped: Mapped = Mapped()
    dates: Dated = Dated()
    include: Include = None

    @property
    def asked(self) -> Asked:
        """What opening them is told."""
        from memproc.ingestion.opening import Asked

        return Asked(self.format, self.records, self.delimiter, self.encoding, self.allow_pickle)


def schema_of(named: str | None) -> type[Memory]:
    """Return the class that --schema names, which may be in a module of the current folder. Raises UsageError if there is none."""
    from importlib import import_module

    from memproc.records import Memory

    if named is None:
        return Memory
    module, _, name = named.partition(":")
    if not module or not name:
        raise UsageError(f"--schema {named}: give MODULE:CLASS, as in app.memories:Note")
    if "" not in sys.path:
        sys.path.insert(0, "")  # as `python -m` has it; an installed command does not
    try:
        found = getattr(import_module(module), name, None)
    except Exception as error:
        raise UsageError(f"--schema {named}: importing {module} raised {type(error).__name__}: {error}") from error
    if not (isinstance(found, type) and issubclass(found, Memory)):
        raise UsageError(f"--schema {named}: {module} has no subclass of memproc.Memory named {name}")
    return found
