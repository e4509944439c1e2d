"""The steps that reach out: a gate's rules, an endpoint that enriches, a file behind a URL, people who are told."""

from __future__ import annotations

import json
import socket
import sys
import threading
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import memproc
from memproc.flows import Allowed, FlowError, flow_of, run_flow
from tests.flows.steps import flow_file, outputs, ran, records
from tests.waiting import LIMIT_SECONDS

LOAD = {"id": "load", "do": "ingest", "from": "export.jsonl"}
FEW = {"few-bad": {"measure": "quarantined", "most": "10%"}}


class Service(BaseHTTPRequestHandler):
    """Gives a file, and answers each record with a tag; `asked` keeps what it was asked."""

    def __init__(self, asked, *given):
        self.asked = asked
        super().__init__(*given)

    def do_GET(self):
        """Give a file."""
        self.asked.append((self.path, self.headers.get("Authorization")))
        self.answer(b"x" * 2_000 if self.path == "/long" else b'{"content": "Lives in Rome"}\n')

    def do_POST(self):
        """Give each record a tag."""
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.asked += given["records"]
        self.answer(json.dumps([{"tags": ["seen"]} for _ in given["records"]]).encode())

    def answer(self, body):
        """Answer."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_given):
        """Say nothing."""


@pytest.fixture
def service():
    """Give the URL of a service on this machine, and what it was asked."""
    asked = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Service, asked))
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()
    thread.join(LIMIT_SECONDS)


@contextmanager
def mail_server():
    """Give the port of a mail server on this machine, and what it took."""
    controller = pytest.importorskip("aiosmtpd.controller")
    taken = []

    class Keeping:
        async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the name is aiosmtpd's
            taken.append(envelope.content.decode())
            return "250 taken"

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    running = controller.Controller(Keeping(), hostname="127.0.0.1", port=port)
    running.start()
    try:
        yield port, taken
    finally:
        running.stop()


@pytest.mark.costly
def test_a_gate_judges_records_and_jobs(tmp_path):
    """It fails the flow, or only tells."""
    records(tmp_path)
    told = {"id": "told", "do": "gate", "from": "export.jsonl", "rules": FEW, "strict": False, "to": "gate.json"}
    of_job = {"id": "of_job", "do": "gate", "job": "${steps.load.job}", "rules": "rules.json"}
    (tmp_path / "rules.json").write_text(json.dumps({"rules": {"some": {"measure": "stored", "least": 1}}}))
    report = ran(tmp_path, [told, LOAD, of_job, {**told, "id": "held", "strict": True}])
    gave = outputs(report)
    assert (gave["told"]["met"], gave["told"]["rules"], gave["of_job"]["met"]) == (False, {"few-bad": "failed"}, True)
    assert report.status == "failed"
    assert report.error.startswith("few-bad: 1 of 3")
    assert not json.loads((tmp_path / "gate.json").read_text())["is_met"]


def test_a_rule_that_is_wrong_is_told_with_its_line():
    """Before the flow is run."""
    head = "flow: a\nsteps:\n  - id: g\n    do: gate\n    job: 1\n    rules:\n"
    text = f"{head}      few:\n        measure: quarantned\n        most: 2%\n"
    with pytest.raises(FlowError, match=r"line 8: step g, rules.few.measure: .*did you mean quarantined"):
        flow_of(text)


@pytest.mark.costly
def test_an_endpoint_enriches_on_the_way_and_is_asked_once(tmp_path, service):
    """Only where private addresses are allowed; a second flow on the same records pays nothing."""
    url, asked = service
    records(tmp_path)
    steps = [{"id": "load", "do": "enrich", "from": "export.jsonl", "by": {"url": url, "name": "seen"}}]
    assert "--allow-private" in ran(tmp_path, steps).error
    for calls in (1, 0):
        report = run_flow(flow_file(tmp_path, steps), allowed=Allowed(private=True))
        assert report.status == "done"
        assert outputs(report)["load"]["enriched"]["seen"]["calls"] == calls
    assert len(asked) == 2
    with memproc.open(tmp_path / "m.db") as store:
        assert [memory.tags for memory in store] == [("seen",), ("seen",)]


@pytest.mark.costly
def test_a_file_behind_a_url_is_fetched_with_a_secret_and_within_bounds(tmp_path, service, monkeypatch):
    """Not beyond its bytes, not what has another hash, not from this machine unless that is allowed."""
    monkeypatch.setenv("TRIAL_TOKEN", "s3cr3t-value")
    url, asked = service
    get = {"id": "get", "do": "fetch", "from": f"{url}/export.jsonl", "headers": {"Authorization": "Bearer ${secrets.t}"}}
    assert "--allow-private" in ran(tmp_path, [get], secrets={"t": "ENV:TRIAL_TOKEN"}).error
    steps = [
        get,
        {**LOAD, "from": "${steps.get.path}"},
        {"id": "long", "do": "fetch", "from": f"{url}/long", "max_bytes": 100, "on_error": "continue"},
        {"id": "other", "do": "fetch", "from": f"{url}/other", "sha256": "0" * 64},
    ]
    report = run_flow(flow_file(tmp_path, steps, secrets={"t": "ENV:TRIAL_TOKEN"}), allowed=Allowed(private=True))
    told = {step.id: step for step in report.steps}
    assert (told["get"].output["bytes"], told["load"].output["stored"]) == (29, 1)
    assert "more than 100 bytes" in told["long"].error
    assert "it is not what was meant" in told["other"].error
    assert not [path for path in tmp_path.rglob("*") if path.name in ("long", "other")]
    assert asked[0] == ("/export.jsonl", "Bearer s3cr3t-value")


@pytest.mark.costly
@pytest.mark.parametrize("item", ["ENV:TRIAL_TOKEN", "ENV%3ATRIAL_TOKEN", "${secrets.t}", "V:TRIAL_TOKEN"])
@pytest.mark.parametrize("field", ["from", "headers"])
def test_what_an_expression_gives_names_no_secret(tmp_path, service, monkeypatch, item, field):
    """It may come from a page that was fetched; the file and whoever starts the flow may name one."""
    monkeypatch.setenv("TRIAL_TOKEN", "s3cr3t-value")
    url, asked = service
    start = "EN" if item.startswith("V:") else ""
    get = {"id": "get", "do": "fetch", "to": "got", "for_each": [item], "from": f"{url}/", "headers": {"A": "ENV:TRIAL_TOKEN"}}
    get[field] = f"{url}/a?b={start}${{item}}" if field == "from" else {"Authorization": start + "${item}"}
    flow = flow_file(tmp_path, [get], secrets={"t": "ENV:TRIAL_TOKEN"})
    if item != "${secrets.t}":
        assert "names a secret" in run_flow(flow, allowed=Allowed(private=True)).error
        assert asked == []
    text = json.dumps({"item": item})
    (tmp_path / "page.py").write_text(f"print({text!r})")
    page = {"id": "page", "do": "run", "command": [sys.executable, "page.py"], "parse": True}
    get = {**get, "for_each": "[steps.page.values.item]"}
    flow = flow_file(tmp_path, [page, get], secrets={"t": "ENV:TRIAL_TOKEN"})
    assert "names a secret" in run_flow(flow, allowed=Allowed(private=True, run=True)).error
    assert asked == []


@pytest.mark.costly
def test_a_parameter_may_name_a_secret(tmp_path, service, monkeypatch):
    """Whoever starts the flow gives it."""
    monkeypatch.setenv("TRIAL_TOKEN", "s3cr3t-value")
    url, asked = service
    get = {"id": "get", "do": "fetch", "from": f"{url}/a?b=${{parameters.key}}", "to": "got"}
    flow = flow_file(tmp_path, [get], parameters={"key": {}})
    report = run_flow(flow, parameters={"key": "ENV:TRIAL_TOKEN"}, allowed=Allowed(private=True))
    assert (report.status, asked[0][0]) == ("done", "/a?b=s3cr3t-value")


@pytest.mark.costly
def test_people_are_told_by_mail(tmp_path):
    """With what the steps before gave; a server that is not there fails the step."""
    records(tmp_path)
    with mail_server() as (port, taken):
        mail = {"smtp": f"127.0.0.1:{port}", "security": "none", "from": "a@example.org", "to": ["b@example.org"]}
        tell = {"id": "tell", "do": "notify", "subject": "Night ${run}", "text": "${steps.load.stored} stored", "mail": mail}
        report = ran(tmp_path, [LOAD, tell])
        assert (report.status, outputs(report)["tell"]) == ("done", {"sent": ["mail"], "failed": {}})
        (content,) = taken
    assert "Subject: Night 1" in content
    assert "2 stored" in content
    assert "Message-ID: <flow-trial-1-tell-0@memproc>" in content
    gone = {**tell, "mail": {**mail, "smtp": "127.0.0.1:1"}}
    assert "ConnectionRefusedError" in ran(tmp_path, [LOAD, gone]).error
    assert "keeps no channel 'team'" in ran(tmp_path, [LOAD, {**tell, "channels": ["team"]}]).error
