"""The examples run as they stand, each in an empty folder, and print what they should."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS

EXAMPLES = {
    "memory_over_mcp.py": [
        "stored",
        "merged",
        "Lives in Oslo",
        "['lives in Rome.', 'Lives in Oslo']",
        "['Lives in Oslo']",
        "this server keeps to one namespace: leave namespace out",
        "would remove 3",
        "[]",
    ],
    "langgraph_agent.py": ["I know nothing yet", "Lives in Rome", "Lives in Oslo", "['Lives in Rome', 'Lives in Oslo']"],
    "instead_of_mem0.py": [
        "ADD 1",
        "UPDATE 1",
        "NONE 1",
        "['prefers green tea.']",
        "[('ADD', 'Prefers green tea'), ('UPDATE', 'Prefers coffee')]",
        "prefers green tea.",
        "{'results': []}",
    ],
}


def test_every_example_is_told_and_run():
    """In the page beside them, and here."""
    there = {path.name for path in (ROOT / "examples").glob("*.py")}
    assert there == EXAMPLES.keys()
    page = (ROOT / "examples/README.md").read_text()
    assert all(f"[{name}]({name})" in page for name in there)


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_should(name, tmp_path):
    """And nothing beside that, nor a warning."""
    command = [sys.executable, "-W", "error", ROOT / "examples" / name]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == EXAMPLES[name]
