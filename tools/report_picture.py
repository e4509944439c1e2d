"""Make the picture of a report that the README shows: `python tools/report_picture.py docs/report.png`.

It ingests a corpus of the benchmarks, writes the report of the job, and takes a picture of its beginning in Chromium, which has to
be there, as what `pip install --group browser` installs.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import sync_playwright

import memproc
from benchmarks.corpus import write_corpus

WIDTH, HEIGHT = 1_120, 1_160


def main() -> None:
    """Write the picture."""
    chromium = os.environ.get("MEMPROC_TEST_CHROMIUM") or shutil.which("chromium")
    with TemporaryDirectory() as name, sync_playwright() as started:
        folder = Path(name)
        write_corpus(records=5_000, seed=1, path=folder / "corpus.jsonl")
        with memproc.open(folder / "memories.db") as store:
            memproc.ingest(folder / "corpus.jsonl", store)
            store.report(1).write(folder / "report.html")
        page = started.chromium.launch(executable_path=chromium).new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.goto((folder / "report.html").as_uri())
        page.locator("header p").nth(1).evaluate("one => one.remove()")  # where the store was for the picture
        page.screenshot(path=sys.argv[1])


if __name__ == "__main__":
    main()
