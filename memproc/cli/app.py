"""The application, and what its commands share: options, output and exit codes.

Exit codes: 0 done, 1 stopped by a tolerance or a failure, 2 wrong use. Results go to standard output, messages to standard error.
Heavy modules are imported inside the commands, so that `--help` is quick.
"""

from __future__ import annotations

import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

from typer import Argument, Exit, Option

from memproc import __version__
from memproc.cli.help import WIDEST, Application, Commands, options_known
from memproc.cli.output import beside, json_text, print_lines
from memproc.config import Recall, Settings

if TYPE_CHECKING:
    from memproc.configuring import Configuration

FAILED, MISUSED = 1, 2
LOGGED = "{time:YYYY-MM-DDTHH:mm:ss.SSSZ} {level} {message}"
_STEERING = {code: "\ufffd" for code in (*range(0x20), *range(0x7F, 0xA0)) if chr(code) not in "\t\n"}
CONFIG = "config"
OPTION_OF = {"max_record_bytes": "max_record", "max_decompressed_bytes": "max_decompressed"}  # called otherwise than the setting
_of_application: ContextVar[dict[str, Any]] = ContextVar("of_application")  # settings given by the options before the command
_in_events: ContextVar[bool] = ContextVar("in_events", default=False)  # whether messages are JSON lines

app = Application(
    name="memproc",
    cls=Commands,
    context_settings={"max_content_width": WIDEST},
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


MergeAt = Annotated[
    float | None,
    Option(metavar="0..1", help="Merge facts whose benign differences are trusted at least this much; 0.8 in a new store."),
]
ReviewAt = Annotated[
    float | None, Option(metavar="0..1", help="The confidence from which a pair waits for review; 0.2 by default.")
]
RecallName = Annotated[
    Recall | None, Option("--recall", help="How widely to search for pairs to review; standard in a new store.", show_default=False)
]
Limit = Annotated[int | None, Option(metavar="N", min=1, help="Show at most this many.")]
Json = Annotated[bool, Option("--json", help="Print one JSON object to standard output.")]
Database = Annotated[str, Argument(metavar="DB", help="A path, or a SQLAlchemy URL.")]
Identifier = Annotated[str, Argument(metavar="ID", help="The id of a memory or of an observation.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"memproc {__version__}\n")
        raise Exit


@app.callback()
def about(
    table_prefix: Annotated[
        str | None,
        Option(
            metavar="PREFIX",
            help="The prefix of the names of the store's tables; memproc_ by default.",
        ),
    ] = None,
    table_schema: Annotated[
        str | None,
        Option(
            metavar="SCHEMA",
            help="The PostgreSQL schema of the tables; by default that of the search path.",
        ),
    ] = None,
    config: Annotated[
        str | None,
        Option(metavar="FILE", help="The file of settings; by default memproc.toml or pyproject.toml, here or in a folder above."),
    ] = None,
    version: Annotated[  # noqa: ARG001 - its own callback sees to it
        bool, Option("--version", help="Show the version and exit.", callback=_show_version, is_eager=True)
    ] = False,
) -> None:
    """Ingest memories into a database, and prove that none was lost."""
    given = {"config": config, "table_prefix": table_prefix, "table_schema": table_schema}
    _of_application.set({name: value for name, value in given.items() if value is not None})
    _in_events.set(False)


def settings_of(**given: Any) -> Settings:
    """Return the settings of this command: those that its options give, those before the command too, else what a file or the
    environment says. Options that were left out, or are None, keep that, or the value that the store was built with.
    """
    return configuration_of(**given).settings


def configuration_of(**given: Any) -> Configuration:
    """Return the settings of this command, and where each is from. Raises UsageError on a value that cannot be."""
    from memproc.configuring import configured

    asked = {name: value for name, value in given.items() if _is_given(name, value)}
    before = {name: value for name, value in _of_application.get().items() if name != CONFIG}
    return configured(_of_application.get().get(CONFIG), Path.cwd(), os.environ, {**before, **asked})


def _is_given(name: str, value: Any) -> bool:
    """Return whether an option was given, or, where that is not known, has a value."""
    options, given = options_known.get()
    option = OPTION_OF.get(name, name)
    return option in given if option in options else value is not None


def show(values: dict[str, Any], told: str, *, as_json: bool, to: str | None = None) -> None:
    """Print a result, as one JSON object or as text. `to` is the target that the command wrote to, if any."""
    if as_json:
        print_json(values, beside(to))
    else:
        beside(to).write(printable(told) + "\n")


def printable(text: str) -> str:
    r"""Return a text without the control characters that would steer a terminal: it may come from data.

    >>> printable("a\x1b[2J\tb")
    'a\ufffd[2J\tb'
    """
    return text.translate(_STEERING)


def print_json(values: dict[str, Any], stream: TextIO | None = None) -> None:
    """Print one JSON object, to standard output by default."""
    print_lines([json_text(values)], stream)


def options_before() -> list[str]:
    """Return the options that were given before the command, as they are written."""
    return [part for name, value in _of_application.get().items() for part in (f"--{name.replace('_', '-')}", value)]


def tell(message: str) -> None:
    """Print a message to standard error."""
    if _in_events.get():
        tell_event({"event": "message", "text": message})
    else:
        sys.stderr.write(printable(message) + "\n")


def tell_event(values: dict[str, Any]) -> None:
    """Print one JSON object to standard error."""
    print_lines([json_text(values)], sys.stderr)


def tell_in_events() -> None:
    """Make JSON lines of all further messages of this command."""
    _in_events.set(True)


def warn(*, is_quiet: bool = False, verbosity: int = 0, log_file: str | None = None) -> None:
    """Write the warnings of the library to standard error, with a `verbosity` of 1 what it does too, and of 2 each batch; all of
    that, with the time, also to the end of a log file. Raises OSError if that cannot be written.

    The values of variables, which loguru adds to a traceback, are in neither: they are memories, and secrets.
    """
    from loguru import logger

    logger.remove()
    if not is_quiet:
        level = ("WARNING", "INFO", "DEBUG")[min(verbosity, 2)]
        logger.add(lambda message: tell(message.rstrip("\n")), level=level, format="{message}", diagnose=False)
    if log_file is not None:
        logger.add(log_file, level="DEBUG", format=LOGGED, encoding="utf-8", diagnose=False)
    logger.enable("memproc")
