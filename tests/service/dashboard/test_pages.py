"""The pages for people, asked as a browser without scripts would: who may see what, and what is done by their forms.

A page that is not in the table fails: whoever adds one says here how it is asked.
"""

from __future__ import annotations

import re
from contextlib import ExitStack
from itertools import count

import pytest
from fastapi.testclient import TestClient

import memproc
from memproc.service.dashboard.routes import ROUTERS
from memproc.service.dashboard.sessions import COOKIE
from memproc.service.rest.app import app
from memproc.service.scopes import Scope
from memproc.service.serving import Serving
from memproc.store.store import access_of
from tests.databases import all_text
from tests.service.rest.conftest import filled, serving

SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>\"'"
JOB, BAD, PAIR = "/jobs/{number}", "/quarantine/{number}", "/reviews/{number}"
OPEN = {("GET", "/sign-in"), ("POST", "/sign-in"), ("GET", "/static/{name}")}
PAGES = {
    ("GET", "/"): None,
    ("POST", "/sign-out"): None,
    ("GET", "/live"): Scope.JOBS_READ,
    ("GET", "/jobs"): Scope.JOBS_READ,
    ("POST", "/jobs"): Scope.JOBS_WRITE,
    ("POST", "/files"): Scope.JOBS_WRITE,
    ("GET", JOB): Scope.JOBS_READ,
    ("GET", f"{JOB}/live"): Scope.JOBS_READ,
    ("POST", f"{JOB}/{{verb}}"): Scope.JOBS_WRITE,
    ("GET", "/days"): Scope.JOBS_READ,
    ("GET", "/quarantine"): Scope.QUARANTINE_READ,
    ("GET", BAD): Scope.QUARANTINE_READ,
    ("POST", f"{BAD}/replay"): Scope.QUARANTINE_WRITE,
    ("POST", f"{BAD}/discard"): Scope.QUARANTINE_WRITE,
    ("GET", "/reviews"): Scope.REVIEWS_READ,
    ("POST", f"{PAIR}/decision"): Scope.REVIEWS_DECIDE,
    ("POST", f"{PAIR}/undo"): Scope.REVIEWS_DECIDE,
    ("GET", f"{PAIR}/many"): Scope.REVIEWS_DECIDE,
    ("POST", f"{PAIR}/many"): Scope.REVIEWS_DECIDE,
    ("GET", "/memories"): Scope.MEMORIES_READ,
    ("GET", "/memories/{memory}"): Scope.MEMORIES_READ,
    ("GET", "/log"): Scope.AUDIT_READ,
}
"""The scope that each page needs; None where it needs somebody who is signed in."""
SENT = {
    "/jobs": {"kind": "path", "path": "shared.jsonl"},
    f"{BAD}/replay": {"how": "mended", "record": '{"content": "mended"}'},
    f"{PAIR}/decision": {"verdict": "distinct"},
    f"{PAIR}/many": {"verdict": "merge"},
}
WHOLE = {"/log", f"{PAIR}/many"}
"""Pages that tell or decide of all namespaces."""
SONGS = count()


class Person:
    """Somebody at a browser who signed in with a token, or did not."""

    def __init__(self, served, token=None):
        """Sign in."""
        self.http = TestClient(served.app, base_url="http://127.0.0.1", follow_redirects=False)
        self.http.portal = served.http.portal  # the loop of events that the application has begun in
        self.form = ""
        if token is not None:
            answer = self.http.post("/sign-in", data={"token": token["Authorization"].removeprefix("Bearer ")})
            assert (answer.status_code, answer.headers["location"]) == (303, "/")
            page = next(one.text for path in ("/days", "/memories") if (one := self.http.get(path)).status_code == 200)
            self.form = re.search(r'name="form" value="(\w+)"', page)[1]

    def ask(self, method, path, fields=None, form=None):
        """Return an answer; a form bears what the page gave."""
        mark = self.form if form is None else form
        if path == "/files":
            return self.http.post(path, params={"name": "a.jsonl"}, content=b"{}\n", headers={"X-Form": mark.encode()})
        sent = {"data": {**(fields or {}), "form": mark}} if method == "POST" else {"params": fields}
        return self.http.request(method, path, **sent)


@pytest.fixture
def people(served):
    """Give a function that returns somebody who signed in."""
    with ExitStack() as stack:

        def signed_in(*namespaces, **more):
            person = Person(served, served.token(*namespaces, **more))
            stack.callback(person.http.close)
            return person

        yield signed_in


def ids_of(served, path):
    """Return ids of Ann's for the path of a page."""
    store, ids = served.store, {"verb": "pause"}
    if "{memory}" in path:
        ids["memory"] = store.add({"content": f"ann knows the song number {next(SONGS)}", "namespace": "ann"}).memory.id
    if "/reviews/" in path:
        for day, city in ((1, "Rome"), (2, "Oslo")):
            store.add({"content": f"ann lives in {city} {next(SONGS) // 2}", "namespace": "ann", "created_at": f"2025-01-0{day}"})
        ids["number"] = next(one.number for one in store.reviews() if one.one.namespace == "ann")
        if "undo" in path:
            store.resolve(ids["number"], "distinct")
    if "quarantine" in path:
        (served.folder / "new.jsonl").write_text(f'{{"content": "bad number {next(SONGS)}", "importance": 7}}\n')
        memproc.ingest(served.folder / "new.jsonl", store, namespace="ann")
        ids["number"] = store.quarantine(namespace="ann")[-1].number
    if "/jobs/" in path:
        ids["number"] = store.submit(str(served.folder / "ann.jsonl"), namespace="ann", name="of ann").number
    return ids


def test_every_page_is_in_the_table():
    """And says which scope it needs."""
    routes = [route for router in ROUTERS for route in router.routes]
    found = {(method, route.path): route.openapi_extra.get("x-scope") for route in routes for method in route.methods}
    assert found == {**PAGES, **dict.fromkeys(OPEN)}


def refusals(served):
    """Return by name who may see nothing: each is led to where they sign in."""
    ended, revoked, over = (Person(served, served.token("ann")) for _ in range(3))
    cookie = ended.http.cookies[COOKIE]
    assert ended.ask("POST", "/sign-out").headers["location"] == "/sign-in"
    ended.http.cookies.set(COOKIE, cookie)
    number = access_of(served.store).tokens()[-2].number
    access_of(served.store).revoke_token(number)
    over.http.cookies.clear()
    over.http.cookies.set(COOKIE, "x" * 43)
    return {"nobody": Person(served), "signed out": ended, "revoked": revoked, "another cookie": over}


@pytest.mark.costly
def test_who_may_not_see_a_page_does_not(fresh_file, tmp_path, subtests):
    """Not signed in, without the scope, with a form of another one, of another namespace; and who may, sees it."""
    with fresh_file() as store, serving(filled(store, tmp_path), tmp_path, dashboard=True, per_minute=100_000) as served:
        nobody = refusals(served)
        ann, bob = (Person(served, served.token(name)) for name in ("ann", "bob"))
        for (method, path), scope in sorted(PAGES.items(), key=lambda one: one[0][1] == "/sign-out"):
            with subtests.test(page=f"{method} {path}"):
                if "/live" in path:
                    served.app.state.served.is_ending = True  # so that it ends after its first event
                ids, fields = ids_of(served, path), SENT.get(path, {})
                url = path.format(**ids)
                before = all_of(served)
                for name, person in nobody.items():
                    answer = person.ask(method, url, fields)
                    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in"), name
                if scope is not None:
                    lacking = Person(served, served.token("ann", scopes=[one for one in Scope if one != scope]))
                    answer = lacking.ask(method, url, fields)
                    assert (answer.status_code, "lacks the scope" in answer.text) == (403, True)
                if method == "POST":
                    for mark in ("", bob.form, "ä"):
                        answer = ann.ask(method, url, fields, mark)
                        assert (answer.status_code, "was not made for you" in answer.text) == (403, True)
                foreign = bob.ask(method, url, fields) if path != "/sign-out" else None
                if "{" in path:
                    unknown = bob.ask(method, path.format(number=999_999, memory="0" * 32, verb="pause"), fields)
                    assert (foreign.status_code, unknown.status_code) == (404, 404)
                    assert shown(foreign, ids) == shown(unknown, {"number": 999_999, "memory": "0" * 32})
                    assert all_of(served) == before
                elif path == "/log":
                    assert (foreign.status_code, "tells of all namespaces" in foreign.text) == (403, True)
                elif foreign is not None:
                    assert foreign.status_code in (200, 303)
                    assert "ann" not in foreign.text
                if path in WHOLE:
                    answer = ann.ask(method, url, fields)
                    assert (answer.status_code, "tells of all namespaces" in answer.text) == (403, True)
                own = (Person(served, served.token()) if path in WHOLE else ann).ask(method, url, fields)
                assert own.status_code in (200, 303), own.text
                assert own.headers["x-frame-options"] == "DENY"
                served.app.state.served.is_ending = False


def all_of(served):
    """Return what nobody may change who may not."""
    store = served.store
    return store.stats(), [(one.number, one.state) for one in store.queue()], [one.number for one in access_of(store).uploads()]


def shown(answer, ids):
    """Return what a page says but for ids and what differs by request."""
    text = re.search(r'role="alert">(.*)</p>', answer.text)[1]
    for name in ("number", "memory"):
        text = re.sub(rf"\b{ids[name]}\b", "ID", text) if name in ids else text
    return text


def test_what_records_hold_is_text(served, people):
    """On each page that shows it, and in an attribute too."""
    store = served.store
    one = store.add(
        {"content": f"{SCRIPT} likes tea", "namespace": "ann", "subject": SCRIPT, "tags": [SCRIPT], "source": SCRIPT}
    ).memory
    bad = served.folder / "bad.jsonl"
    bad.write_text(f'{{"content": "{SCRIPT[:29]}", "importance": "{SCRIPT[:29]}"}}\n')
    memproc.ingest(bad, store, namespace="ann")
    number = store.submit(str(bad), namespace="ann", name=SCRIPT).number
    ann, rejected = people("ann"), store.quarantine(namespace="ann")[-1].number
    pages = ["/", "/jobs", f"/jobs/{number}", "/memories", f"/memories/{one.id}", "/quarantine", f"/quarantine/{rejected}"]
    for path in [*pages, f"/memories?text={SCRIPT}", "/reviews?undo=<script>"]:
        answer = ann.ask("GET", path)
        assert answer.text.count("<script") == 1, path
        assert "<img" not in answer.text
        assert "'unsafe" not in answer.headers["content-security-policy"]
    assert "&lt;script&gt;alert(1)" in ann.ask("GET", f"/memories/{one.id}").text


def test_a_session_is_kept_hashed_and_no_script_reads_its_cookie(served):
    """Nor does another site send it; over the network it goes over TLS alone."""
    token = {"token": served.token("ann")["Authorization"].removeprefix("Bearer ")}
    here = Person(served).http.post("/sign-in", data=token)
    cookie = here.headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/", "Max-Age=43200"))
    assert "Secure" not in cookie
    assert Person(served).http.cookies == {}
    away = Person(served).http.post("http://memories.example/sign-in", data=token)
    assert "Secure" in away.headers["set-cookie"]
    secret = re.match(rf"{COOKIE}=([^;]+)", cookie)[1]
    assert secret not in all_text(served.store)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = Person(served).http.post("/sign-in", data=token, headers=headers)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    wrong = Person(served).http.post("/sign-in", data={"token": "memproc_x"})
    assert (wrong.status_code, "set-cookie" in wrong.headers) == (403, False)


def test_what_people_do_is_in_the_log(served, people):
    """With who did it, as of programs; of who cannot sign in too."""
    ann = people("ann")
    number = served.store.submit(str(served.folder / "ann.jsonl"), namespace="ann").number
    assert ann.ask("POST", f"/jobs/{number}/hold", {"back": "//evil.example"}).headers["location"] == "/?did=hold"
    Person(served).http.post("/sign-in", data={"token": "x"})
    owner = people()
    served.http.portal.call(served.app.state.served.books._write)
    lines = {(one.method, one.route, one.status, bool(one.who)) for one in access_of(served.store).log()}
    assert {
        ("POST", "/jobs/{number}/{verb}", 303, True),
        ("POST", "/sign-in", 303, True),
        ("POST", "/sign-in", 403, False),
    } <= lines
    assert "/jobs/{number}/{verb}" in owner.ask("GET", "/log").text


def test_a_record_is_mended_and_a_decision_taken_back(served, people):
    """By forms; what is still wrong is told beside what was written."""
    ann, store = people("ann"), served.store
    number = store.quarantine(namespace="ann")[0].number
    for text, told in (("{", "this is no JSON"), ("[]", "give an object"), ('{"content": "x", "importance": 9}', "rejected again")):
        answer = ann.ask("POST", f"/quarantine/{number}/replay", {"how": "mended", "record": text})
        assert (answer.status_code, told in answer.text) == (422, True)
    mended = {"how": "mended", "record": '{"content": "mended by a form"}'}
    assert ann.ask("POST", f"/quarantine/{number}/replay", mended).status_code == 303
    assert [one.content for one in store.find(text="mended by a form")] == ["mended by a form"]
    [review] = [one.number for one in store.reviews() if one.one.namespace == "ann"]
    decided = ann.ask("POST", f"/reviews/{review}/decision", {"verdict": "distinct", "note": "no", "after": "0", "undo": ""})
    assert decided.headers["location"] == f"/reviews?after={review}&undo={review}"
    assert review not in [one.number for one in store.reviews()]
    undone = ann.ask("POST", f"/reviews/{review}/undo", {"undo": f"{review},7"})
    assert undone.headers["location"] == f"/reviews?after={review - 1}&undo=7&did=undo"
    assert review in [one.number for one in store.reviews()]


def test_without_the_dashboard_there_are_no_pages(fresh_file):
    """And an application that is mounted below a path names it in its links."""
    with fresh_file() as store:
        with TestClient(app(store)) as http:
            assert http.get("/").status_code == http.get("/static/dashboard.js").status_code == 404
        with TestClient(app(store, serving=Serving(dashboard=True)), root_path="/store") as http:
            text = http.get("/store/sign-in").text
            assert 'action="/store/sign-in"' in text
            assert 'href="/store/static/dashboard.css' in text


def test_many_are_decided_at_once_and_taken_back_together(served, people):
    """After a question, in all namespaces."""
    owner, store = people(), served.store
    first, second = (one.number for one in store.reviews())
    place = {"verdict": "distinct", "undo": "7"}
    assert "Hold distinct 2 pairs?" in owner.ask("GET", f"/reviews/{first}/many", place).text
    decided = owner.ask("POST", f"/reviews/{first}/many", place)
    assert (decided.headers["location"], store.reviews()) == (f"/reviews?after={first}&undo=m{first},7", [])
    assert "and those like it" in owner.ask("GET", "/reviews", {"undo": f"m{first}"}).text
    undone = owner.ask("POST", f"/reviews/{first}/undo", {"undo": f"m{first},7"})
    assert undone.headers["location"] == f"/reviews?after={first - 1}&undo=7&did=undo"
    assert {one.number for one in store.reviews()} == {first, second}
    assert owner.ask("POST", f"/reviews/{first}/undo", {"undo": f"m{first}"}).status_code == 404
