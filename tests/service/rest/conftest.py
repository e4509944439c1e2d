"""A store that is served, with what Ann and Bob have in it, and tokens of theirs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

import memproc
from memproc.service.rest.app import app
from memproc.service.scopes import Scope
from memproc.service.serving import Serving
from memproc.store.access.tokens import Wanted
from memproc.store.store import access_of
from tests.command_line import run_memproc

LATER, EARLIER = "2099-01-01T00:00:00.000000Z", "2020-01-01T00:00:00.000000Z"


@dataclass
class Served:
    """A store, a client of the application that serves it, and its access."""

    store: memproc.Store
    http: TestClient
    app: Any
    folder: Path

    def token(self, *namespaces, scopes=tuple(Scope), expires_at=LATER, **limits):
        """Return the headers of a new token; without namespaces it reaches all."""
        wanted = Wanted(name="test", namespaces=namespaces or None, scopes=scopes, expires_at=expires_at, **limits)
        made, secret = access_of(self.store).create_token(wanted)
        return Headers(made.number, {"Authorization": f"Bearer {secret}"})

    def ask(self, method, path, headers=None, **more):
        """Return an answer; each of them bears the id of its request."""
        answer = self.http.request(method, path, headers=headers or {}, **more)
        assert answer.headers["x-request-id"]
        return answer


class Headers(dict):
    """The headers of a token, and its number."""

    def __init__(self, number, headers):
        """Know both."""
        super().__init__(headers)
        self.number = number


@contextmanager
def serving(store, folder, **how):
    """Serve a store within this process."""
    (folder / "shared").mkdir(exist_ok=True)
    (folder / "shared/shared.jsonl").write_text('{"content": "Has a red bicycle"}\n')
    made = app(store, serving=Serving(uploads=folder / "uploads", roots=[folder / "shared"], **how))
    with TestClient(made, raise_server_exceptions=False) as http:
        yield Served(store, http, made, folder)


def filled(store, folder):
    """Let Ann and Bob have memories, a pair that waits for review each, and a rejected record each."""
    for name in ("ann", "bob"):
        for text in (f"{name} prefers green tea to coffee", f"{name} prefers green tea to coffee."):
            store.add({"content": text, "namespace": name, "source": "app", "id": text[-1], "subject": "tea"})
        for day, city in ((1, "Rome"), (2, "Oslo")):
            store.add({"content": f"{name} lives in {city}", "namespace": name, "created_at": f"2025-01-0{day}"})
        bad = folder / f"{name}.jsonl"
        bad.write_text(f'{{"content": "a secret of {name}", "importance": 7}}\n')
        memproc.ingest(bad, store, namespace=name)
    return store


@pytest.fixture
def served(fresh_file, tmp_path):
    """Give a served store."""
    with fresh_file() as store, serving(filled(store, tmp_path), tmp_path) as one:
        yield one


@pytest.fixture
def memproc_in(tmp_path):
    """Give a function that runs memproc in an empty folder and returns (exit code, standard output, standard error)."""
    return partial(run_memproc, folder=tmp_path)
