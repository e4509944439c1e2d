"""The documentation does what it shows: code prints what the page says, links lead somewhere, no public name is missing."""

from __future__ import annotations

import ast
import doctest
import inspect
import io
import re
import shlex
import shutil
import sys
from collections import defaultdict
from contextlib import redirect_stdout
from importlib import import_module
from itertools import zip_longest
from typing import NamedTuple, get_args, get_origin, get_type_hints

import pytest
from datasketch import MinHash

import memproc
from memproc import errors
from tests.command_line import run_memproc
from tests.conftest import ROOT

REFERENCE = ROOT / "docs/reference"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
SHOWN_WHOLE = ("README.md", "first-store.md")
"""Pages that show the output of every command and of every print."""

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", re.MULTILINE)
OF_THIS_RUN = (
    (re.compile(r"in [\d.]+ s \([\d,]+ records/s, [\d,]+ MB\)"), "in SECONDS"),
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.(?!000000)\d{6}Z"), "NOW"),
)
LINK = re.compile(r"\]\(([^)#\s]*)(#[^)\s]*)?\)")
CODE = re.compile(r"^```.*?^```|(`+)[^`].*?\1", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (`.*?) \|(.*)\|$", re.MULTILINE)
MODULES_WITH_EXAMPLES = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in (ROOT / "memproc").rglob("*.py")
    if ">>> " in path.read_text()
)


class Step(NamedTuple):
    """A Python block or a memproc command of a page, and the output that the page shows for it."""

    kind: str
    text: str
    shown: str


def steps_of(page):
    """Yield the Python blocks and the memproc commands of a page, in order."""
    text = page.read_text()
    blocks = list(BLOCK.finditer(text))
    for block, following in zip_longest(blocks, blocks[1:]):
        kind, code = block.groups()
        if kind == "python":
            is_output = following and following[1] == "text" and not text[block.end() : following.start()].strip()
            yield Step(kind, code, following[2] if is_output else "")
        elif kind == "console":
            yield from commands_of(code)


def commands_of(block):
    """Yield those lines of a console block that end by calling memproc."""
    for line, shown in COMMAND.findall(block):
        program, *arguments = line.rpartition("&& ")[2].split(" ", 1)
        if program.rpartition("/")[2] == "memproc":
            yield Step("command", *arguments, shown)


@pytest.mark.parametrize("page", [page for page in PAGES if list(steps_of(page))], ids=lambda page: page.name)
def test_the_code_of_a_page_runs_and_prints_what_is_shown(page, tmp_path, monkeypatch):
    """In order, in one namespace, in an empty folder beside the fixtures."""
    shutil.copytree(ROOT / "fixtures", tmp_path / "fixtures")
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}
    is_whole = page.name in SHOWN_WHOLE
    for step in steps_of(page):
        if step.kind == "python":
            run_python(step, namespace, is_whole=is_whole)
        else:
            code, out, told = run_memproc(*shlex.split(step.text, comments=True))
            assert code == 0, (step.text, told)
            if step.shown or is_whole:
                assert is_as_shown(out, step.shown), f"{step.text} prints\n{out}"


def run_python(step, namespace, *, is_whole):
    """Run a block, and compare what it prints with its comments and with the output shown behind it."""
    printed = defaultdict(list)

    def record(*values, sep=" "):
        text = sep.join(map(str, values))
        printed[sys._getframe(1).f_lineno].append(text)
        sys.stdout.write(text + "\n")

    namespace["print"] = record
    with redirect_stdout(io.StringIO()) as out:
        exec(compile(step.text, "page", "exec"), namespace)
    if step.shown:
        assert is_as_shown(out.getvalue(), step.shown), f"{step.text} prints\n{out.getvalue()}"
    for line, comment in prints_of(step.text):
        assert comment or step.shown or not is_whole, f"the page does not show what line {line} prints: {printed[line]}"
        if comment:
            assert printed[line], f"line {line} prints nothing: {step.text}"
            assert all(is_as_shown(text, comment) for text in printed[line]), (comment, printed[line])


def prints_of(code):
    """Yield the line of each print in a block, and the comment behind it."""
    lines = code.splitlines()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print":
            yield node.lineno, lines[node.end_lineno - 1].partition("  # ")[2]


def is_as_shown(printed, shown):
    """Whether both are equal but for times; a line `...` stands for any lines, and `...` at the end of one for its rest."""
    for pattern, name in OF_THIS_RUN:
        printed, shown = pattern.sub(name, printed), pattern.sub(name, shown)
    wanted = "".join("(?:.*\n)*" if line == "..." else pattern_of(line) + " *\n" for line in shown.splitlines())
    return bool(re.fullmatch(wanted, "".join(line + "\n" for line in printed.splitlines())))


def pattern_of(line):
    """Return what matches a line that may leave out its end."""
    start = line.removesuffix("...")
    return re.escape(start) + (".*" if start != line else "")


@pytest.mark.parametrize(
    ("printed", "shown", "is_equal"),
    [
        ("27 memories\n", "27 memories\n", True),
        ("27 memories\n", "28 memories\n", False),
        ("27 memories\n", "27 memories\nand more\n", False),
        ("27 memories\nand more\n", "27 memories\n", False),
        ("27 memories\nand more\n", "27 memories\n...\n", True),
        ("a\nb\nc\n", "...\nc\n", True),
        ("a\nb\nd\n", "...\nc\n", False),
        ("one, two\n", "one, ...\n", True),
        ("two, one\n", "one, ...\n", False),
        ("in 0.17 s (243 records/s, 94 MB)\n", "in 12.00 s (1,243 records/s, 94 MB)\n", True),
        ("read at 2026-01-01T10:00:00.123456Z\n", "read at 2025-01-01T10:00:00.654321Z\n", True),
        ("said at 2026-01-01T10:00:00.000000Z\n", "said at 2025-01-01T10:00:00.000000Z\n", False),
        ("a.c\n", "a.c\n", True),
        ("abc\n", "a.c\n", False),
    ],
)
def test_what_is_shown_is_compared_but_for_times(printed, shown, is_equal):
    """And but for what the page leaves out by three dots."""
    assert is_as_shown(printed, shown) is is_equal


def entries_of_the_reference():
    """Return the names that the tables of the Python reference explain, each with the rest of its row."""
    rows = ROW.findall((ROOT / "docs/reference/api.md").read_text())
    return {name: rest for cell, rest in rows for name in re.findall(r"`(\w+)", cell)}


def test_every_public_name_is_in_the_python_reference():
    """Also the errors that are not imported from the top."""
    raised = {name for name, value in vars(errors).items() if inspect.isclass(value) and issubclass(value, errors.MemprocError)}
    assert {*memproc.__all__, *raised} - entries_of_the_reference().keys() == set()


def signatures_of_the_reference():
    """Yield the functions and methods of the Python reference, each with its parameters."""
    text = (ROOT / "docs/reference/api.md").read_text()
    for name, parameters in re.findall(r"^memproc\.(\w+)\((.*?)\) ->", text, re.MULTILINE | re.DOTALL):
        yield pytest.param(getattr(memproc, name), parameters, id=name)
    for name, parameters in re.findall(r"^\| `(\w+)\((.*?)\)` \|", text, re.MULTILINE):
        yield pytest.param(getattr(memproc.Store, name), f"self, {parameters}", id=f"Store.{name}")


@pytest.mark.parametrize(("function", "parameters"), list(signatures_of_the_reference()))
def test_the_parameters_in_the_python_reference_are_right(function, parameters):
    """By name, order and default; `...` stands for filters."""
    told = ast.parse(f"def function({parameters.replace('...', '**filters')}): pass").body[0].args
    kept = inspect.signature(function).parameters.values()
    assert [one.arg for one in told.args] == [one.name for one in kept if one.kind is one.POSITIONAL_OR_KEYWORD]
    assert [one.arg for one in told.kwonlyargs] == [one.name for one in kept if one.kind is one.KEYWORD_ONLY]
    assert bool(told.kwarg) is any(one.kind is one.VAR_KEYWORD for one in kept)
    defaults = [ast.unparse(default) for default in (*told.defaults, *told.kw_defaults) if default]
    assert defaults == [getattr(one.default, "__name__", repr(one.default)) for one in kept if one.default is not one.empty]


def hints_of(function):
    """Return the types of a function, of which datasketch's is imported for type checkers only."""
    return get_type_hints(function, localns={"MinHash": MinHash})


def test_whatever_a_public_function_returns_is_in_the_python_reference():
    """With the types of its fields, and each field by its name."""
    entries = entries_of_the_reference()
    methods = [value for name, value in inspect.getmembers(memproc.Store, inspect.isfunction) if name in entries]
    functions = [value for name in memproc.__all__ if inspect.isfunction(value := getattr(memproc, name))]
    returned = {kind for function in [*functions, *methods] for kind in types_in(hints_of(function)["return"])}
    assert len(returned) > 20
    names = {kind.__name__ for kind in returned}
    assert (names - entries.keys(), names - set(memproc.__all__)) == (set(), set())
    for kind in returned:
        entry = entries[kind.__name__]
        pages = [(REFERENCE / link).read_text() for link in re.findall(r"\(([\w-]+\.md)", entry)]
        assert fields_of(kind) - set(re.findall(r"\w+", "".join([entry, *pages]))) == set(), kind


def types_in(hint):
    """Return the types of memproc in a hint, and in those of their fields."""
    kind = get_origin(hint) or hint
    if getattr(kind, "__module__", "").startswith("memproc.") and inspect.isclass(kind):
        fields = get_type_hints(kind).values() if fields_of(kind) else ()
        return {kind}.union(*map(types_in, fields))
    return set().union(*map(types_in, get_args(hint)))


def fields_of(kind):
    """Return the names of the public fields of a dataclass."""
    names = getattr(kind, "__dataclass_fields__", ())
    return {name for name in names if not name.startswith("_")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_links_of_a_page_lead_somewhere(page):
    """Those within the project: to a file that is there, and to a heading that it has."""
    text = CODE.sub("", page.read_text())
    links = LINK.findall(text)
    assert len(links) == text.count("]("), "a link is written in a way that is not looked at here"
    for target, anchor in links:
        if not target.startswith("http"):
            there = page.parent / target if target else page
            assert there.exists(), target
            assert not anchor or anchor.removeprefix("#") in anchors_of(there), f"{target}{anchor}"


def test_the_readme_names_every_how_to():
    """Each once, in the groups of the site."""
    listed = re.findall(r"\]\((docs/how-to/[\w-]+\.md)\)", (ROOT / "README.md").read_text().partition("\n## More\n")[2])
    assert sorted(listed) == sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("docs/how-to/*.md"))
    in_nav = re.findall(r"^          - (how-to/[\w-]+\.md)$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)
    assert [f"docs/{name}" for name in in_nav] == listed


def anchors_of(page):
    """Return the names that the headings of a page have; what is no page has none."""
    if page.suffix != ".md":
        return set()
    text = BLOCK.sub("", page.read_text())
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("name", MODULES_WITH_EXAMPLES)
def test_the_examples_in_docstrings_are_right(name):
    """As doctests."""
    found = doctest.testmod(import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
