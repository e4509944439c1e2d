"""Groups of options: typer sees each option, the command gets the group."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import pytest
import typer
from typer.testing import CliRunner

from memproc.cli.option_groups import as_written, given_in, grouped

Name = Annotated[str | None, typer.Option("--name", help="A name.")]


class Inner(NamedTuple):
    """A group within a group."""

    tags: Annotated[list[str] | None, typer.Option("--tag")] = None
    at_most: Annotated[float, typer.Option()] = 2.0


class Outer(NamedTuple):
    """A group."""

    name: Name = None
    inner: Inner = Inner()
    is_first: Annotated[bool | None, typer.Option("--first/--last")] = None


def one_by_one(
    what: Annotated[str, typer.Argument(metavar="WHAT")],
    name: Name = None,
    tags: Annotated[list[str] | None, typer.Option("--tag")] = None,
    at_most: Annotated[float, typer.Option()] = 2.0,
    is_first: Annotated[bool | None, typer.Option("--first/--last")] = None,
    count: Annotated[int, typer.Option(help="How many.")] = 3,
) -> None:
    """Do it."""


def told(
    what: Annotated[str, typer.Argument(metavar="WHAT")], outer: Outer, count: Annotated[int, typer.Option(help="How many.")] = 3
) -> None:
    """Do it."""
    typer.echo(repr((what, outer, count)))


def application(command, name="told"):
    """Return an application of one command."""
    app = typer.Typer()
    app.command(name)(command)
    return app


def parts_of(app):
    """Return what typer knows of the parameters of a command."""
    return [
        (one.name, one.opts, one.secondary_opts, one.default, one.multiple, one.required, one.help, one.type_descriptor.annotation)
        for one in typer.main.get_command(app).params
    ]


def test_typer_sees_the_options_of_a_group():
    """Just as if the command had them one by one."""
    apart, together = application(one_by_one), application(grouped(told))
    assert parts_of(together) == parts_of(apart)
    assert CliRunner().invoke(together, ["--help"]).output == CliRunner().invoke(apart, ["--help"]).output


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], Outer()),
        (["--name", "a", "--last"], Outer("a", Inner(), is_first=False)),
        (
            ["--tag", "x", "--tag", "y z", "--at-most", "1234567.5", "--first"],
            Outer(None, Inner(["x", "y z"], 1234567.5), is_first=True),
        ),
    ],
)
def test_a_command_is_given_the_group(options, expected):
    """With the values of its options, which can be written again."""
    assert CliRunner().invoke(application(grouped(told)), ["this", *options]).output == f"{('this', expected, 3)!r}\n"
    assert as_written(expected) == options


def test_what_was_given_is_told_by_the_names_of_options():
    """A zero was given, too."""
    assert given_in(Outer("", Inner(None, 0.0))) == {"--name": "", "--at-most": 0.0}


def test_two_options_of_one_name_are_refused():
    """Not one of them left out."""

    def twice(outer: Outer, name: Name = None) -> None: ...

    with pytest.raises(ValueError, match="duplicate parameter name: 'name'"):
        grouped(twice)
