"""What all tests have in common: stores that are made quickly, and Hypothesis profiles."""

from __future__ import annotations

import os
import shutil
from itertools import count
from pathlib import Path

import hypothesis
import pytest

import memproc

hypothesis.settings.register_profile("default", deadline=None, max_examples=30, print_blob=True)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=30, phases=list(hypothesis.Phase)[:3])
hypothesis.settings.register_profile("thorough", deadline=None, max_examples=1_000, print_blob=True)
hypothesis.settings.load_profile(os.environ.get("MEMPROC_HYPOTHESIS", "default"))

ROOT = Path(__file__).parent.parent
DATA = Path(os.environ.get("MEMPROC_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def fresh(tmp_path_factory):
    """Give a function that opens an empty store of its own, each time it is called."""
    folder = tmp_path_factory.mktemp("stores")
    numbers = count()
    templates = {}

    def make(dedup: str = "near") -> memproc.Store:
        settings = memproc.Settings(dedup=dedup)
        if dedup not in templates:
            templates[dedup] = folder / f"empty-{dedup}.db"
            memproc.open(templates[dedup], settings=settings).close()
        path = folder / f"{next(numbers)}.db"
        shutil.copy(templates[dedup], path)
        return memproc.open(path, settings=settings)

    return make


@pytest.fixture
def locomo() -> Path:
    """Give the path of the LoCoMo data, which is not part of the project."""
    path = DATA / "locomo10.json"
    if not path.is_file():
        pytest.skip(f"LoCoMo is not at {path}; set MEMPROC_DATA to the folder that holds it")
    return path
