"""The dashboard in Chromium: a job is submitted, watched, paused, resumed and finished by clicks; each page fits and can be used.

With MEMPROC_TEST_PICTURES a picture of each page is written into that folder, to be looked at.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

import memproc
from memproc.service.scopes import Scope
from memproc.service.worker import Worker
from memproc.store.access.tokens import Wanted
from memproc.store.store import access_of
from tests.browser.conftest import TIMEOUT_MILLISECONDS, faults_of
from tests.conftest import ROOT
from tests.service.rest.conftest import LATER, filled
from tests.service.rest.test_server import served
from tests.waiting import LIMIT_SECONDS, bounded

pytestmark = [pytest.mark.browser]
RECORDS = 3_000
PICTURES = os.environ.get("MEMPROC_TEST_PICTURES")
HOSTILE = "<script>console.error('ran')</script><img src=x onerror=\"console.error('ran')\"> \u202etxet " + "w" * 400
PAGES = (
    "/",
    "/jobs",
    "/jobs/{done}",
    "/jobs/{held}",
    "/days",
    "/quarantine",
    "/quarantine/1",
    "/quarantine/3",
    "/reviews",
    "/reviews/1/many?verdict=merge",
    "/memories",
    "/log",
)


WHOLE = {(400, "light"), (1_400, "dark")}
"""Where axe looks too: colours differ by scheme alone, and places by width."""


@contextmanager
def working(folder):
    """Let a worker work in a process of its own, in batches so small that a person can click meanwhile."""
    command = [sys.executable, "-m", "memproc", "work", "m.db"]
    env = {"PYTHONPATH": str(ROOT), "MEMPROC_BATCH_SIZE": "5", "PATH": os.environ["PATH"]}
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with process, bounded(process):
        try:
            yield
        finally:
            process.terminate()
            process.wait(timeout=LIMIT_SECONDS)


def lines_in(path, name, records=RECORDS):
    """Write a source, and return its path."""
    path.write_text(
        "".join(json.dumps({"content": f"{name} said on day {at} that {at * 7} ships came"}) + "\n" for at in range(records))
    )
    return path


class Place(NamedTuple):
    """The address of a server, the folder with its store, a token, and jobs by how they are."""

    url: str
    folder: Path
    secret: str
    jobs: dict[str, int]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Give a server whose store has jobs, rejected records, pairs and hostile texts."""
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "shared").mkdir()
    with memproc.open(folder / "m.db", settings=memproc.Settings(batch_size=50)) as store:
        filled(store, folder)
        store.add({"content": HOSTILE, "namespace": "<b>" + "n" * 200, "subject": HOSTILE[:80], "tags": [HOSTILE[:60]]})
        bad = folder / "<h1>bad.jsonl"
        bad.write_text(json.dumps({"content": HOSTILE, "importance": "\u202e<i>"}) + "\n")
        memproc.ingest(bad, store, namespace="ann")
        lines_in(folder / "shared/talk.jsonl", "Ann")
        done = store.submit(str(lines_in(folder / "old.jsonl", "Bob", 600)), name="of last night", namespace="bob").number
        Worker(store).work(until_empty=True)
        held = store.submit(str(folder / "ann.jsonl"), name=HOSTILE, held=True).number
        wanted = Wanted(name="a person", namespaces=None, scopes=tuple(Scope), expires_at=LATER)
        _, secret = access_of(store).create_token(wanted)
    with served(folder, "--root", "shared", "--per-minute", "10000") as url:
        yield Place(url, folder, secret, {"done": done, "held": held})


@pytest.fixture
def signed_in(browser, place):
    """Give a function that signs in, and returns a page with what it said on the console and asked for elsewhere."""
    url, secret = place.url, place.secret
    with ExitStack() as stack:

        def sign_in(scheme="light", width=1_400):
            context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
            stack.callback(context.close)
            context.set_default_timeout(TIMEOUT_MILLISECONDS)
            page, said = context.new_page(), []
            page.on("console", lambda message: said.append(message.text))
            page.on("pageerror", lambda error: said.append(str(error)))
            page.on("request", lambda asked: said.append(asked.url) if not asked.url.startswith(url) else None)
            page.goto(url)
            page.get_by_label("Token").fill(secret)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{url}/")
            return page, said

        yield sign_in


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1_400])
def test_pages_fit_say_nothing_and_are_accessible(signed_in, place, width, scheme):
    """No overflow, no error, no request elsewhere, and nothing serious that axe would find."""
    page, said = signed_in(scheme, width)
    memory = page.goto(f"{place.url}/memories") and page.locator("a.content").first.get_attribute("href")
    for path in (*(one.format(**place.jobs) for one in PAGES), memory, "/sign-in?out"):
        if path.startswith("/sign-in"):
            page.get_by_role("button", name="Sign out").click()
            page.wait_for_url(f"{place.url}/sign-in")
        else:
            assert page.goto(place.url + path).status == 200, path
        assert (path, faults_of(page, is_whole=(width, scheme) in WHOLE)) == (path, [])
        if PICTURES:
            name = path.strip("/").replace("/", "-").partition("?")[0] or "now"
            page.screenshot(path=Path(PICTURES) / f"{name[:20]}-{width}-{scheme}.png", full_page=True)
    assert said == []


def records_read(page):
    """Return how many records a job has read, as its page says."""
    return int(page.locator("#live .progress").inner_text().split(" records")[0].split()[-1].replace(",", ""))


def test_a_job_is_submitted_watched_paused_resumed_and_finished_by_clicks(signed_in, place):
    """With a worker; what is shown goes on without a reload."""
    page, said = signed_in()
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_label("Its path below a folder that jobs may read").fill("talk.jsonl")
    page.get_by_label("Name", exact=True).fill("by clicks")
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url(re.compile(r"/jobs/\d+"))
    state = page.locator(".job-state .state")
    assert state.inner_text() == "waiting"
    page.evaluate("window.notReloaded = true")
    with working(place.folder):
        page.locator(".job-state .is-running").wait_for()
        page.locator("#live progress").wait_for()
        assert page.evaluate("window.notReloaded")
        page.get_by_role("button", name="Pause job").click()
        page.locator(".job-state .is-paused").wait_for()
        read = records_read(page)
        assert 0 < read < RECORDS
        page.get_by_role("button", name="Resume job").click()
        page.locator(".job-state .is-done").wait_for()
    assert records_read(page) == RECORDS
    assert page.locator("#live svg[role=img]").count() == 3
    assert page.get_by_text("paused", exact=True).count() >= 1
    assert page.goto(f"{place.url}/days").status == 200
    assert page.locator("#days-days").inner_text() == "By day, in UTC"
    assert said == []


def test_pairs_are_decided_by_keys(signed_in, place):
    """As in a terminal: skip, a note, a decision, undo; and leave."""
    page, said = signed_in()
    page.goto(f"{place.url}/reviews")
    first = page.locator("#pair-h").inner_text()
    page.keyboard.press("s")
    page.wait_for_url(re.compile("after="))
    second = page.locator("#pair-h").inner_text()
    assert first != second
    page.keyboard.press("n")
    page.keyboard.type("dm no merge")
    page.keyboard.press("Enter")
    page.keyboard.press("d")
    page.wait_for_url(re.compile("undo=[0-9]"))
    assert second not in page.content()
    page.keyboard.press("u")
    page.wait_for_url(re.compile("did=undo"))
    assert page.locator("#pair-h").inner_text() == second
    assert page.locator("#note").input_value() == "dm no merge"
    page.keyboard.press("?")
    assert page.get_by_text("hold them apart for ever").is_visible()
    page.keyboard.press("q")
    page.wait_for_url(f"{place.url}/")
    assert said == []


def test_a_record_is_mended_in_the_browser(signed_in, place):
    """And a file is sent from it; what a record holds runs nowhere, nor would a script that got in."""
    page, said = signed_in()
    page.goto(f"{place.url}/quarantine/3")
    field = page.get_by_label("The record as it should be")
    assert "console.error('ran')" in field.input_value()
    field.fill(json.dumps({"content": "mended in the browser"}))
    page.get_by_role("button", name="Read it as mended").click()
    page.get_by_text("The record was accepted.").wait_for()
    page.goto(f"{place.url}/jobs")
    page.get_by_label("A file to send").set_input_files(str(place.folder / "bob.jsonl"))
    page.get_by_role("button", name="Send it").click()
    page.get_by_text("The file is here").wait_for()
    assert "bob.jsonl" in page.get_by_label("The file that was sent").inner_text()
    assert said == []
    page.evaluate("document.body.appendChild(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert page.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in one for one in said)


def test_a_page_that_is_open_ends_with_its_session(signed_in, place):
    """When its token is revoked, without a click."""
    page, _ = signed_in()
    with memproc.open(place.folder / "m.db") as store:
        wanted = Wanted(name="gone soon", namespaces=["ann"], scopes=["jobs:read"], expires_at=LATER)
        token, secret = access_of(store).create_token(wanted)
        page.get_by_role("button", name="Sign out").click()
        page.get_by_label("Token").fill(secret)
        page.get_by_role("button", name="Sign in").click()
        page.get_by_role("heading", name="Queue").wait_for()
        access_of(store).revoke_token(token.number)
    page.wait_for_url(f"{place.url}/sign-in")
