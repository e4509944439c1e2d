"""The examples run as they stand, each in an empty folder, and print what they should."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import memproc
from memproc.flows import flow_runs
from tests.conftest import ROOT
from tests.test_docs import is_as_shown
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
    "fastapi_app.py": [
        "201 stored",
        "merged",
        "422 ['importance']",
        "{'outcome': 'updated', 'content': 'Lives in Oslo'}",
        "404",
        "{'read': 3, 'stored': 3, 'duplicate': 0, 'merged': 0, 'quarantined': 0}",
        "3 1 None",
        "422",
        "['memproc_records_total{outcome=\"stored\"} 3.0', 'memproc_memories 4.0']",
        "{'status': 'ok', 'findings': []}",
        "{'removed': 3}",
        "{'memories': 3, 'observations': 3, 'quarantine': 1}",
        "{'memories': [], 'next': None}",
    ],
    "agent_loop.py": [
        "['Lives in Rome: stored', 'Drinks coffee: stored']",
        "['Is allergic to peanuts: stored']",
        "['Is allergic to peanuts: duplicate']",
        "['Lives in Oslo: updated']",
        "['Lives in Oslo', 'Is allergic to peanuts', 'Drinks coffee']",
        "['Is allergic to peanuts']",
        "['Drinks coffee', 'Drinks tea']",
        "['Lives in Rome', 'Lives in Oslo']",
        "7 True",
    ],
    "nightly.py": [
        "read 29: stored 29, merged 0, quarantined 0",
        "expired 1",
        "exit code 0 and a report: True",
        "read 2: stored 0, merged 1, quarantined 1",
        "expired 0",
        "look: rejected records wait: memproc quarantine memories.db",
        "exit code 1",
    ],
    "migrate_legacy.py": [
        "tried: rehearsed and False",
        "...",
        "  importance: 1 translated from stars (five -> 1.0)",
        "...",
        "read 6 = 4 + 1 + 0 + 1",
        "left out: {'column extra': 1, 'column deleted': 6, 'deleted rows': 1, 'rows without a text': 1}",
        *["met each row has an outcome", "met each record was counted", "met what is not stored is in quarantine"],
        "met each record is in the store as it was read, and a second run adds nothing",
        "met the checksums of ids and texts agree",
        "mend: created_at not a date: 'soon'",
    ],
    "flow_task.py": ["run 1 failed", "run 1 is done and stored 2", "run 2 is done and stored 0"],
    "my_chatgpt.ipynb": [
        "format: chatgpt",
        "read: 6",
        "left out: {'empty': 1, 'empty_conversations': 1, 'hidden': 1, 'side_branches': 1, 'system': 1, 'thinking': 1, 'tool': 2}",
        "6 read, 6 stored, 0 known, 0 merged",
        "6 read again, 0 stored",
        "nothing lost: True",
        "rejected: 0",
        "talk-0 5",
        "2025-03 #####",
        "Ægir’s café has a naïve waiter – at 5 °C ☕",
        "from chatgpt in talk-0",
        "my-chatgpt.html True",
        "True True",
    ],
}
"""What each prints, line by line; a line `...` stands for any lines."""


FOLDER = ROOT / "examples"
OF_OTHERS = {"airflow_dag.py": "airflow", "dagster_job.py": "dagster", "prefect_flow.py": "prefect"}
"""What a program starts that is too large to be a neighbour: a Python of its own has it, which a variable names."""


def test_every_example_is_told_and_run():
    """In the page beside them, and here."""
    there = {path.name for path in FOLDER.iterdir() if path.suffix in (".py", ".ipynb")}
    assert there == EXAMPLES.keys() | OF_OTHERS.keys()
    page = (FOLDER / "README.md").read_text()
    assert all(f"[{name}]({name})" in page for name in there)


def test_a_notebook_is_kept_without_what_it_printed():
    """Whoever runs it on his own export and commits it would publish what he said."""
    for path in FOLDER.glob("*.ipynb"):
        assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code_cells(path))


def code_cells(path):
    """Return the cells of a notebook that hold code."""
    return [cell for cell in json.loads(path.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_prints_what_it_should(name, tmp_path):
    """And nothing beside that, nor a warning; the cells of a notebook run in order, and show their bar beside it."""
    script = FOLDER / name
    if script.suffix == ".ipynb":
        script = tmp_path / "cells.py"
        script.write_text("\n\n".join("".join(cell["source"]) for cell in code_cells(FOLDER / name)), encoding="utf-8")
    command = [sys.executable, "-W", "error", script]
    done = subprocess.run(command, check=False, cwd=tmp_path, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS)
    told = "".join(line for line in done.stderr.splitlines() if "conversations.json: " not in line)
    assert (done.returncode, told) == (0, "")
    assert is_as_shown(done.stdout, "\n".join(EXAMPLES[name]))


@pytest.mark.slow
@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_task_of_another_program_runs_in_it(name, tmp_path):
    """Where MEMPROC_TEST_AIRFLOW and the like name a Python that has it, and what memproc needs."""
    package = OF_OTHERS[name]
    python = os.environ.get(f"MEMPROC_TEST_{package.upper()}")
    if python is None:
        pytest.skip(f"MEMPROC_TEST_{package.upper()} names no Python that has {package}")

    def ran(*command):
        done = subprocess.run(
            command, check=False, cwd=tmp_path, env=environment, capture_output=True, encoding="utf-8", timeout=LIMIT_SECONDS
        )
        assert done.returncode == 0, done.stderr[-2_000:]
        return done.stdout

    environment = {**os.environ, "HOME": str(tmp_path), "PREFECT_HOME": str(tmp_path), "AIRFLOW_HOME": str(tmp_path)}
    environment |= {"AIRFLOW__CORE__LOAD_EXAMPLES": "False", "AIRFLOW__CORE__DAGS_FOLDER": str(FOLDER)}
    environment["PYTHONPATH"] = os.pathsep.join([str(ROOT), str(FOLDER)])
    environment |= {"PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": str(LIMIT_SECONDS), "DO_NOT_TRACK": "1"}
    if package == "airflow":
        airflow = Path(python).with_name("airflow")
        ran(airflow, "db", "migrate")
        file, store, source = ran(sys.executable, "-c", "import flow_task; print(*flow_task.prepared())").split()
        given = json.dumps({"file": file, "store": store, "source": source})
        ran(airflow, "dags", "test", "nightly_memories", "-c", given)
    else:
        assert "run 1 is done and stored 2" in ran(python, FOLDER / name)
    with memproc.open(tmp_path / "memories.db") as store:
        assert [(run.status, len(run.steps)) for run in flow_runs(store)] == [("done", 3)]
        assert store.count() == 2
