"""A report of a store or a job: what its figures are, in each form, and what it keeps to itself."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from html.parser import HTMLParser

import pytest

import memproc
from memproc.report.measured import Stage
from memproc.report.pages.writing import text_of
from tests.command_line import run_memproc

MARK = "zebra77"  # in everything that a record holds
EVIL = f"<script>alert('{MARK}')</script>\u202e | `x` {MARK}\x1b[2J\n# {MARK}"
GOOD = [
    {"content": "Prefers tea in the morning", "namespace": "ann", "source": "crm", "importance": 0.4, "tags": ["drink"]},
    {"content": "prefers tea in the morning!", "namespace": "ann", "source": "crm", "importance": 0.9},
    {"content": "Prefers tea in the morning", "namespace": "ann", "source": "app"},
    {"content": "Has a dog called Bo", "namespace": "ben", "source": "app", "created_at": "2025-01-02"},
]
BAD = [{"content": "Has a boat", "importance": 7 + at} for at in range(3)] + [{"content": ""}]
HOSTILE = {
    "content": EVIL,
    "namespace": f"<b>{MARK}</b>",
    "source": f"=HYPERLINK({MARK})",
    "kind": f"kind {MARK}",
    "tags": [MARK, "<i>" + MARK],
    "metadata": {f"key {MARK}": MARK},
    "emotion": {"label": MARK, "vocabulary": MARK},
}


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """Give a store with two jobs: one of good and bad records, then one of hostile ones from a file with a hostile name."""
    folder = tmp_path_factory.mktemp("reports")
    hostile = folder / f"<img src=x onerror=alert('{MARK}')>.jsonl"
    bad = [{**HOSTILE, "importance": f"{MARK}"}, {**HOSTILE, f"{MARK}": {MARK: EVIL}, "created_at": EVIL}]
    hostile.write_text("".join(json.dumps(one) + "\n" for one in [HOSTILE, {**HOSTILE, "content": EVIL + "!"}, *bad]))
    with memproc.open(folder / f"{MARK}.db", settings=memproc.Settings(batch_size=3)) as store:
        memproc.ingest([*GOOD, *BAD], store)
        memproc.ingest(hostile, store)
        yield store


def test_a_job_is_told_by_its_rows(twice):
    """Outcomes with their proof, errors with an example and advice, and what came before."""
    report = twice.report(1)
    assert (report.job, report.jobs_in_all, [job.status for job in report.jobs]) == (1, 2, ["done"])
    found = report.outcomes
    assert (found.read, found.stored, found.duplicate, found.merged, found.quarantined) == (8, 2, 1, 1, 4)
    assert (found.memories_before, found.memories_after) == (0, 2)
    assert found.proof.is_whole
    assert (found.proof.read, found.proof.quarantined) == (8, 4)
    assert report.errors.categories == {"validation": 4}
    first = report.errors.patterns[0]
    assert (first.records, first.path, first.number) == (3, "importance", 1)
    assert "Has a boat" in first.example
    assert "range" in first.advice
    assert (report.duplicates.same_content, report.duplicates.similar) == (1, 1)
    assert [(one.observations, one.of_job) for one in report.duplicates.clusters] == [(3, 3)]


def test_what_came_before_a_job_is_told_apart(twice):
    """By what records name; a record without a source has that of its format, and one without a kind is a fact."""
    by = {one.by: {name.name: (name.before, name.here, name.after) for name in one.names} for one in twice.report(2).counts}
    assert by["namespace"]["ann"] == (3, 0, 3)
    assert by["namespace"][f"<b>{MARK}</b>"] == (0, 2, 2)
    assert by["source"]["app"] == (2, 0, 2)
    assert by["kind"]["fact"] == (4, 0, 4)
    whole = {one.by: {name.name: name.here for name in one.names} for one in twice.report().counts}
    assert (whole["namespace"]["ann"], whole["kind"]["fact"]) == (3, 4)
    assert twice.report(2).outcomes.memories_before == 2


def test_fields_are_told_as_they_are(twice):
    """How many have one, what is in it, and in how many rejected records it was at fault."""
    fields = {one.name: one for one in twice.report(1).quality.fields}
    importance = fields["importance"]
    assert (importance.present, importance.missing, importance.distinct, importance.is_estimated) == (2, 2, 2, False)
    assert (importance.least, importance.greatest, sum(importance.rejected.values())) == ("0.4", "0.9", 3)
    assert fields["source"].frequent == (("crm", 2), ("app", 2))
    assert fields["tags"].examples == ("drink",)
    assert fields["created_at"].least.startswith("2025-01-02")


def test_the_stages_are_the_time_that_passed(twice):
    """Each moment is in one of them; a single record is not measured, and says so."""
    pace = twice.report(1).pace
    assert {one.stage for one in pace.stages} == {stage.value for stage in Stage}
    assert (pace.batches, pace.measured, sum(span.records for span in pace.timeline)) == (3, 3, 8)
    assert sum(one.seconds for one in pace.stages) == pytest.approx(pace.seconds, abs=0.01)
    assert sum(one.share for one in pace.stages) == pytest.approx(1, abs=0.01)
    assert pace.bottleneck is not None
    assert pace.peak_rss_mb
    with memproc.open("sqlite://") as store:
        store.add({"content": "Likes tea"})
        alone = store.report().pace
    assert (alone.batches, alone.measured, alone.stages, alone.bottleneck) == (1, 0, (), None)


@pytest.mark.parametrize("form", ["html", "md", "csv", "json"])
@pytest.mark.parametrize("what", [None, 1, 2, "both"])
def test_redacted_it_says_nothing_of_what_records_hold(twice, form, what):
    """In no form, of no part; without that it does."""

    def made(redact):
        return twice.compare_jobs(1, 2, redact=redact) if what == "both" else twice.report(what, redact=redact)

    told = made(True).to_text(form)
    for word in (MARK, "Has a boat", "tea in the morning", "crm", "ann", "drink", "2025-01-02"):
        assert not re.search(rf"(?<![a-z]){re.escape(word)}(?![a-z])", told), word
    assert re.search(MARK if what != 1 else "tea in the morning", made(False).to_text(form))


class Page(HTMLParser):
    """Notes the elements of a page, and the text in those that are not its own script and style."""

    def __init__(self, text):
        """Read it."""
        super().__init__()
        self.tags, self.handlers, self.text, self.inside = [], [], "", []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        """Note an element, and what in it could run or load something."""
        self.tags.append(tag)
        self.inside.append(tag)
        self.handlers += [
            name for name, value in attrs if name.startswith("on") or name in ("src", "style") or "//" in (value or "")
        ]

    def handle_endtag(self, tag):
        """Leave it."""
        if tag in self.inside:
            del self.inside[len(self.inside) - 1 - self.inside[::-1].index(tag) :]

    def handle_data(self, data):
        """Note what is shown."""
        self.text += data if self.inside[-1:] not in (["script"], ["style"]) else ""


@pytest.mark.parametrize("what", [None, 2, "both"])
def test_hostile_contents_stay_data_in_html(twice, what):
    """They become no element, load nothing, and steer nothing."""
    made = twice.compare_jobs(1, 2) if what == "both" else twice.report(what)
    text = made.to_text("html")
    page = Page(text)
    assert (page.tags.count("script"), page.tags.count("style")) == (1, 1)
    assert {"img", "b", "i", "a href"}.isdisjoint(page.tags)
    assert page.handlers == []
    assert "\x1b" not in text
    assert MARK in page.text
    assert len(text.encode()) < 500_000


def test_hostile_contents_stay_data_in_the_other_forms(twice):
    """No heading or cell in Markdown, no formula in CSV, and the very text in JSON."""
    report = twice.report(2)
    lines = report.to_text("md").splitlines()
    assert not [line for line in lines if line.startswith("#") and MARK in line]
    assert not [line for line in lines if re.search(r"(?<!\\)`|<script|\x1b", line)]
    head = next(at for at, line in enumerate(lines) if line.startswith("| field |"))
    cells = {len(re.findall(r"(?<!\\)\|", line)) for line in lines[head : lines.index("", head)]}
    assert cells == {10}
    rows = [*csv.reader(io.StringIO(report.to_text("csv"), newline=""))]
    assert {len(row) for row in rows} == {4}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "@", "+"))]
    assert any(cell == f"'=HYPERLINK({MARK})" for row in rows for cell in row)
    sources = next(one for one in json.loads(report.to_text("json"))["counts"] if one["by"] == "source")
    assert sources["names"][0]["name"] == f"=HYPERLINK({MARK})"


def test_two_jobs_are_compared_figure_by_figure(twice):
    """With what changed; what is no number has no change."""
    figures = {(one.part, one.name): one for one in twice.compare_jobs(1, 2).figures}
    read = figures["outcomes", "read"]
    assert (read.one, read.other, read.change) == (8, 4, -4)
    assert figures["job", "setting batch_size"].one == "3"
    assert figures["job", "format"].change is None
    assert ("stages", "preparing seconds") in figures


def test_a_report_is_written_as_its_file_is_called(twice, tmp_path):
    """Readable by its owner only, through links; a name that says no form is refused before anything is written."""
    page = tmp_path / "report.html"
    (tmp_path / "link.html").symlink_to(page)
    twice.report().write(tmp_path / "link.html")
    assert page.read_text().startswith("<!doctype html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    stream = io.BytesIO()
    twice.report().write(stream, "json")
    assert json.loads(stream.getvalue())["form"] == 1
    for wrong in ("report", "report.pdf"):
        with pytest.raises(memproc.UsageError, match=r"name it \.html, \.md, \.csv, \.json"):
            twice.report().write(tmp_path / wrong)
    with pytest.raises(memproc.UsageError, match="choose one of html, md, csv, json"):
        text_of(twice.report(), "pdf")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link.html", "report.html"]


def test_a_store_that_is_empty_has_a_report_too():
    """In every form."""
    with memproc.open("sqlite://") as store:
        report = store.report()
        assert "No record was stored" in report.to_text("md")
        assert report.to_text("html").count("<section") == 8
        with pytest.raises(memproc.NotFoundError, match="no job 1"):
            store.report(1)


def test_the_command_shows_and_writes(tmp_path):
    """In the terminal as Markdown, to a file by its ending, to standard output in a form, and as one JSON object."""
    store = tmp_path / "m.db"
    memproc.ingest([*GOOD, *BAD], store)
    memproc.ingest(GOOD, store)
    code, out, _ = run_memproc("report", store)
    assert (code, out.startswith("# The store: what became of its records")) == (0, True)
    assert run_memproc("report", store, "--job", 1, "--to", tmp_path / "r.csv")[:2] == (0, f"written to {tmp_path / 'r.csv'}\n")
    assert (tmp_path / "r.csv").read_text().startswith("section,name,key,value")
    code, out, _ = run_memproc("report", store, "--compare", 1, 2, "--to", "-", "--as", "json")
    assert [json.loads(out)[name] for name in ("one", "other")] == [1, 2]
    assert json.loads(run_memproc("report", store, "--json", "--redact")[1])["is_redacted"]
    assert run_memproc("report", store, "--job", 1, "--compare", 1, 2)[0] == 2
    code, _, err = run_memproc("report", store, "--job", 9)
    assert (code, "no job 9" in err) == (1, True)
