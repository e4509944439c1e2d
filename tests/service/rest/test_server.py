"""The command that serves, asked over the network by the client of memproc, and the command on tokens."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from contextlib import contextmanager

import httpx2
import pytest

import memproc
from memproc.service.client import Client, ProblemError
from memproc.service.given import SourceGiven
from memproc.service.scopes import Scope
from memproc.service.worker import Worker
from tests.command_line import as_json, run_memproc
from tests.conftest import ROOT
from tests.service.rest.conftest import filled
from tests.waiting import LIMIT_SECONDS, bounded

ALL = [part for scope in Scope for part in ("--scope", str(scope))]


@contextmanager
def serve_process(folder, *options):
    """Serve a store by the command in a process of its own, and give its URL and the process."""
    command = [sys.executable, "-m", "memproc", "serve", "m.db", "--port", "0", "--uploads", "uploads", *options]
    process = subprocess.Popen(command, cwd=folder, env={"PYTHONPATH": str(ROOT)}, stderr=subprocess.PIPE, text=True)
    with process, bounded(process):
        try:
            yield process.stderr.readline().split()[1].rstrip(";"), process
        finally:
            process.send_signal(signal.SIGINT)
            process.communicate(timeout=LIMIT_SECONDS)


@contextmanager
def served(folder, *options):
    """Serve a store by the command in a process of its own, and give its URL."""
    with serve_process(folder, *options) as (url, _):
        yield url


def new_token(folder, *options):
    """Return a token that the command made."""
    made = run_memproc("token", "create", "m.db", "--name", "test", *ALL, *options, "--json", folder=folder)
    return as_json(made)["token"]


@pytest.mark.costly
def test_the_client_does_what_the_service_has(tmp_path):
    """Over a real server: each of its calls, with answers as models."""
    with memproc.open(tmp_path / "m.db") as store:
        filled(store, tmp_path)
    token, whole = new_token(tmp_path, "--namespace", "ann"), new_token(tmp_path, "--all-namespaces")
    with served(tmp_path) as url, Client(url, token) as client, Client(url, whole) as owner:
        assert client.health().version == memproc.__version__
        added = client.add({"content": "Has a boat", "tags": ["sea"], "id": "b/1", "source": "app", "importance": 0.5})
        assert added.outcome == "stored"
        memory = client.get(added.memory.id)
        assert memory == added.memory == client.record("b/1", "app")
        assert client.update(memory.id, {"content": "Has a bike"}, only_if=memory).outcome == "updated"
        with pytest.raises(ProblemError) as caught:
            client.update(memory.id, {"content": "Has a car"}, only_if=memory)
        assert (caught.value.status, caught.value.code) == (412, "changed-meanwhile")
        assert client.revert(memory.id, note="wrong").memory.content == "Has a boat"
        assert [step.content for step in client.history(memory.id).steps][-1] == "Has a boat"
        assert {one.namespace for one in client.find(limit=1)} == {"ann"}
        assert [one.id for one in client.find(text="boat")] == [memory.id]
        assert client.validate({"content": ""}).errors[0].hint
        with pytest.raises(ProblemError) as caught:
            client.add({"content": "x", "importance": 7})
        assert [one.path for one in caught.value.errors] == ["importance"]
        [review] = client.reviews().reviews
        assert client.review(review.number) == review
        assert client.decide(review.number, "distinct").decisions == 1
        [tea] = client.find(text="green tea")
        seen = next(one for one in client.history(tea.id).observations if one.outcome == "merged")
        assert client.unmerge(seen.observation).decisions == client.unmerge(seen.observation, undo=True).decisions == 1
        [bad] = client.quarantine().quarantined
        assert client.quarantined(bad.number).faults[0].path == "importance"
        assert client.replay(bad.number).outcome == "rejected"
        assert client.discard(bad.number, note="no").status == "discarded"
        sent = client.upload(tmp_path / "ann.jsonl")
        assert (sent.size, client.uploads().uploads) == ((tmp_path / "ann.jsonl").stat().st_size, [sent])
        assert client.delete_upload(sent.number) == sent
        assert client.forget(memory.id).memories == 1
        with pytest.raises(ProblemError, match="404 not-found: there is no memory"):
            client.get(memory.id)
        assert client.forget_all(subject="tea").is_trial
        assert client.forget_all(subject="tea", confirm=True).memories == 1
        assert owner.report().outcomes
        assert len(owner.log(limit=5).lines) == 5
        with pytest.raises(ProblemError, match="401 token-invalid"), Client(url, "memproc_wrong") as stranger:
            stranger.get("x")
        assert httpx2.get(f"{url}/nothing", timeout=LIMIT_SECONDS).json()["code"] == "not-found"
    with memproc.open(tmp_path / "m.db") as store:
        assert store.doctor() == ()


@pytest.mark.costly
def test_the_client_submits_steers_and_follows_jobs(tmp_path):
    """Over a real server, with a worker in another process."""
    token = new_token(tmp_path, "--namespace", "ann")
    (tmp_path / "ann.jsonl").write_text('{"content": "Has a boat"}\n')
    with served(tmp_path) as url, Client(url, token) as client:
        job = client.submit(SourceGiven(upload=client.upload(tmp_path / "ann.jsonl").number), name="read", priority="low")
        assert [client.pause(job.number).state, client.hold(job.number).state] == ["paused", "held"]
        assert [client.release(job.number).state, client.cancel(job.number, why="no").state] == ["waiting", "cancelled"]
        assert client.retry(job.number).state == "waiting"
        assert (client.pause(job.number).state, client.resume(job.number).state) == ("paused", "waiting")
        with memproc.open(tmp_path / "m.db") as store:
            Worker(store).work(until_empty=True)
        assert [one.state for one in client.follow(job.number)][-1] == client.job(job.number).state == "done"
        assert [one.number for one in client.jobs(state="done").jobs] == [job.number]
        assert (len(client.tasks(job.number).batches), client.metrics().states) == (1, {"done": 1})
        assert client.job_report(job.number).job == job.number


@pytest.mark.costly
def test_a_server_that_ends_ends_its_streams(tmp_path):
    """None is cut in the middle."""
    token = new_token(tmp_path, "--namespace", "ann")
    (tmp_path / "ann.jsonl").write_text('{"content": "Has a boat"}\n')
    with memproc.open(tmp_path / "m.db") as store:
        number = store.submit(str(tmp_path / "ann.jsonl"), namespace="ann", held=True).number
    headers = {"Authorization": f"Bearer {token}"}
    with serve_process(tmp_path) as (url, process):
        path = f"{url}/api/batch/jobs/{number}/events"
        with httpx2.stream("GET", path, headers=headers, timeout=LIMIT_SECONDS) as answer:
            kinds = []
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kinds.append(line)
                    process.send_signal(signal.SIGINT)
        assert kinds == ["event: progress"]


@pytest.mark.costly
def test_a_server_that_is_full_is_asked_again_by_the_client(tmp_path):
    """After the time that it says, at most some times."""
    token = new_token(tmp_path, "--namespace", "ann", "--per-day", "1")
    with served(tmp_path) as url, Client(url, token) as client:
        assert client.page().memories == []
        with pytest.raises(ProblemError) as caught:
            client.page()
        assert (caught.value.status, caught.value.code) == (429, "too-many-calls")


def test_a_token_alone_is_on_standard_output(tmp_path):
    """So that a shell can keep it in a variable; what else there is to tell is beside it."""
    asked = ("--name", "test", "--namespace", "ann", "--scope", "memories:read")
    code, told, beside = run_memproc("token", "create", "m.db", *asked, folder=tmp_path)
    assert (code, told.count("\n"), told.startswith("memproc_"), told[8:].strip().replace("_", "").replace("-", "").isalnum()) == (
        0,
        1,
        True,
        True,
    )
    assert beside.startswith("keep it: it is shown only now. It is number 1, and ends ")


def test_a_token_is_shown_once_and_kept_hashed(tmp_path):
    """It is listed without its secret, and can be revoked."""
    token = new_token(tmp_path, "--namespace", " ann ", "--days", "1")
    assert token.removeprefix("memproc_").encode() not in (tmp_path / "m.db").read_bytes()
    [listed] = as_json(run_memproc("token", "list", "m.db", "--json", folder=tmp_path))["tokens"]
    assert (listed["namespaces"], listed["revoked_at"]) == (["ann"], None)
    assert as_json(run_memproc("token", "revoke", "m.db", 1, "--json", folder=tmp_path))["revoked_at"]
    told = run_memproc("token", "list", "m.db", folder=tmp_path)[1]
    assert "test: ann; memories:read" in told
    assert "revoked" in told


WRONG = {
    "a scope": (("create", "m.db", "--name", "x", "--namespace", "a", "--scope", "all"), "scope 'all': choose of memories:read"),
    "no scope": (("create", "m.db", "--name", "x", "--namespace", "a"), "a token without a scope may do nothing"),
    "no name": (("create", "m.db", "--namespace", "a"), "give the token a --name"),
    "no namespace": (("create", "m.db", "--name", "x"), "say what the token reaches"),
    "both": (("create", "m.db", "--name", "x", "--namespace", "a", "--all-namespaces"), "say what the token reaches"),
    "a blank": (("create", "m.db", "--name", "x", "--namespace", " ", *ALL), "--namespace '': give a name"),
    "a number": (("revoke", "m.db"), "revoke takes the number of a token"),
    "an option": (("list", "m.db", "--name", "x"), "go with create"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_token_that_cannot_be_is_refused(name, memproc_in):
    """With what to give."""
    arguments, told = WRONG[name]
    code, _, said = memproc_in("token", *arguments)
    assert (code, told in said) == (2, True), said


REFUSED = {
    "in the clear": (("--host", "0.0.0.0"), "would be sent in the clear"),
    "half a provider": (("--issuer", "https://x"), "needs all of --issuer, --audience and --jwks"),
    "no folder": (("--root", "nowhere"), "root 'nowhere' cannot be read"),
    "a size": (("--max-upload", "big"), "--max-upload big: give a number"),
    "an address": (("--host", "127.0.0.1", "--port", "1", "--root", "m.txt"), "is no folder"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_server_that_cannot_be_is_refused(name, memproc_in, tmp_path):
    """Before anything is served."""
    (tmp_path / "m.txt").write_text("x")
    options, told = REFUSED[name]
    code, _, said = memproc_in("serve", "m.db", *options)
    assert (code, told in said) == (2, True), said
    assert not (tmp_path / "m.db").exists()


@pytest.mark.costly
def test_where_the_packages_are_missing_the_command_says_so(tmp_path):
    """With what to install; the command on tokens works without them."""
    code = "import sys; sys.argv[0] = 'memproc'; sys.modules['fastapi'] = None; from memproc.cli.main import main; main()"

    def run(*arguments):
        command = [sys.executable, "-c", code, *arguments]
        path = {"PYTHONPATH": str(ROOT)}
        return subprocess.run(command, check=False, cwd=tmp_path, env=path, capture_output=True, text=True, timeout=LIMIT_SECONDS)

    done = run("serve", "m.db")
    assert (done.returncode, "pip install 'memproc-sdk[service]'" in done.stderr) == (2, True)
    made = run("token", "create", "m.db", "--name", "x", "--all-namespaces", "--scope", "memories:read", "--json")
    assert json.loads(made.stdout)["token"].startswith("memproc_")
