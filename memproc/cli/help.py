"""How `--help` is laid out: commands and options in the groups of `help_groups`, with whole summaries and examples.

Plain text: importing what would colour it takes longer than all the rest of `memproc --help`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from typer import BadParameter, Typer
from typer.core import TyperCommand, TyperGroup

from memproc.cli.help_groups import COMMANDS, EXAMPLES, FIRST, FIRST_WITHIN, OPTIONS

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter
    from typer.models import CommandFunctionType

UNGROUPED = "Options"
options_known: ContextVar[tuple[frozenset[str], frozenset[str]]] = ContextVar("options_known", default=(frozenset(), frozenset()))
WIDEST = 100  # columns


def groups_of(command: str, options: Iterable[str]) -> dict[str, list[str]]:
    """Return the options of a command by their groups, in the order in which they are shown. `--help` ends the last group.

    >>> groups_of("retry", ["--code", "--from", "--json", "--help"])
    {'Options': ['--from'], 'Which records': ['--code'], 'Output': ['--json', '--help']}
    >>> groups_of("stats", ["--json", "--help"])
    {'Options': ['--json', '--help']}
    """
    left = list(options)
    if command not in FIRST:
        return {UNGROUPED: left}
    found = {}
    for group, names in ((UNGROUPED, FIRST[command]), *OPTIONS.items()):
        if own := [name for name in names if name in left]:
            found[group] = own
            left = [name for name in left if name not in own]
    found.setdefault("Output", []).extend(left)
    return found


class Command(TyperCommand):
    """A command whose options are shown in groups, and its examples after them."""

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Read the arguments; what is said of a wrong one is without the words that pydantic puts before it."""
        try:
            return super().parse_args(ctx, args)
        except BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise

    def invoke(self, ctx: Context) -> Any:
        """Run the command, and keep which of its options were given: the others may have a value in a file or a variable."""
        given = {name for name in ctx.params if (source := ctx.get_parameter_source(name)) and source.name == "COMMANDLINE"}
        options_known.set((frozenset(ctx.params), frozenset(given)))
        return super().invoke(ctx)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the arguments, then the groups of options."""
        params = self.get_params(ctx)
        _write(formatter, "Arguments", [_record(one, ctx) for one in params if one.param_type_name == "argument"])
        options = {one.opts[0]: _record(one, ctx) for one in params if one.param_type_name == "option"}
        for group, names in groups_of(path_of(ctx), options).items():
            _write(formatter, group, [options[name] for name in names])

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the examples, each in one line that can be pasted."""
        _write_examples(formatter, path_of(ctx))


class Commands(TyperGroup):
    """The commands in groups, by what people do, each with the whole first sentence of its help."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the groups of commands, then the options that go before a command."""
        for group, names in COMMANDS.items():
            _write(formatter, group, [(name, summary(self.commands[name].help)) for name in names if name in self.commands])
        named = {name for names in COMMANDS.values() for name in names}
        _write(formatter, "Others", [(name, summary(one.help)) for name, one in self.commands.items() if name not in named])
        _write(formatter, UNGROUPED, [_record(one, ctx) for one in self.get_params(ctx)])


class Family(TyperGroup):
    """A command that is nothing but a name for commands of its own."""

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:  # noqa: ARG002 - the parameters are typer's
        """Write the commands, each with the whole first sentence of its help."""
        _write(formatter, "Commands", [(name, summary(one.help)) for name, one in self.commands.items()])

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the examples, each in one line that can be pasted."""
        _write_examples(formatter, path_of(ctx))


class Group(TyperGroup):
    """A command that has commands of its own, the first of which is meant where none is named."""

    @property
    def default(self) -> str:
        """The name of the command that is meant."""
        return next(iter(self.commands))

    def parse_args(self, ctx: Context, args: list[str]) -> list[str]:
        """Put the name of the command in where none stands, but for `--help` alone."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = [self.default, *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write what the command takes that is meant, then the others."""
        meant = self.commands[self.default]
        meant.format_options(meant.context_class(meant, parent=ctx, info_name=self.default), formatter)
        first = [name for name in FIRST_WITHIN.get(path_of(ctx), ()) if name in self.commands]
        shown = dict.fromkeys([*first, *self.commands])
        _write(formatter, "Commands", [(name, summary(self.commands[name].help)) for name in shown])

    def format_epilog(self, ctx: Context, formatter: HelpFormatter) -> None:
        """Write the examples of the command that is meant."""
        _write_examples(formatter, path_of(ctx))


class Application(Typer):
    """A typer application whose commands are laid out like this."""

    def command(self, *arguments: Any, **options: Any) -> Callable[[CommandFunctionType], CommandFunctionType]:
        """Register a function as a command."""
        return super().command(*arguments, cls=Command, **options)


def path_of(ctx: Context) -> str:
    """Return what a command is called behind the name of the program: `jobs`, `jobs submit`."""
    names = list[str]()
    while ctx.parent is not None:
        names.append(ctx.info_name or "")
        ctx = ctx.parent
    return " ".join(reversed(names))


def summary(told: str | None) -> str:
    """Return the first sentence of a help text, whole.

    >>> summary("List the pairs, oldest first. Exit with 1 if there are none.")
    'List the pairs, oldest first.'
    """
    whole = " ".join((told or "").split())
    first, end, _ = whole.partition(". ")
    return f"{first}." if end else whole


def _record(parameter: Any, ctx: Context) -> tuple[str, str]:
    name, told = parameter.get_help_record(ctx)
    return name, told


def _write(formatter: HelpFormatter, title: str, rows: Sequence[tuple[str, str]]) -> None:
    if rows:
        with formatter.section(title):
            formatter.write_dl(rows)


def _write_examples(formatter: HelpFormatter, path: str) -> None:
    examples = EXAMPLES.get(path, ())
    with formatter.section("Examples" if len(examples) > 1 else "Example"):
        for example in examples:
            formatter.write(f"  {example.wanted}:\n    {example.command}\n")
