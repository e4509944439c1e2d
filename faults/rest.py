"""Ask a served store whatever its OpenAPI document allows, and what it does not: nothing fails, and nothing is answered that the
document does not tell.
"""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import hypothesis
import schemathesis
import uvicorn
from hypothesis import HealthCheck, Phase
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance, status_code_conformance

import memproc
from memproc.service.rest.app import app
from memproc.service.scopes import Scope
from memproc.service.serving import Serving
from memproc.store.access.tokens import Wanted
from memproc.store.store import Store, access_of

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
START_SECONDS, CALL_SECONDS = 30.0, 60.0
STREAMS = "/events"


class Asking(NamedTuple):
    """What is asked: a store, by whom, by which chance; and which statuses were answered."""

    store: Store
    secret: str
    seed: int
    statuses: Counter[int]


def ask_everything(folder: Path, calls: int, seed: int) -> str:
    """Make about so many calls of all routes, and return what they came to. Raises what a check found."""
    shared = folder / "shared"
    shared.mkdir()
    (shared / "a.jsonl").write_text('{"content": "Prefers tea"}\n')
    serving = Serving(per_minute=10**9, per_day=10**9, uploads=folder / "uploads", roots=[shared])
    statuses: Counter[int] = Counter()
    found: list[str] = []
    with memproc.open(folder / "m.db") as store:
        wanted = Wanted(name="faults", namespaces=["ann"], scopes=[*map(str, Scope)], expires_at="2999-01-01T00:00:00.000000Z")
        _, secret = access_of(store).create_token(wanted)
        with served(store, serving) as url:
            document = schemathesis.openapi.from_url(f"{url}/api/openapi.json")
            operations: list[Any] = [one.ok() for one in document.get_all_operations()]  # type: ignore[union-attr]  # it is valid
            asking = Asking(store, secret, seed, statuses)
            each = max(2, calls // len(operations))
            for operation in operations:
                _ask(operation, asking, each, found)
        findings = store.doctor()
    assert not found, "\n\n".join(found)
    assert not findings, findings
    told = ", ".join(f"{status}: {count:,}" for status, count in sorted(statuses.items()))
    return f"{statuses.total():,} calls of {len(operations)} operations, none failed or was answered otherwise than told ({told})"


def _ask(operation: Any, asking: Asking, count: int, found: list[str]) -> None:
    """Ask one operation: half as the document allows, half otherwise; of those with ids every other about what is there."""
    chance = random.Random(f"{asking.seed} {operation.method} {operation.path}")

    def asked(case: Any) -> None:
        if case.path_parameters and chance.random() < 0.5 and not operation.path.endswith(STREAMS):
            case.path_parameters.update(_known(asking.store, operation.path, chance))
        answer = case.call(headers={"Authorization": f"Bearer {asking.secret}"}, timeout=CALL_SECONDS)
        asking.statuses[answer.status_code] += 1
        case.validate_response(answer, checks=CHECKS)

    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
        drawn = operation.as_strategy(generation_mode=mode)
        settings = hypothesis.settings(
            max_examples=max(1, count // 2),
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=[*HealthCheck],
        )
        try:
            settings(hypothesis.seed(asking.seed)(hypothesis.given(case=drawn)(asked)))()
        except hypothesis.errors.Unsatisfiable:
            continue
        except FailureGroup as group:
            found.extend(f"{operation.method.upper()} {operation.path}: {one}" for one in group.exceptions)


def _known(store: Store, path: str, chance: random.Random) -> dict[str, Any]:
    """Return ids for a path of what there is; nothing where there is none."""
    if "{memory}" in path:
        memory = store.add({"content": f"Has a {chance.getrandbits(32)}", "namespace": "ann"}).memory
        return {"memory": memory.id} if memory else {}
    kinds = {"batch": store.queue, "quarantine": store.quarantine, "reviews": store.reviews, "uploads": access_of(store).uploads}
    found: list[Any] = next((list(listed()) for kind, listed in kinds.items() if kind in path), [])  # type: ignore[operator]
    return {"number": chance.choice(found).number} if found else {}


@contextmanager
def served(store: Store, serving: Serving) -> Iterator[str]:
    """Serve a store by a server of its own in this process, and give its URL."""
    config = uvicorn.Config(app(store, serving=serving), port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        deadline = time.monotonic() + START_SECONDS
        while not server.started:
            assert time.monotonic() < deadline, "the server did not start"
            time.sleep(0.01)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)
