"""The page of a report in Chromium: it fits every width, is readable in the dark, by axe and by keyboard, and asks for nothing."""

from __future__ import annotations

import json

import pytest

import memproc
from benchmarks.corpus import write_corpus
from tests.browser.conftest import TIMEOUT_MILLISECONDS, faults_of
from tests.conftest import DATA, ROOT

pytestmark = [pytest.mark.browser]
LOCOMO = DATA / "locomo10.json"
MOST_BYTES = 500_000
HOSTILE = {
    "content": "<script>console.error('ran')</script><img src=x onerror=\"console.error('ran')\"> \u202etxet " + "w" * 400,
    "namespace": "<b>" + "n" * 300,
    "source": "\u202eecruos",
    "tags": ["</script><script>console.error('ran')</script>"],
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Give a page of the report of LoCoMo, of two jobs of a corpus of ours with hostile records, and of both jobs side by side."""
    folder = tmp_path_factory.mktemp("pages")
    talk = LOCOMO if LOCOMO.exists() else ROOT / "fixtures/locomo.json"
    write_corpus(records=20_000, seed=7, path=folder / "corpus.jsonl")
    bad = [{"content": "Has a boat", "importance": 7}, {**HOSTILE, "importance": "\u202e<i>"}]
    hostile = folder / "<h1>hostile.jsonl"
    hostile.write_text("".join(json.dumps(one) + "\n" for one in [HOSTILE, *bad, *(bad[0] for _ in range(40))]))
    with memproc.open(folder / "locomo.db") as store:
        memproc.ingest(talk, store)
        store.report().write(folder / "locomo.html")
    with memproc.open(folder / "corpus.db", settings=memproc.Settings(batch_size=100)) as store:
        memproc.ingest(folder / "corpus.jsonl", store)
        memproc.ingest(hostile, store)
        store.report().write(folder / "store.html")
        store.report(2).write(folder / "hostile.html")
        store.compare_jobs(1, 2).write(folder / "compared.html")
        store.report(redact=True).write(folder / "redacted.html")
    return folder


@pytest.fixture
def opened(browser, pages):
    """Give a function that opens a page and returns it with what it said on the console and asked for."""
    contexts = []

    def open_page(name, scheme="light", width=1_400):
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        context.set_default_timeout(TIMEOUT_MILLISECONDS)
        page, said = context.new_page(), []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda asked: said.append(asked.url) if asked.url != (pages / name).as_uri() else None)
        page.goto((pages / name).as_uri())
        return page, said

    yield open_page
    for context in contexts:
        context.close()


NAMES = ("locomo.html", "store.html", "hostile.html", "compared.html", "redacted.html")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1_400])
@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_says_nothing_and_is_accessible(opened, pages, name, width, scheme):
    """No overflow, no error or request, less than half a megabyte, and nothing serious that axe would find."""
    page, said = opened(name, scheme, width)
    assert faults_of(page) == []
    assert said == []
    assert (pages / name).stat().st_size < MOST_BYTES


def test_a_table_is_sorted_by_keyboard(opened):
    """A button in each head, which says how it is sorted; by numbers, the greatest first, then turned round."""
    page, said = opened("store.html")
    head = page.locator("#time thead th", has_text="time")
    head.get_by_role("button").focus()
    page.keyboard.press("Enter")

    def shares():
        cells = page.locator("#time tbody td:nth-child(2)").all()
        return [float(cell.get_attribute("data-v")) for cell in cells]

    assert head.get_attribute("aria-sort") == "descending"
    assert shares() == sorted(shares(), reverse=True)
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") == "ascending"
    assert shares() == sorted(shares())
    others = [one.get_attribute("aria-sort") for one in page.locator("#time thead th").all()]
    assert others.count("none") == len(others) - 1
    assert said == []


def test_what_a_record_holds_runs_nowhere(opened):
    """Its markup is shown as text, and a forged script of its own would be refused by the policy of the page."""
    page, said = opened("hostile.html")
    assert page.locator("script").count() == 1
    assert "console.error('ran')" in page.locator("main").inner_text()
    page.evaluate("document.body.appendChild(Object.assign(document.createElement('script'), {textContent: 'window.ran = 1'}))")
    assert page.evaluate("window.ran === undefined")
    assert any("Content Security Policy" in one for one in said)


def test_each_chart_has_its_words_and_its_figures(opened):
    """A title and a description that a screen reader reads, and a table in the same section."""
    page, _ = opened("store.html")
    charts = page.locator("svg[role=img]")
    assert charts.count() >= 7
    for chart in charts.all():
        ids = chart.get_attribute("aria-labelledby").split()
        assert all(page.locator(f"[id='{one}']").text_content() for one in ids)
        assert chart.evaluate("one => one.closest('section').querySelector('table') !== null")


def test_in_print_nothing_is_folded_and_no_link_is_left(opened):
    """What a click would show on a screen is there on paper."""
    page, _ = opened("store.html")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.evaluate("[...document.querySelectorAll('details')].every(one => one.open)")
