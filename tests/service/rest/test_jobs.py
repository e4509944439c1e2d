"""Jobs over HTTP: submitted, worked off, followed and steered; and what they may not read, or write."""

from __future__ import annotations

import json
import threading

import pytest

from memproc.service.rest import following
from memproc.service.rest.jobs_of import job_told
from memproc.service.serving import Serving
from memproc.service.worker import Worker
from memproc.store.store import access_of
from tests.service.rest.conftest import serving
from tests.waiting import LIMIT_SECONDS

JOBS = "/api/batch/jobs"


@pytest.fixture
def empty(fresh, tmp_path):
    """Give a served store in which nothing is, on each database."""
    with fresh() as store, serving(store, tmp_path, hosts=["api.example.org"]) as one:
        yield one


def uploaded(served, headers, *lines):
    """Send records as a file, and return it as a source."""
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    sent = served.ask("post", "/api/v1/uploads", headers, params={"name": "a.jsonl"}, content=data)
    assert sent.status_code == 201, sent.text
    return {"upload": sent.json()["number"]}


def submitted(served, headers, *sources, **more):
    """Submit a job, and return it."""
    answer = served.ask("post", JOBS, headers, json={"sources": [*sources], **more})
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"{JOBS}/{answer.json()['number']}"
    return answer.json()


@pytest.mark.costly
def test_a_job_is_submitted_worked_off_and_looked_at(empty):
    """A file that was sent and one of the server; its batches, what it rejected, its report and its figures."""
    ann = empty.token("ann")
    source = uploaded(empty, ann, {"content": "Has a boat"}, {"content": "bad", "importance": 7}, {"content": "Has a cat"})
    job = submitted(empty, ann, source, {"path": "shared.jsonl"}, name="first", settings={"batch_size": 2}, priority="high")
    assert (job["state"], job["namespace"], job["sources"]) == ("waiting", "ann", ["a.jsonl", "shared.jsonl"])
    after = submitted(empty, ann, source, after=[job["number"]])
    assert (after["waits_for"], after["after"]) == ("jobs", [job["number"]])
    assert Worker(empty.store).work(until_empty=True) == 2
    done = empty.ask("get", f"{JOBS}/{job['number']}", ann).json()
    assert (done["state"], done["read"], done["stored"], done["quarantined"]) == ("done", 4, 3, 1)
    assert [one["outcome"] for one in done["runs"]] == ["done"]
    assert {one["made_by"] for one in done["changes"]} == {f"{ann.number} test", "a worker"}
    tasks = empty.ask("get", f"{JOBS}/{job['number']}/tasks", ann, params={"limit": 1}).json()
    assert (tasks["batches"][0]["records"], len(tasks["quarantined"])) == (2, 1)
    rest = empty.ask("get", f"{JOBS}/{job['number']}/tasks", ann, params={"cursor": tasks["cursor"]}).json()
    assert sum(one["records"] for one in rest["batches"]) == 2
    report = empty.ask("get", f"{JOBS}/{job['number']}/report", ann).json()
    assert (report["outcomes"]["counts"]["stored"] if "counts" in report["outcomes"] else 3) == 3
    assert str(empty.folder) not in json.dumps([report["store"], done])
    assert {one.namespace for one in empty.store.find()} == {"ann"}
    page = empty.ask("get", JOBS, ann, params={"limit": 1}).json()
    assert [one["number"] for one in page["jobs"]] == [after["number"]]
    older = empty.ask("get", JOBS, ann, params={"cursor": page["cursor"], "state": "done"}).json()
    assert [one["number"] for one in older["jobs"]] == [job["number"]]
    figures = empty.ask("get", "/api/batch/metrics", ann).json()
    assert (figures["states"], [one["namespace"] for one in figures["tenants"]]) == ({"done": 2}, ["ann"])
    assert empty.ask("get", "/api/batch/metrics", empty.token("bob")).json()["states"] == {}
    assert empty.store.doctor() == ()


@pytest.mark.costly
def test_a_job_is_paused_resumed_held_retried_and_cancelled(empty):
    """What cannot be done with it as it stands is a conflict, with the reason."""
    ann = empty.token("ann")
    number = submitted(empty, ann, {"path": "shared.jsonl"})["number"]

    def put(verb):
        answer = empty.ask("put", f"{JOBS}/{number}/{verb}", ann, json={"why": "a look"})
        return answer.json().get("state") or (answer.status_code, answer.json()["code"])

    assert [put(verb) for verb in ("pause", "resume", "hold", "release")] == ["paused", "waiting", "held", "waiting"]
    assert put("resume") == (409, "job-state")
    assert empty.ask("delete", f"{JOBS}/{number}", ann, params={"why": "enough"}).json()["state"] == "cancelled"
    assert empty.ask("delete", f"{JOBS}/{number}", ann).status_code == 409
    assert put("retry") == "waiting"
    changes = empty.ask("get", f"{JOBS}/{number}", ann).json()["changes"]
    assert ("cancelled", "enough") in [(one["became"], one["why"]) for one in changes]


@pytest.mark.costly
def test_a_job_of_a_token_stays_in_its_namespace(empty):
    """A record that names another one is rejected; a token of all namespaces may bring it."""
    ann = empty.token("ann")
    source = uploaded(empty, ann, {"content": "I am Bob", "namespace": "bob"}, {"content": "I am Ann"})
    number = submitted(empty, ann, source)["number"]
    whole = submitted(empty, empty.token(), source)["number"]
    Worker(empty.store).run_next()
    assert [(one.content, one.namespace) for one in empty.store.find()] == [("I am Ann", "ann")]
    done = empty.ask("get", f"{JOBS}/{number}", ann).json()
    assert (done["stored"], done["quarantined"]) == (1, 1)
    assert empty.ask("get", f"{JOBS}/{number}/tasks", ann).json()["quarantined"] == []  # it says of itself that it is Bob's
    [bad] = empty.ask("get", f"{JOBS}/{number}/tasks", empty.token()).json()["quarantined"]
    assert (bad["namespace"], bad["faults"][0]["path"]) == ("ann", "")
    assert "leave it out, or name one of your own" in bad["faults"][0]["message"]
    assert empty.ask("get", f"/api/v1/quarantine/{bad['number']}", ann).status_code == 404
    assert empty.ask("get", "/api/v1/quarantine", ann).json()["quarantined"] == []
    Worker(empty.store).work(until_empty=True)
    assert {one.namespace for one in empty.store.find()} == {"ann", "bob", "default"}
    assert empty.ask("get", f"{JOBS}/{whole}", ann).status_code == 404


@pytest.mark.costly
def test_a_report_of_a_job_tells_nothing_of_other_namespaces(empty):
    """Neither what the store holds beside it, nor what records say that were read for one and name another."""
    ann, everyone = empty.token("ann"), empty.token()
    empty.store.add({"content": "Bob has a yacht", "namespace": "bob-and-co", "source": "bobs-app"})
    own = submitted(empty, ann, uploaded(empty, ann, {"content": "Has a boat"}))["number"]
    lines = [{"content": one, "namespace": "bob-and-co", "importance": at} for at, one in ((1, "Has a plane"), (77_777_777, "x"))]
    mixed = submitted(empty, everyone, uploaded(empty, everyone, *lines), namespace="ann")["number"]
    Worker(empty.store).work(until_empty=True)
    told = [empty.ask("get", f"{JOBS}/{number}/report", ann) for number in (own, mixed)]
    assert [one.json()["outcomes"]["read"] for one in told] == [1, 2]
    assert "Has a boat" in told[0].text
    assert not [name for name in ("bob", "77777777", "memories_before", "jobs_in_all") for one in told if name in one.text.lower()]
    assert "bob-and-co" in empty.ask("get", f"{JOBS}/{mixed}/report", everyone).text


def test_why_a_job_failed_tells_no_folder_of_the_server(served):
    """Neither the job nor its changes."""
    ann = served.token("ann")
    (served.folder / "shared/broken.json").write_text("no JSON at all")
    number = submitted(served, ann, {"path": "broken.json"}, settings={"max_errors": 0})["number"]
    (served.folder / "shared/broken.json").unlink()
    Worker(served.store).work(until_empty=True)
    told = served.ask("get", f"{JOBS}/{number}", ann)
    assert told.json()["state"] == "failed"
    assert "broken.json" in told.json()["changes"][-1]["why"]
    assert str(served.folder) not in told.text


SOURCES = {
    "out by dots": ({"path": "../secret.txt"}, 404),
    "out by dots within": ({"path": "a/../../secret.txt"}, 404),
    "in by dots": ({"path": "inner/../shared.jsonl"}, 404),
    "out by an absolute path": ({"path": "/etc/passwd"}, 404),
    "out by a link": ({"path": "link.txt"}, 404),
    "out by a folder that is a link": ({"path": "out/secret.txt"}, 404),
    "a folder": ({"path": "inner"}, 404),
    "nothing": ({"path": "nothing.jsonl"}, 404),
    "NUL": ({"path": "a\0b"}, 422),
    "another file's upload": ({"upload": 1}, 404),
    "a host that is not named": ({"url": "https://evil.example/x"}, 404),
    "another port": ({"url": "https://api.example.org:444/x"}, 404),
    "in the clear": ({"url": "http://api.example.org/x"}, 404),
    "a database": ({"url": "postgresql://u@h/d"}, 422),
    "a variable of the server": ({"url": "https://api.example.org/x?key=ENV:HOME"}, 422),
    "a password": ({"url": "https://u:p@api.example.org/x"}, 422),
    "two": ({"path": "shared.jsonl", "upload": 1}, 422),
    "none": ({}, 422),
}


def test_a_job_reads_only_what_the_server_lets_it(served, tmp_path, subtests):
    """No path and no link leads out, no host but those that are named, no file of others; nothing is submitted."""
    ann, root = served.token("ann"), tmp_path / "shared"
    served.app.state.served.serving = Serving(uploads=tmp_path / "uploads", roots=[root], hosts=["api.example.org"])
    (tmp_path / "secret.txt").write_text("secret")
    (root / "inner").mkdir()
    (root / "inner/fine.txt").write_text("fine")
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "out").symlink_to(tmp_path)
    (root / "within.txt").symlink_to(root / "inner/fine.txt")
    uploaded(served, served.token("bob"), {"content": "of Bob"})
    for name, (source, status) in SOURCES.items():
        with subtests.test(source=name):
            answer = served.ask("post", JOBS, ann, json={"sources": [source]})
            assert answer.status_code == status, answer.text
            assert str(tmp_path) not in answer.text
    assert served.store.queue() == []
    for source in ({"path": "within.txt"}, {"path": str(root / "shared.jsonl")}, {"url": "https://api.example.org/memories"}):
        submitted(served, ann, source)
    assert served.ask("post", JOBS, ann, json={"sources": [source], "options": {"allow_pickle": True}}).status_code == 422
    assert served.ask("post", JOBS, ann, json={"sources": [source], "settings": {"table_prefix": "x"}}).status_code == 422
    foreign = served.store.submit(str(root / "shared.jsonl"), namespace="bob").number
    after = served.ask("post", JOBS, ann, json={"sources": [source], "after": [foreign]})
    assert (after.status_code, after.json()["detail"].split(":")[0]) == (404, f"there is no job {foreign} here")


@pytest.mark.costly
def test_a_job_is_followed_until_it_has_ended(empty, monkeypatch):
    """By events with the job as data."""
    monkeypatch.setattr(following, "EVERY_SECONDS", 0.01)
    ann = empty.token("ann")
    number = submitted(empty, ann, {"path": "shared.jsonl"})["number"]
    lines = []
    with empty.http.stream("GET", f"{JOBS}/{number}/events", headers=ann) as answer:
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
        Worker(empty.store).work(until_empty=True)
        lines = [line for line in answer.iter_lines() if line]
    assert lines[0].startswith("retry: ")
    kinds = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    told = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    assert (kinds[-1], told[-1]["state"], told[-1]["stored"]) == ("end", "done", 1)
    assert {*kinds} <= {"progress", "end"}


def test_nothing_more_is_told_by_a_token_that_is_revoked(served, monkeypatch):
    """The stream ends, though the job goes on."""
    monkeypatch.setattr(following, "EVERY_SECONDS", 0.01)
    ann, asked, state = served.token("ann"), [], served.app.state.served

    def told(*given):
        asked.append(given)
        state.is_ending = len(asked) > 500  # so that the stream ends, though it should have ended before
        return job_told(*given)

    monkeypatch.setattr(following, "job_told", told)
    number = submitted(served, ann, {"path": "shared.jsonl"})["number"]
    revoked = threading.Timer(0.05, lambda: access_of(served.store).revoke_token(ann.number))
    revoked.start()
    with served.http.stream("GET", f"{JOBS}/{number}/events", headers=ann, timeout=LIMIT_SECONDS) as answer:
        lines = [line for line in answer.iter_lines() if line.startswith("event: ")]
    revoked.join(LIMIT_SECONDS)
    assert lines == ["event: progress"]
    assert not state.is_ending
    assert state.streams.total() == 0


def test_one_caller_does_not_have_all_streams(served):
    """Others may follow their jobs."""
    ann, bob = served.token("ann"), served.token("bob")
    first, second = (submitted(served, token, {"path": "shared.jsonl"})["number"] for token in (ann, bob))
    served.store.cancel_job(second)
    served.app.state.served.streams[f"{ann.number} test"] = following.MOST_OF_ONE
    assert served.ask("get", f"{JOBS}/{first}/events", ann).json()["code"] == "streams-full"
    assert served.ask("get", f"{JOBS}/{second}/events", bob).status_code == 200


def test_forgetting_a_namespace_deletes_the_files_that_were_sent_for_it(served):
    """Those of others stay, and so do all as long as nobody confirmed, and where a subject alone is forgotten."""
    ann, bob = served.token("ann"), served.token("bob")
    for token in (ann, bob):
        uploaded(served, token, {"content": "Has a boat"})
    for asked, left in (({"confirm": False}, 2), ({"subject": "tea", "confirm": True}, 2), ({"confirm": True}, 1)):
        assert served.ask("post", "/api/v1/forget", ann, json={"namespace": "ann", **asked}).status_code == 200
        assert len([*served.folder.glob("uploads/*/a.jsonl")]) == left
    assert served.ask("get", "/api/v1/uploads", ann).json()["uploads"] == []
    assert len(served.ask("get", "/api/v1/uploads", bob).json()["uploads"]) == 1
