"""What a call does beside its work: keys, versions, pages, limits, problems, and the log of it."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest
from fastapi import Request, Response
from fastapi.testclient import TestClient

import memproc
from memproc.errors import DatabaseError
from memproc.failures import Failure, Kind
from memproc.service.rest import gate
from memproc.service.rest.app import app
from memproc.service.rest.routes import memories
from memproc.service.serving import Serving
from memproc.store.access import replies
from memproc.store.access.access import Access
from memproc.store.access.replies import Asked, Reply, Standing
from memproc.store.jobs.owners import Owner
from memproc.store.store import access_of
from tests.databases import all_text
from tests.service.rest.conftest import serving
from tests.waiting import LIMIT_SECONDS

MEMORIES = "/api/v1/memories"


def keyed(headers, key):
    """Return headers with a key."""
    return {**headers, "Idempotency-Key": key}


def test_what_is_sent_again_under_its_key_is_answered_as_at_first(served):
    """And done once; something else under the key is refused, and another's key is another one."""
    ann, bob = served.token("ann"), served.token("bob")
    first, again = (served.ask("post", MEMORIES, keyed(ann, "k"), json={"content": "Has a boat"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    other = served.ask("post", MEMORIES, keyed(ann, "k"), json={"content": "Has a car"})
    assert (other.status_code, other.json()["code"]) == (422, "key-reused")
    assert served.ask("post", MEMORIES, keyed(bob, "k"), json={"content": "Has a car"}).status_code == 201
    wrong = served.ask("post", MEMORIES, keyed(ann, "bad"), json={"content": ""})
    mended = served.ask("post", MEMORIES, keyed(ann, "bad"), json={"content": ""})
    assert (wrong.status_code, mended.status_code) == (422, 422)
    assert served.ask("patch", f"{MEMORIES}/{'0' * 32}", keyed(ann, "k"), json={}).json()["code"] == "key-refused"
    assert served.ask("post", MEMORIES, keyed(ann, "a b"), json={"content": "x"}).json()["code"] == "key-refused"


def test_what_is_forgotten_stands_in_no_answer_that_is_kept(served):
    """Whoever asks again is told that it was done."""
    ann = served.token("ann")
    added = served.ask("post", MEMORIES, keyed(ann, "k"), json={"content": "Has a boat called Miso"})
    served.store.forget(added.json()["memory"]["id"])
    again = served.ask("post", MEMORIES, keyed(ann, "k"), json={"content": "Has a boat called Miso"})
    assert (again.status_code, again.json()["code"]) == (410, "reply-gone")
    assert "Miso" not in all_text(served.store)


def test_of_requests_at_once_under_one_key_one_is_answered(served, monkeypatch):
    """The others are told to wait."""
    ann, begun, may_end = served.token("ann"), threading.Event(), threading.Event()
    true = memories._add

    def slow(*given):
        begun.set()
        assert may_end.wait(LIMIT_SECONDS)
        return true(*given)

    monkeypatch.setattr(memories, "_add", slow)
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(served.ask, "post", MEMORIES, keyed(ann, "k"), json={"content": "Has a boat"})
        assert begun.wait(LIMIT_SECONDS)
        second = served.ask("post", MEMORIES, keyed(ann, "k"), json={"content": "Has a boat"})
        may_end.set()
        assert first.result(LIMIT_SECONDS).status_code == 201
    assert (second.status_code, second.json()["code"], second.headers["retry-after"]) == (409, "key-busy", "1")


def test_an_answer_is_kept_on_every_database(fresh, monkeypatch):
    """What a process that died left is taken over at once; what forgetting met while it was made is not kept."""
    with fresh() as store:
        access, here = access_of(store), Owner.of_new_run()
        asked = Asked.of(("ann", "POST", "/x", "k"), b"body")
        gone = Owner.of_this_process()._replace(pid=2**22 + 1, run="x")
        assert access.begin_reply(asked, gone) == (Standing.NEW, None)
        assert access.begin_reply(asked, here) == (Standing.NEW, None)
        assert access.begin_reply(asked, here) == (Standing.BUSY, None)
        elsewhere = Asked.of(("bob", "POST", "/x", "k"), b"body")
        access.begin_reply(elsewhere, here._replace(machine="another"))
        assert access.begin_reply(elsewhere, here)[0] is Standing.BUSY
        monkeypatch.setattr(replies, "SILENCE_MICROS", 0)
        assert access.begin_reply(elsewhere, here)[0] is Standing.NEW
        assert access.begin_reply(Asked(asked.key, b"x" * 16), here) == (Standing.OTHER, None)
        reply = Reply(201, {"etag": '"x"'}, b"tea \xff")
        access.keep_reply(asked, reply)
        assert access.begin_reply(asked, here) == (Standing.ANSWERED, reply)
        other = Asked.of(("ann", "POST", "/x", "l"), b"body")
        access.begin_reply(other, here)
        memory = store.add({"content": "Prefers tea"}).memory
        store.forget(memory.id)
        access.keep_reply(other, reply)
        assert [access.begin_reply(one, here)[0] for one in (asked, other)] == [Standing.TAKEN_OUT] * 2
        access.keep_reply(other, None)
        assert access.begin_reply(other, here)[0] is Standing.NEW
        here.end()
        assert store.doctor() == ()


def test_a_client_asks_only_for_what_is_new_and_changes_only_what_it_knows(served):
    """By the ETag of a memory."""
    ann = served.token("ann")
    url = served.ask("post", MEMORIES, ann, json={"content": "Has a boat"}).headers["location"]
    tag = served.ask("get", url, ann).headers["etag"]
    for known in (tag, f'"other", W/{tag}', "*"):
        answer = served.ask("get", url, {**ann, "If-None-Match": known})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)
    changed = served.ask("patch", url, {**ann, "If-Match": tag}, json={"content": "Has a bike"})
    assert (changed.status_code, changed.json()["memory"]["content"]) == (200, "Has a bike")
    late = served.ask("patch", url, {**ann, "If-Match": tag}, json={"content": "Has a car"})
    assert (late.status_code, late.json()["code"]) == (412, "changed-meanwhile")
    assert served.ask("get", url, {**ann, "If-None-Match": tag}).headers["etag"] == changed.headers["etag"]
    assert served.ask("patch", url, {**ann, "If-Match": "*"}, json={"namespace": "bob"}).status_code == 422


def test_a_memory_is_changed_only_if_it_is_what_was_expected(fresh):
    """Also where another one changes it between the look and the change."""
    with fresh() as store:
        memory = store.add({"content": "Has a boat", "metadata": {"n": 1.5}, "tags": ["b", "a"]}).memory
        assert store.update(memory.id, {"content": "Has a bike"}, expected=memory).outcome == "updated"
        with pytest.raises(memproc.ChangedError, match="read it again"):
            store.update(memory.id, {"content": "Has a car"}, expected=memory)
        assert store.get(memory.id).content == "Has a bike"
        assert store.doctor() == ()


def test_pages_follow_each_other(served):
    """And none is missing or comes twice."""
    ann = served.token("ann")
    for number in range(7):
        served.store.add({"content": f"note {number}", "namespace": "ann", "created_at": f"2025-02-0{number + 1}"})
    whole = [one.id for one in served.store.find(namespace="ann", limit=None)]
    found, cursor = [], None
    while cursor or not found:
        page = served.ask("get", MEMORIES, ann, params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        found += [one["id"] for one in page["memories"]]
        cursor = page["cursor"]
    assert found == whole
    assert served.ask("get", MEMORIES, ann, params={"cursor": "x"}).status_code == 422
    for path, name in (("reviews", "reviews"), ("quarantine", "quarantined")):
        both = [served.ask("get", f"/api/v1/{path}", served.token(), params=one).json() for one in ({}, {"limit": 1})]
        assert (len(both[0][name]), len(both[1][name]), both[0]["cursor"]) == (2, 1, None)
        rest = served.ask("get", f"/api/v1/{path}", served.token(), params={"cursor": both[1]["cursor"]}).json()
        assert both[1][name] + rest[name] == both[0][name]


def test_calls_have_a_limit_of_their_token(fresh_file, tmp_path):
    """As the headers tell, also in a server that begins anew or stands beside; another token is not concerned."""
    with fresh_file() as store:
        with serving(store, tmp_path) as served:
            few, many = served.token("ann", per_minute=1_000, per_day=3), served.token("ann")
            left = [served.ask("get", MEMORIES, few).headers["ratelimit-remaining"] for _ in range(2)]
            assert left == ["2", "1"]
        with serving(store, tmp_path) as served:
            last = served.ask("get", MEMORIES, few)
            assert last.headers["ratelimit-policy"] == "1000;w=60, 3;w=86400"
            answer = served.ask("get", MEMORIES, few)
            assert (answer.status_code, answer.json()["code"]) == (429, "too-many-calls")
            assert answer.headers["retry-after"] == answer.headers["ratelimit-reset"]
            assert served.ask("get", MEMORIES, many).status_code == 200


PROBLEMS = {
    "no such path": ("get", "/api/v1/nothing", {}, 404, "GET /api/openapi.json lists"),
    "no such way": ("put", MEMORIES, {}, 405, "the header Allow says"),
    "no JSON": ("post", MEMORIES, {"content": b"{", "headers": {"Content-Type": "application/json"}}, 400, "the body is no JSON"),
    "a list": ("post", MEMORIES, {"json": [1]}, 422, "valid dictionary"),
    "too much": ("post", MEMORIES, {"json": {"content": "x" * 1_100_000}}, 413, "send less at once"),
    "no memory": ("post", MEMORIES, {"json": {"content": "x", "importance": 7}}, 422, "importance: "),
    "no date": ("get", MEMORIES, {"params": {"since": "after Easter"}}, 422, "since='after Easter': not a date"),
    "a limit": ("get", MEMORIES, {"params": {"limit": 0}}, 422, "limit: "),
    "a field": ("post", f"{MEMORIES}/search", {"json": {"txt": "tea"}}, 422, "txt: "),
    "NUL": ("post", f"{MEMORIES}/search", {"json": {"text": "\0"}}, 422, "NUL"),
    "a surrogate": ("post", f"{MEMORIES}/search", {"content": b'{"text": "\\ud800"}'}, 422, "text: "),
    "another body": ("post", f"{MEMORIES}/search", {"content": b"a=b", "headers": {"Content-Type": "text/plain"}}, 422, ""),
    "whom": ("post", "/api/v1/forget", {"json": {}}, 422, "say whom to forget"),
    "a blank": ("get", MEMORIES, {"params": {"namespace": " "}}, 422, "namespace"),
    "a name": ("post", "/api/v1/uploads", {"params": {"name": "../x"}, "content": b"x"}, 422, "name: "),
    "a verdict": ("post", "/api/v1/reviews/1/decision", {"json": {"verdict": "maybe"}}, 422, "verdict: "),
    "a number": ("get", "/api/v1/quarantine/x", {}, 422, "number: "),
}


def test_whatever_is_wrong_is_told_as_a_problem(served, subtests):
    """With the value or its place, and how to mend it."""
    ann = served.token("ann")
    for name, (method, path, given, status, told) in PROBLEMS.items():
        with subtests.test(problem=name):
            more = {**given, "headers": {"Content-Type": "application/json", **given.get("headers", {}), **ann}}
            answer = served.ask(method, path, **more)
            problem = answer.json()
            assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
            assert problem["type"] == f"urn:memproc:problem:{problem['code']}"
            assert problem["status"] == status
            assert problem["request"] == answer.headers["x-request-id"]
            assert told in problem["detail"], problem
            assert "Traceback" not in answer.text
    assert served.ask("put", MEMORIES, ann).headers["allow"]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (RuntimeError("the password is tea"), 500),
        (memproc.StoreError("/srv/secret.db is locked"), 503),
        (DatabaseError(Failure(Kind.DATA, "no"), "secret"), 422),
    ],
)
def test_what_fails_tells_nothing_of_the_machine(error, status, served, monkeypatch):
    """No trace, no path, no words of the error: the id of the request finds it in the log."""

    def fail(*_):
        raise error

    monkeypatch.setattr(memories, "_find", fail)
    answer = served.ask("get", MEMORIES, served.token("ann"))
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert "password" not in answer.text
    assert "secret" not in answer.text


def test_the_log_tells_who_asked_what_and_no_text(served):
    """Of a change before it is answered, of what was refused too."""
    ann = served.token("ann")
    url = served.ask("post", MEMORIES, ann, json={"content": "a boat of mine"}).headers["location"]
    [line] = access_of(served.store).log(limit=1)
    assert (line.who, line.method, line.route, line.status, line.namespace) == (f"{ann.number} test", "POST", MEMORIES, 201, "ann")
    served.ask("patch", url, ann, json={"content": "no boat"})
    served.ask("get", f"{MEMORIES}/a boat of mine", ann)
    served.ask("get", MEMORIES)
    served.http.__exit__(None, None, None)
    lines = access_of(served.store).log()
    found = [(one.method, one.route, one.target, one.status) for one in lines[:3]]
    assert found[2] == ("PATCH", f"{MEMORIES}/{{memory}}", url.rpartition("/")[2], 200)
    assert {*found[:2]} == {("GET", f"{MEMORIES}/{{memory}}", "", 404), ("GET", MEMORIES, "", 401)}
    assert not any("boat" in str(line) for line in lines)
    served.http.__enter__()


def test_where_the_log_cannot_be_written_calls_are_answered_all_the_same(served, monkeypatch):
    """Nobody waits for it in vain."""

    def fail(*_):
        raise ValueError("no")

    monkeypatch.setattr(Access, "note", fail)
    ann = served.token("ann")
    for number in range(3):
        assert served.ask("post", MEMORIES, ann, json={"content": f"Has {number} boats"}).status_code == 201
    monkeypatch.undo()
    assert served.ask("post", MEMORIES, ann, json={"content": "Has a car"}).status_code == 201
    assert access_of(served.store).log(limit=1)[0].status == 201


def test_a_file_is_written_as_it_comes(served, tmp_path):
    """With its hash; a large one is refused, and nothing of it is left."""
    ann = served.token("ann")
    sent = served.ask("post", "/api/v1/uploads", ann, params={"name": "a.jsonl"}, content=iter([b"x" * 600_000] * 4))
    assert (sent.status_code, sent.json()["size"], sent.json()["namespace"]) == (201, 2_400_000, "ann")
    [file] = (tmp_path / "uploads").rglob("a.jsonl")
    assert (file.stat().st_size, file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (2_400_000, 0o600, 0o700)
    served.app.state.served.serving = Serving(uploads=tmp_path / "uploads", upload_bytes=1_000)
    refused = served.ask("post", "/api/v1/uploads", ann, params={"name": "b.jsonl"}, content=iter([b"x" * 600] * 2))
    assert (refused.status_code, refused.json()["code"]) == (413, "file-too-large")
    assert len([*(tmp_path / "uploads").iterdir()]) == 1
    assert served.ask("delete", f"/api/v1/uploads/{sent.json()['number']}", ann).status_code == 200
    assert [*(tmp_path / "uploads").iterdir()] == []
    assert served.store.doctor() == ()


def test_a_record_that_is_mended_stays_in_its_namespace(served):
    """Whoever is kept to one cannot write into another by what a record says of itself."""
    ann = served.token("ann")
    [number] = [one["number"] for one in served.ask("get", "/api/v1/quarantine", ann).json()["quarantined"]]
    url = f"/api/v1/quarantine/{number}/replay"
    before = [memory.id for memory in served.store.find(namespace="bob")]
    moved = served.ask("post", url, ann, json={"record": {"content": "I am Bob", "namespace": "bob"}}).json()
    assert (moved["outcome"], moved["record"]["status"]) == ("rejected", "open")
    assert "a namespace that is not reached" in moved["record"]["faults"][0]["message"]
    assert [memory.id for memory in served.store.find(namespace="bob")] == before
    taken = served.ask("post", url, ann, json={"record": {"content": "a secret of ann", "importance": 0.7}}).json()
    assert (taken["outcome"], taken["record"]["status"]) == ("accepted", "replayed")
    assert served.store.find(namespace="ann", text="a secret")


def test_while_the_store_is_slow_others_are_answered(served, monkeypatch):
    """The loop is not held up by what asks the database."""
    ann, begun, may_end = served.token("ann"), threading.Event(), threading.Event()

    def slow(*_):
        begun.set()
        assert may_end.wait(LIMIT_SECONDS)
        raise memproc.NotFoundError("nothing")

    monkeypatch.setattr(memories, "_find", slow)
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(served.ask, "get", MEMORIES, ann)
        assert begun.wait(LIMIT_SECONDS)
        assert served.ask("get", "/api/health").json()["status"] == "ok"
        assert served.ask("get", "/api/v1/reviews", ann).status_code == 200
        may_end.set()
        assert waiting.result(LIMIT_SECONDS).status_code == 404


def test_an_application_opens_its_store_and_takes_routes_of_ones_own(tmp_path):
    """Beside those of memproc."""
    made = app(tmp_path / "m.db")
    made.add_api_route("/", lambda: {"mine": True})
    with TestClient(made) as http:
        assert http.get("/").json() == {"mine": True}
        assert http.get("/api/v1/memories").status_code == 401
    with memproc.open(tmp_path / "m.db") as store:
        assert store.doctor() == ()
        assert access_of(store).log()[0].status == 401


def test_a_route_without_a_scope_cannot_be_made():
    """So none is open by mistake."""
    with pytest.raises(TypeError, match="say which scope it needs"):
        memories.router().add_api_route("/x", lambda: None)


@pytest.mark.parametrize(("pieces", "status"), [(0, 408), (3, 408), (6, 200)])
def test_a_body_that_does_not_come_is_not_waited_for(monkeypatch, pieces, status):
    """One that comes slowly is, as long as it goes on; what follows a whole body may take as long as it likes."""
    monkeypatch.setattr(gate, "BODY_SECONDS", 0.05)
    sent, answers = iter(range(pieces)), []

    async def receive():
        at = next(sent, None)
        await asyncio.sleep(LIMIT_SECONDS if at is None else 0.02)
        return {"type": "http.request", "body": b"x" * 100, "more_body": at != 5}

    async def inner(scope, receive, send):
        request = Request(scope, receive)
        if len(await request.body()) == 600:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.1):
                    await receive()
        await Response()(scope, receive, send)

    async def send(message):
        answers.append(message)

    made = SimpleNamespace(state=SimpleNamespace(served=SimpleNamespace(books=None)))
    scope = {"type": "http", "method": "POST", "path": "/own", "headers": [], "query_string": b"", "app": made}
    asyncio.run(gate.Gate(inner, most_bytes=1_000)(scope, receive, send))
    assert answers[0]["status"] == status


def test_what_is_discarded_is_in_no_answer_that_is_kept(served):
    """Its bytes are deleted, also where they were told to who sent it again."""
    ann = served.token("ann")
    [bad] = served.ask("get", "/api/v1/quarantine", ann).json()["quarantined"]
    path = f"/api/v1/quarantine/{bad['number']}"
    replayed = served.ask("post", f"{path}/replay", keyed(ann, "k"), json={})
    assert "a secret of ann" in replayed.text
    assert served.ask("post", f"{path}/discard", keyed(ann, "l"), json={}).status_code == 200
    assert "a secret of ann" not in all_text(served.store)
    assert served.ask("post", f"{path}/replay", keyed(ann, "k"), json={}).status_code == 410


def test_a_page_of_reviews_reads_no_more_than_it_takes(served, monkeypatch):
    """Of each namespace of the caller, however many pairs wait."""
    both, limits = served.token("ann", "bob", "ann"), []
    reviews = memproc.Store.reviews
    monkeypatch.setattr(memproc.Store, "reviews", lambda *args, **more: limits.append(more["limit"]) or reviews(*args, **more))
    numbers, cursor = [], None
    while cursor is not None or not numbers:
        page = served.ask("get", "/api/v1/reviews", both, params={"limit": 1, **({"cursor": cursor} if cursor else {})}).json()
        numbers += [one["number"] for one in page["reviews"]]
        cursor = page["cursor"]
    assert (numbers, {*limits}) == ([1, 2], {2})
