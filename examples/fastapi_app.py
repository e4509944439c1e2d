"""An application of FastAPI that keeps its users' memories: add, find, update, forget, metrics and a health check.

Serve it with `uvicorn fastapi_app:app`. Run as a script it answers some requests of FastAPI's own
client, and prints the answers.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import FastAPI, HTTPException, Query, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

import memproc
from memproc.integrations.prometheus import StoreMetrics, prometheus_metrics

DATABASE = os.environ.get("MEMORIES", "memories.db")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Keep the store open for as long as requests are served."""
    state = app.state
    async with memproc.aopen(DATABASE) as state.memories:
        state.registry = CollectorRegistry()
        state.count = prometheus_metrics(state.registry)
        state.registry.register(StoreMetrics(state.memories.opened))
        yield


app = FastAPI(lifespan=lifespan)


def memories_of(request: Request) -> memproc.AsyncStore[memproc.Memory]:
    """Return the store that the application keeps open."""
    return request.app.state.memories


async def own_memory(request: Request, user: str, identifier: str) -> memproc.Memory:
    """Return a memory of this user; of another's it is not told whether it is there."""
    memory = await memories_of(request).get(identifier)
    if memory is None or memory.namespace != user:
        raise HTTPException(404, "this user has no such memory")
    return memory


@app.post("/users/{user}/memories", status_code=201)
async def add(request: Request, user: str, record: dict[str, Any]) -> dict[str, Any]:
    """Remember something of a user. What is no valid memory is told, fault by fault."""
    added = await memories_of(request).add({**record, "namespace": user}, source="app")
    if added.faults:
        raise HTTPException(422, [{"path": fault.path, "message": fault.message, "hint": fault.hint} for fault in added.faults])
    return {"id": added.memory and added.memory.id, "outcome": added.outcome, "reason": added.reason}


@app.post("/users/{user}/imports")
async def bring_in(request: Request, user: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    """Ingest many records, and count what became of them."""
    named = [{**record, "namespace": user} for record in records]
    report = await memories_of(request).ingest(named, source="app", on_event=request.app.state.count)
    return {name: getattr(report, name) for name in ("read", "stored", "duplicate", "merged", "quarantined")}


@app.get("/users/{user}/memories")
async def find(
    request: Request,
    user: str,
    text: str | None = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
) -> dict[str, Any]:
    """Give a page of what is known of a user, the newest first, and the place where the next page begins."""
    memories = memories_of(request)
    try:
        page = await memories.find(namespace=user, text=text, after=after, limit=limit)
    except memproc.errors.UsageError as error:  # a cursor that this store did not give
        raise HTTPException(422, str(error)) from error
    told = [{"id": memory.id, "content": memory.content} for memory in page]
    return {"memories": told, "next": memories.cursor(page[-1]) if len(page) == limit else None}


@app.patch("/users/{user}/memories/{identifier}")
async def update(request: Request, user: str, identifier: str, changes: dict[str, Any]) -> dict[str, Any]:
    """Change what a memory says; what it said before is kept as its history."""
    memory = await own_memory(request, user, identifier)
    if "namespace" in changes:
        raise HTTPException(422, "a memory stays with its user")
    updated = await memories_of(request).update(memory.id, changes)
    if updated.memory is None:
        raise HTTPException(422, [{"path": fault.path, "message": fault.message, "hint": fault.hint} for fault in updated.faults])
    return {"outcome": updated.outcome, "content": updated.memory.content}


@app.delete("/users/{user}/memories/{identifier}")
async def forget(request: Request, user: str, identifier: str) -> dict[str, int]:
    """Remove a memory with every record in it."""
    memory = await own_memory(request, user, identifier)
    return {"removed": await memories_of(request).forget(memory.id)}


@app.delete("/users/{user}")
async def forget_user(request: Request, user: str) -> dict[str, int]:
    """Remove all that is kept of a user who asks for it."""
    receipt = await memories_of(request).forget(namespace=user)
    return {"memories": receipt.memories, "observations": receipt.observations, "quarantine": receipt.quarantine}


@app.get("/metrics")
def metrics(request: Request) -> Response:
    """Give Prometheus what was counted. No label holds what a record says."""
    return Response(generate_latest(request.app.state.registry), media_type=CONTENT_TYPE_LATEST)


@app.get("/health")
async def health(request: Request, response: Response) -> dict[str, Any]:
    """Tell whether the store can be reached and has its tables and settings. No memory is read."""
    findings = await memories_of(request).doctor(quick=True)
    errors = [finding.code for finding in findings if finding.severity == "error"]
    response.status_code = 503 if errors else 200
    return {"status": "damaged" if errors else "ok", "findings": [finding.code for finding in findings]}


def main() -> None:
    """Ask what a browser would."""
    from fastapi.testclient import TestClient  # noqa: PLC0415 - a server needs none

    with TestClient(app) as client:
        added = client.post("/users/ann/memories", json={"content": "Lives in Rome", "tags": ["home"]})
        print(added.status_code, added.json()["outcome"])
        print(client.post("/users/ann/memories", json={"content": "lives in Rome."}).json()["outcome"])
        refused = client.post("/users/ann/memories", json={"content": "Likes tea", "importance": 7})
        print(refused.status_code, [fault["path"] for fault in refused.json()["detail"]])

        home = f"/users/ann/memories/{added.json()['id']}"
        print(client.patch(home, json={"content": "Lives in Oslo"}).json())
        print(client.patch(home.replace("ann", "bob"), json={"content": "Lives nowhere"}).status_code)

        print(client.post("/users/ann/imports", json=[{"content": f"Owns {count} bicycles"} for count in (2, 3, 4)]).json())
        page = client.get("/users/ann/memories", params={"limit": 3}).json()
        rest = client.get("/users/ann/memories", params={"limit": 3, "after": page["next"]}).json()
        print(len(page["memories"]), len(rest["memories"]), rest["next"])
        print(client.get("/users/ann/memories", params={"after": "nowhere"}).status_code)

        told = client.get("/metrics").text.splitlines()
        print([line for line in told if line.startswith(("memproc_memories ", 'memproc_records_total{outcome="stored"}'))])
        print(client.get("/health").json())
        print(client.delete(home).json())
        print(client.delete("/users/ann").json())
        print(client.get("/users/ann/memories").json())


if __name__ == "__main__":
    main()
