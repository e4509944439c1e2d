"""A browser, and what is looked for on each page."""

from __future__ import annotations

import os
import shutil
from importlib.resources import files

import pytest

CHROMIUM = os.environ.get("MEMPROC_TEST_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
TIMEOUT_MILLISECONDS = 60_000
SERIOUS = {"serious", "critical"}
# Whether anything on the page is wider than the window, but for what can be scrolled by itself.
WIDTH = "[document.documentElement.scrollWidth, window.innerWidth]"


@pytest.fixture(scope="module")
def browser():
    """Give a browser without a window."""
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install --group browser")
    pytest.importorskip("axe_playwright_python", reason="axe is not installed: pip install --group browser")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium: apt-get install chromium, or name it in MEMPROC_TEST_CHROMIUM")
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(executable_path=CHROMIUM, timeout=TIMEOUT_MILLISECONDS)
        yield chromium
        chromium.close()


def faults_of(page, *, is_whole=True):
    """Return what is wrong with a page: that it is wider than the window, and on the whole what axe finds that is serious."""
    wide, window = page.evaluate(WIDTH)
    faults = [("wider than the window", wide)] if wide > window else []
    if not is_whole:
        return faults
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text())
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
    return faults + [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in found if one["impact"] in SERIOUS]
