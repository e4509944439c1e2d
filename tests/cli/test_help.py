"""`--help`: everything is in a group, told whole, with examples that are right."""

from __future__ import annotations

import shlex

import pytest

from memproc.cli.app import app
from memproc.cli.help import UNGROUPED, groups_of, summary
from memproc.cli.help_groups import COMMANDS, EXAMPLES, FIRST, OPTIONS
from tests.command_line import built_once, run_memproc

MOST_WITHOUT_GROUPS = 12
COMMAND_LINE = built_once(app)
GROUPS = {name: command for name, command in COMMAND_LINE.commands.items() if hasattr(command, "commands")}
WITHIN = {f"{name} {own}": command for name, group in GROUPS.items() for own, command in group.commands.items()}
ALL = {**COMMAND_LINE.commands, **WITHIN}


def options_of(name):
    """Return the first name of each option of a command."""
    return [one.opts[0] for one in ALL[name].params if one.param_type_name == "option"]


def words_of(text):
    """Return a text without its line breaks and columns."""
    return " ".join(text.split())


def test_each_command_is_in_one_group():
    """And no group names one that is not there."""
    grouped = [name for names in COMMANDS.values() for name in names]
    assert sorted(grouped) == sorted(COMMAND_LINE.commands)


def test_the_commands_are_shown_in_their_groups_with_whole_summaries(monkeypatch):
    """None is cut off, however narrow the terminal."""
    monkeypatch.setenv("COLUMNS", "60")
    _, told, _ = run_memproc("--help")
    places = [told.index(f"\n{group}:\n") for group in COMMANDS]
    assert places == sorted(places)
    for name, command in COMMAND_LINE.commands.items():
        whole = summary(command.help)
        assert whole.endswith(".")
        assert f"{name} {whole}" in words_of(told)
    assert "..." not in told.partition("\n\n")[2]


@pytest.mark.parametrize("name", ALL)
def test_each_option_is_in_a_group_and_is_told_whole(name, monkeypatch):
    """Few options need no groups."""
    monkeypatch.setenv("COLUMNS", "60")
    options = options_of(name)
    groups = groups_of(name, options)
    assert sorted(option for names in groups.values() for option in names) == sorted(options)
    if name in FIRST:
        known = {*FIRST[name], *(option for names in OPTIONS.values() for option in names)}
        assert set(options) <= known
        assert set(FIRST[name]) <= set(options)
    else:
        assert len(options) <= MOST_WITHOUT_GROUPS
    _, told, _ = run_memproc(*name.split(), "--help")
    for one in ALL[name].params:
        assert one.help.endswith((".", "?")), one.name
        assert words_of(one.help) in words_of(told)


def test_no_option_of_a_group_is_gone():
    """Each is one of a command that has groups."""
    known = {option for name in FIRST for option in options_of(name)}
    assert {option for names in OPTIONS.values() for option in names} <= known


def test_ingest_shows_its_ten_common_options_first():
    """The others stand in groups with names behind them."""
    groups = list(groups_of("ingest", options_of("ingest")).items())
    assert groups[0][0] == UNGROUPED
    assert len(groups[0][1]) == 10
    assert len(groups) > 8
    _, told, _ = run_memproc("ingest", "--help")
    assert told.index("--into DB") < told.index("--resume") < told.index("Databases:") < told.index("--table NAME")


EXAMPLES_SHOWN = [pytest.param(name, one.command, id=f"{name}-{at}") for name in EXAMPLES for at, one in enumerate(EXAMPLES[name])]


@pytest.mark.parametrize(("name", "command"), EXAMPLES_SHOWN)
def test_the_examples_can_be_pasted(name, command):
    """In one line of the help, with options that the command has and values that it takes."""
    assert f"\n    {command}\n" in run_memproc(*name.split(), "--help")[1]
    program, *words = shlex.split(command)
    names = name.split()
    assert (program, words[: len(names)]) == ("memproc", names)
    arguments, meant = words[len(names) :], ALL[name]
    while hasattr(meant, "commands"):
        own = arguments.pop(0) if arguments[0] in meant.commands else meant.default
        name, meant = f"{name} {own}", meant.commands[own]
    meant.make_context(name, arguments)


def test_each_command_has_an_example():
    """And there is none of another."""
    assert EXAMPLES.keys() == ALL.keys()
