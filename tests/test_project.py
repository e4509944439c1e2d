"""The project beside the package: its groups and extras, its sessions and workflows, and what pages say of them."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.conftest import ROOT
from tools.release_notes import notes

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = set(PROJECT["project"]["optional-dependencies"])
GROUPS = PROJECT["dependency-groups"]
FOR_USERS = {
    "postgres",
    "mysql",
    "dask",
    "ray",
    "qdrant",
    "neo4j",
    "falkordb",
    "semantic",
    "markdown",
    "yaml",
    "zstd",
    "parquet",
    "hdf5",
    "xlsx",
    "tables",
    "keyring",
    "rest",
    "service",
    "notify",
    "flows",
    "tqdm",
    "prometheus",
    "opentelemetry",
    "report",
    "mcp",
    "langgraph",
    "all",
}
FOLDERS = ("memproc", "tests", "examples", "benchmarks", "faults", "tools", "docs", ".ci", ".github")
TEXTS = sorted(
    path
    for folder in FOLDERS
    for path in (ROOT / folder).rglob("*")
    if path.is_file() and (path.suffix in {".py", ".md", ".yml"} or folder == ".ci")
)
TEXTS += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "noxfile.py")]
README_TESTS = "python -m pytest -n 2"


def test_the_wheel_has_the_extras_of_users_and_no_others():
    """What only who works on memproc needs stands in groups; `.ci/wheel` looks at the wheel itself."""
    assert EXTRAS == FOR_USERS
    assert (
        "extras == {" + ", ".join(f'"{name}"' for name in PROJECT["project"]["optional-dependencies"]) + "}"
        in (ROOT / ".ci/wheel").read_text()
    )


def test_the_address_of_the_project_stands_once():
    """All of its pages lie below that of the source."""
    urls = PROJECT["project"]["urls"]
    assert urls.keys() == {"Documentation", "Source", "Issues", "Changelog", "Security"}
    assert all(url.startswith(urls["Source"]) for url in urls.values())
    assert [path.name for path in TEXTS if path.suffix != ".py" and urls["Source"] in path.read_text()] == []


def test_a_group_includes_groups_that_are_there():
    """And `dev` has what the sessions have that every change runs."""
    included = {name: {item["include-group"] for item in items if isinstance(item, dict)} for name, items in GROUPS.items()}
    assert set().union(*included.values()) <= set(GROUPS)
    assert included["dev"] == {"tests", "lint", "types", "docs", "wheel"}


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_is_said_to_be_installed_is_there(path):
    """Each group after `--group`, and each extra of memproc in brackets."""
    text = path.read_text()
    assert set(re.findall(r"--group ([a-z]+)", text)) <= set(GROUPS)
    named = re.findall(r"(?:memproc-sdk|['\"]\.)\[([a-z,]+)\]", text)
    assert {extra for extras in named for extra in extras.split(",")} <= EXTRAS


def test_every_group_is_used():
    """By a session, by `.ci/run` or by another group."""
    asked = (ROOT / "noxfile.py").read_text() + (ROOT / ".ci/run").read_text()
    included = {item["include-group"] for items in GROUPS.values() for item in items if isinstance(item, dict)}
    assert {name for name in GROUPS if f'"{name}"' in asked or f"--group {name}" in asked} | included == set(GROUPS)


def test_the_page_for_contributors_lists_every_session():
    """In one table, and the four that run by themselves first."""
    sessions = re.findall(r"^@nox\.session\ndef (\w+)", (ROOT / "noxfile.py").read_text(), re.MULTILINE)
    page = (ROOT / "CONTRIBUTING.md").read_text()
    table = page[page.index("| session |") :].split("\n\n")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(sessions)


@pytest.mark.parametrize("name", ["README.md", ".ci/run", ".github/workflows/ci.yml"])
def test_the_tests_are_run_by_one_command(name):
    """A newcomer, CI here and CI of the forge run the same; what CI needs besides stands before it."""
    assert re.search(rf"{README_TESTS}$", (ROOT / name).read_text(), re.MULTILINE)


@pytest.mark.parametrize("name", [".ci/run", "noxfile.py"])
def test_a_broken_link_or_anchor_fails_the_documentation(name):
    """And is shown: mkdocs warns of both, and a warning ends it."""
    [command] = [line for line in (ROOT / name).read_text().splitlines() if "--strict" in line]
    assert "build" in command
    assert not {"quiet", "-q"} & set(re.findall(r"[\w-]+", command.replace("--", "")))
    assert len(re.findall(r"^    (?:not_found|anchors): warn$", (ROOT / "mkdocs.yml").read_text(), re.MULTILINE)) == 3


def test_what_is_claimed_of_python_is_tried():
    """Each version of the classifiers has a job."""
    classified = {line.split(" :: ")[-1] for line in PROJECT["project"]["classifiers"] if " :: 3." in line}
    [tried] = re.findall(r"python: (\[.*\])", (ROOT / ".github/workflows/ci.yml").read_text())
    assert classified <= set(re.findall(r'"(3\.\d+)"', tried))


CHANGELOG = "## [Unreleased]\n\n## [1.2.0] - 2026-01-31\n\n### Added\n\n- Do this.\n\n## [1.1.0] - 2026-01-01\n\n- Did that.\n"
PACKAGE = '"""Doc."""\n\n__version__ = "1.2.0"\n'


def test_the_notes_of_a_release_are_its_section_of_the_changelog():
    """Without its heading, and without those around it."""
    assert notes("v1.2.0", PACKAGE, CHANGELOG) == "### Added\n\n- Do this."
    assert notes("v1.1.0", PACKAGE.replace("1.2.0", "1.1.0"), CHANGELOG) == "- Did that."


@pytest.mark.parametrize(
    ("tag", "changelog", "told"),
    [
        ("v1.2.1", CHANGELOG, "the tag is v1.2.1, and the package has version 1.2.0"),
        ("1.2.0", CHANGELOG, "the tag should be v1.2.0"),
        ("v1.2.0", CHANGELOG.replace(" - 2026-01-31", ""), r"no heading `## \[1.2.0\] - YYYY-MM-DD`"),
        ("v1.2.0", CHANGELOG.replace("[1.2.0]", "[1.2.00]"), "no heading"),
        ("v1.2.0", CHANGELOG.replace("- Do this.", ""), "says nothing of 1.2.0"),
    ],
)
def test_a_release_that_does_not_fit_is_refused(tag, changelog, told):
    """Before anything is built."""
    with pytest.raises(ValueError, match=told):
        notes(tag, PACKAGE, changelog)
