"""Every route of the document: who may not ask is refused, and no token sees what is in another namespace.

A route that is not in the table fails: whoever adds one says here how it is asked.
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import count

import pytest

from memproc.service.scopes import Scope
from memproc.store.store import access_of
from tests.service.rest.conftest import EARLIER, filled, serving

OPEN = {("get", "/api/health")}
"""Routes that anybody may ask."""
WHOLE = {("get", "/api/v1/report"), ("get", "/api/v1/log")}
"""Routes that tell of all namespaces: a token that is kept to some may not ask them."""
SONGS = count(100)
UNKNOWN = {"memory": "0" * 32, "number": "999999"}


def cases():
    """Return by route the scope that it needs, and the body or the parameters that it is asked with."""
    read, write = Scope.MEMORIES_READ, Scope.MEMORIES_WRITE
    memory, job = "/api/v1/memories/{memory}", "/api/batch/jobs/{number}"
    return {
        ("post", "/api/v1/memories"): (write, {"json": {"content": "Has a red bicycle"}}),
        ("get", "/api/v1/memories"): (read, {}),
        ("post", "/api/v1/memories/search"): (read, {"json": {"text": "tea"}}),
        ("get", "/api/v1/record"): (read, {"params": {"id": "e", "source": "app"}}),
        ("get", memory): (read, {}),
        ("patch", memory): (write, {"json": {"tags": ["new"]}}),
        ("get", f"{memory}/history"): (read, {}),
        ("post", f"{memory}/revert"): (write, {"json": {}}),
        ("post", f"{memory}/unmerge"): (Scope.REVIEWS_DECIDE, {"json": {}}),
        ("post", "/api/v1/validate"): (read, {"json": {"record": {"content": "tea"}}}),
        ("get", "/api/v1/reviews"): (Scope.REVIEWS_READ, {}),
        ("get", "/api/v1/reviews/{number}"): (Scope.REVIEWS_READ, {}),
        ("post", "/api/v1/reviews/{number}/decision"): (Scope.REVIEWS_DECIDE, {"json": {"verdict": "distinct"}}),
        ("get", "/api/v1/quarantine"): (Scope.QUARANTINE_READ, {}),
        ("get", "/api/v1/quarantine/{number}"): (Scope.QUARANTINE_READ, {}),
        ("post", "/api/v1/quarantine/{number}/replay"): (Scope.QUARANTINE_WRITE, {"json": {}}),
        ("post", "/api/v1/quarantine/{number}/discard"): (Scope.QUARANTINE_WRITE, {"json": {}}),
        ("get", "/api/v1/report"): (Scope.REPORTS_READ, {}),
        ("get", "/api/v1/log"): (Scope.AUDIT_READ, {}),
        ("post", "/api/v1/uploads"): (Scope.JOBS_WRITE, {"params": {"name": "a.jsonl"}, "content": b'{"content": "tea"}\n'}),
        ("get", "/api/v1/uploads"): (Scope.JOBS_READ, {}),
        ("delete", "/api/v1/uploads/{number}"): (Scope.JOBS_WRITE, {}),
        ("post", "/api/v1/forget"): (Scope.MEMORIES_FORGET, {"json": {"subject": "tea"}}),
        ("delete", memory): (Scope.MEMORIES_FORGET, {}),
        ("post", "/api/batch/jobs"): (Scope.JOBS_WRITE, {"json": {"sources": [{"path": "shared.jsonl"}]}}),
        ("get", "/api/batch/jobs"): (Scope.JOBS_READ, {}),
        ("get", "/api/batch/metrics"): (Scope.JOBS_READ, {}),
        ("get", job): (Scope.JOBS_READ, {}),
        ("get", f"{job}/tasks"): (Scope.JOBS_READ, {}),
        ("get", f"{job}/report"): (Scope.REPORTS_READ, {}),
        ("get", f"{job}/events"): (Scope.JOBS_READ, {}),
        ("put", f"{job}/pause"): (Scope.JOBS_WRITE, {"json": {}}),
        ("put", f"{job}/resume"): (Scope.JOBS_WRITE, {}),
        ("put", f"{job}/hold"): (Scope.JOBS_WRITE, {"json": {"why": "look"}}),
        ("put", f"{job}/release"): (Scope.JOBS_WRITE, {}),
        ("put", f"{job}/retry"): (Scope.JOBS_WRITE, {}),
        ("delete", job): (Scope.JOBS_WRITE, {}),
    }


CASES = cases()
ROUTES = sorted(CASES, key=lambda route: (route[0] == "delete", route[1].endswith("discard"), route))


def ids_of(served, path):
    """Return ids of Ann's for the path of a route."""
    store, ids = served.store, {}
    if "{memory}" in path:
        text = f"ann knows the song number {next(SONGS)}"
        added = [store.add({"content": one, "namespace": "ann"}).memory.id for one in (text, f"{text}.")]
        merged = next(one.observation for one in store.trace(added[1]).observations if one.outcome == "merged")
        ids["memory"] = merged if "unmerge" in path else added[0]
        if "revert" in path:
            store.update(added[0], {"content": f"{text} by heart"})
    if "reviews" in path:
        ids["number"] = str(next(one.number for one in store.reviews() if one.one.namespace == "ann"))
    if "quarantine" in path:
        ids["number"] = str(store.quarantine(namespace="ann", limit=1)[0].number)
    if "uploads" in path:
        sent = {"params": {"name": "b.jsonl", "namespace": "ann"}, "content": b"{}\n"}
        ids["number"] = str(served.ask("post", "/api/v1/uploads", served.token(), **sent).json()["number"])
    if "batch" in path:
        before = {"resume": store.pause_job, "release": store.hold_job, "retry": store.cancel_job}
        number = store.submit(str(served.folder / "ann.jsonl"), namespace="ann", name="of ann").number
        steered = before.get(path.rpartition("/")[2])
        if steered or path.endswith("events"):
            (steered or store.cancel_job)(number)
        ids["number"] = str(number)
    return ids


@pytest.fixture(scope="module")
def shared(fresh_file, tmp_path_factory):
    """Give one served store for all routes, and headers by what is wrong with them."""
    with ExitStack() as stack:
        store, folder = stack.enter_context(fresh_file()), tmp_path_factory.mktemp("served")
        served = stack.enter_context(serving(filled(store, folder), folder, per_minute=100_000))
        tokens = {"ann": served.token("ann"), "bob": served.token("bob"), "all": served.token()}
        tokens |= {"expired": served.token("ann", expires_at=EARLIER), "revoked": served.token("ann")}
        access_of(store).revoke_token(tokens["revoked"].number)
        tokens |= {"none": {}, "unknown": {"Authorization": "Bearer memproc_x"}, "basic": {"Authorization": "Basic YTpi"}}
        yield served, tokens


def test_every_route_is_in_the_table(shared):
    """By the document that clients read, and each says which scope it needs."""
    paths = shared[0].ask("get", "/api/openapi.json").json()["paths"]
    found = {(method, path): one for path, methods in paths.items() for method, one in methods.items()}
    assert found.keys() - OPEN == CASES.keys()
    for route in OPEN:
        assert "security" not in found[route]
    for route, (scope, _) in CASES.items():
        assert found[route]["security"] == [{"token": [str(scope)]}], route


def without_request(answer):
    """Return what an answer says but for the id of its request."""
    return {name: value for name, value in answer.json().items() if name != "request"}


@pytest.mark.costly
def test_who_may_not_ask_is_refused(shared, subtests):
    """Without a token, with one that is over, revoked, of another namespace, or without the scope; and who may, is answered."""
    for route in ROUTES:
        with subtests.test(route=" ".join(route)):
            is_guarded(route, *shared)


def is_guarded(route, served, tokens):
    """Check a route."""
    method, path = route
    scope, given = CASES[route]
    ids = ids_of(served, path)
    url = path.format(**ids)
    before = served.store.stats()
    for name in ("none", "unknown", "basic", "expired", "revoked"):
        answer = served.ask(method, url, tokens[name], **given)
        assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json"), name
        assert answer.headers["www-authenticate"].startswith("Bearer")
    lacking = served.token("ann", scopes=[one for one in Scope if one != scope])
    answer = served.ask(method, url, lacking, **given)
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    foreign = served.ask(method, url, tokens["bob"], **given)
    if route in WHOLE:
        assert (foreign.status_code, foreign.json()["code"]) == (403, "namespace-bound")
    elif "{" in path:
        unknown = served.ask(method, path.format(**UNKNOWN), tokens["bob"], **given)
        assert foreign.status_code == unknown.status_code == 404
        shown = without_request(foreign)["detail"]
        for name, one in ids.items():
            shown = shown.replace(one, UNKNOWN[name], 1) if "{" + name + "}" in path else shown
        assert shown == without_request(unknown)["detail"]
    else:
        assert foreign.is_success
        assert "ann" not in foreign.text
    if method != "post" or "{" in path:
        assert served.store.stats() == before
    own = served.ask(method, path.format(**ids_of(served, path)), tokens["all" if route in WHOLE else "ann"], **given)
    assert own.is_success, own.text
    assert own.headers["ratelimit-limit"] == "100000"


TAKE_NO_NAMESPACE = {("post", "/api/v1/validate"), ("get", "/api/v1/reviews"), ("get", "/api/v1/uploads")}
TAKE_NO_NAMESPACE |= {("get", "/api/batch/jobs"), ("get", "/api/batch/metrics")}


def test_a_namespace_that_is_named_must_be_ones_own(shared, subtests):
    """In the query or in what is sent; nothing of it is told."""
    served, tokens = shared
    routes = [one for one in ROUTES if "{" not in one[1] and one not in WHOLE | TAKE_NO_NAMESPACE]
    assert len(routes) >= 6
    for route in routes:
        given = CASES[route][1]
        body = {"json": {**given["json"], "namespace": "bob"}} if "json" in given else {}
        query = {} if body else {"params": {**given.get("params", {}), "namespace": "bob"}}
        with subtests.test(route=" ".join(route)):
            answer = served.ask(*route, tokens["ann"], **{**given, **body, **query})
            assert (answer.status_code, answer.json()["code"]) == (403, "namespace-foreign")
            assert "bob" not in answer.text
