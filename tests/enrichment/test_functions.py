"""Enrichment by a function: what it may answer, what becomes of what fails, what is kept and forgotten."""

from __future__ import annotations

import asyncio

import pytest

import memproc
from memproc.enrichment.changes import MARK
from memproc.errors import UsageError
from tests.databases import all_text

TEA, HENS = {"content": "Prefers tea", "tags": ["drinks"], "metadata": {"at": 1}}, {"content": "Keeps three hens"}


class Function:
    """Gives the same answer for each record, or raises it, and counts."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def __call__(self, memories):
        """Answer a call."""
        self.asked += [memory.content for memory in memories]
        if isinstance(self.answer, Exception):
            raise self.answer
        return [self.answer for _ in memories]


def by(function, **terms):
    """Return an enrichment by a function."""
    return memproc.FunctionEnrichment(function, name="test", **terms)


def test_what_it_adds_is_on_the_observation(fresh):
    """Tags and metadata are added to those that are there, other fields are set; and it says by whom."""
    added = {"tags": ["hot"], "metadata": {"by": "me"}, "importance": 0.9, "emotion": memproc.EmotionalContext(label="joy")}
    with fresh() as store:
        report = memproc.ingest([TEA], store, enrich=by(Function(added)))
        (memory,) = store
        assert (memory.tags, memory.importance, memory.emotion.label) == (("drinks", "hot"), 0.9, "joy")
        assert memory.metadata == {"at": 1, "by": "me", MARK: {"test": "1"}}
        (told,) = report.enrichment
        assert (told.name, told.records, told.answered, told.changed, told.calls) == ("test", 1, 1, 1, 1)
        assert store.rebuild() == (0, 0)
        assert store.doctor() == ()
        (kept,) = store.report(job=report.job).enrichment
        assert (kept.records, kept.changed, kept.calls) == (1, 1, 1)
        assert "Enrichment" in store.report().to_text("md")


def nested(levels):
    """Return an object in objects."""
    found = {}
    for _ in range(levels):
        found = {"a": found}
    return found


@pytest.mark.parametrize(
    ("answer", "path", "code"),
    [
        ({"content": "Prefers coffee"}, "content", "not_settable"),
        ({"namespace": "bob"}, "namespace", "not_settable"),
        ({"importance": 7}, "importance", "less_than_equal"),
        ({"tags": ["a", 5]}, "tags.1", "string_type"),
        ({"emotion": {"valence": -3}}, "emotion.valence", "greater_than_equal"),
        ({"metadata": "none"}, "metadata", "dict_type"),
        ("calm", "", "not_changes"),
        ({"metadata": {"it": object()}}, "metadata.it", "not_json"),
        ({"metadata": {"it": "x" * (1 << 20)}}, "", "not_changes"),
        ({"metadata": nested(400)}, "", "nested_too_deep"),
        ({"metadata": nested(150)}, "metadata", "nested_too_deep"),
    ],
)
def test_a_wrong_result_is_a_fault_with_its_path(fresh_file, answer, path, code):
    """It waits in quarantine, or the record goes on without it, as its owner says; it is asked for once."""
    function = Function(answer)
    with fresh_file() as store:
        for _ in range(2):
            report = memproc.ingest([HENS], store, enrich=by(function, on_failure="quarantine"))
            assert (report.read, report.quarantined) == (1, 1)
        (waiting,) = store.quarantine()
        assert (waiting.faults[0].path, waiting.faults[0].code) in {(path, code), ("", code)}
        report = memproc.ingest([HENS], store, enrich=by(function))
        assert (report.stored, report.enrichment[0].wrong) == (1, 1)
        assert report.enrichment[0].faults
        assert store.recount().is_whole
    assert len(function.asked) <= 3


def test_a_record_that_raises_is_found_among_others(fresh_file):
    """The list is halved; the others have their results."""

    def picky(memories):
        if any("hens" in memory.content for memory in memories):
            raise ValueError("no hens")
        return [{"tags": ["ok"]} for _ in memories]

    records = [{"content": f"Likes {number} teas"} for number in range(20)] + [HENS]
    with fresh_file() as store:
        report = memproc.ingest(records, store, enrich=by(picky, on_failure="quarantine"))
        assert (report.stored, report.quarantined) == (20, 1)
        (waiting,) = store.quarantine()
        assert "ValueError: no hens" in waiting.faults[0].message
        assert all(memory.tags == ("ok",) for memory in store)
        assert report.enrichment[0].opened == 0


def test_a_function_without_its_service_opens_the_circuit(fresh_file):
    """Five calls in a row, and none after; the records go on without it, and another job asks again."""
    function = Function(ConnectionError("refused"))
    with fresh_file() as store:
        records = [{"content": f"Likes {number} teas"} for number in range(50)]
        report = memproc.ingest(records, store, enrich=by(function, batch_size=1, failures_to_open=5))
        (told,) = report.enrichment
        assert (report.stored, told.failed, told.calls, told.opened, len(function.asked)) == (50, 50, 5, 1, 5)
        function.answer = {"tags": ["ok"]}
        report = memproc.ingest(records, store, enrich=by(function))
        assert (report.duplicate, report.enrichment[0].changed) == (50, 50)
        assert {memory.tags for memory in store} == {("ok",)}


def test_what_waits_is_replayed_with_its_enrichment(fresh_file):
    """Or as it was read, without it."""
    function = Function(ConnectionError("refused"))
    with fresh_file() as store:
        memproc.ingest([HENS, TEA], store, enrich=by(function, on_failure="quarantine"))
        first, second = (waiting.number for waiting in store.quarantine())
        assert store.replay(first, enrich=by(function, on_failure="quarantine")).quarantined == 1
        function.answer = {"tags": ["ok"]}
        report = store.replay(first, enrich=by(function))
        assert (report.stored, report.enrichment[0].changed) == (1, 1)
        assert store.replay(second).stored == 1
        assert sorted(memory.tags for memory in store) == [("drinks",), ("ok",)]
        assert store.recount().is_whole
        assert store.doctor() == ()


def test_what_is_forgotten_is_not_asked_about_again(fresh):
    """Neither with the enrichment nor without it does it come back, nor is it sent to anybody; its result is gone."""
    function = Function({"tags": ["drinks"]})
    with fresh() as store:
        added = store.add(TEA, enrich=by(function))
        store.add(HENS, enrich=by(function))
        store.forget(added.memory.id)
        function.answer = {"tags": ["other"]}
        for enrich in (by(function), None):
            assert store.add(TEA, enrich=enrich).reason == "forgotten"
        assert function.asked == ["Prefers tea", "Keeps three hens"]
        assert store.doctor() == ()
        memproc.ingest([{**TEA, "namespace": "ann"}], store, enrich=by(Function({"importance": 9})))
        store.forget(namespace="ann")
        with store._opened.transactions.reading() as tx:
            assert [row.result for row in tx.exec_driver_sql("SELECT result FROM memproc_enrichments")] == ['{"tags":["drinks"]}']


def test_a_result_that_waits_is_forgotten_with_its_record(fresh_file):
    """As it may hold what is known of a person."""
    with fresh_file() as store:
        memproc.ingest([{**HENS, "subject": "ann"}], store, enrich=by(Function({"importance": 9}), on_failure="quarantine"))
        store.forget(subject="ann")
        with store._opened.transactions.reading() as tx:
            assert tx.exec_driver_sql("SELECT count(*) FROM memproc_enrichments").scalar() == 0


def test_nothing_of_a_record_is_told_where_that_is_not_wanted(fresh_file):
    """Neither what a function said of it."""
    with fresh_file() as store:
        enrich = by(Function(ValueError("she keeps three hens")), on_failure="quarantine")
        report = memproc.ingest([HENS], store, settings=memproc.Settings(redact=True), enrich=enrich)
        assert report.enrichment[0].faults == (("record: not_enriched, redacted", 1),)
        assert "hens" not in str(report.as_dict())


def test_several_enrichments_follow_each_other(fresh_file):
    """Each sees what the one before made, and forgetting finds the way back through both."""
    first, second = Function({"tags": ["a"]}), Function({"tags": ["b"]})
    both = [memproc.FunctionEnrichment(first, name="one"), memproc.FunctionEnrichment(second, name="two")]
    with fresh_file() as store:
        memproc.ingest([HENS], store, enrich=both)
        (memory,) = store
        assert memory.tags == ("a", "b")
        store.forget(memory.id)
        report = memproc.ingest([HENS], store, enrich=both)
        assert (report.duplicate, report.forgotten, len(first.asked), len(second.asked)) == (1, 1, 1, 1)


def test_a_dry_run_asks_nobody(fresh_file):
    """It applies what is kept."""
    function = Function({"tags": ["a"]})
    with fresh_file() as store:
        memproc.ingest([HENS], store, enrich=by(function))
        report = memproc.ingest([HENS, TEA], store, dry_run=True, enrich=by(function))
        (told,) = report.enrichment
        assert (told.kept, told.unasked, len(function.asked)) == (1, 1, 1)


def test_a_new_version_asks_anew(fresh_file):
    """Its result is another observation of the same memory."""
    function = Function({"tags": ["a"]})
    with fresh_file() as store:
        memproc.ingest([HENS], store, enrich=by(function))
        function.answer = {"tags": ["b"]}
        report = memproc.ingest([HENS], store, enrich=by(function, version="2"))
        (memory,) = store
        assert (report.duplicate, sorted(memory.tags), len(function.asked)) == (1, ["a", "b"], 2)


def test_a_quota_of_a_day_stops_the_job(fresh_file, tmp_path):
    """What was asked for is kept; a job of the next day goes on there. Single records go on without."""
    path = tmp_path / "teas.jsonl"
    path.write_text("".join(f'{{"content": "Likes {number} teas"}}\n' for number in range(30)))
    function = Function({"tags": ["a"]})
    with fresh_file() as store:
        report = memproc.ingest(path, store, enrich=by(function, records_per_day=10, batch_size=5))
        assert (report.status, len(function.asked)) == ("stopped", 10)
        assert "records_per_day=10" in report.notes[0]
        added = store.add(HENS, enrich=by(function, records_per_day=10, on_failure="quarantine"))
        assert "records_per_day=10" in added.reason
        report = memproc.ingest(path, store, enrich=by(function, batch_size=5), resume=True)
        assert (report.stored, len(function.asked)) == (30, 30)


def test_engines_change_nothing(fresh_file):
    """Records are enriched where they land, however they were prepared."""
    with fresh_file() as store:
        records = [{"content": f"Likes {number} teas"} for number in range(300)]
        report = memproc.ingest(records, store, engine="threads", enrich=by(Function({"tags": ["a"]})))
        assert (report.stored, {memory.tags for memory in store}) == (300, {("a",)})


def test_secrets_of_a_result_are_found(fresh_file):
    """As those of any record."""
    secret = {"metadata": {"key": "AKIAIOSFODNN7EXAMPLE"}}
    with fresh_file() as store:
        settings = memproc.Settings(secrets="quarantine")
        report = memproc.ingest([HENS], store, settings=settings, enrich=by(Function(secret), on_failure="quarantine"))
        (waiting,) = store.quarantine()
        assert (report.quarantined, waiting.faults[0].code) == (1, "secret")
        assert "AKIAIOSFODNN7EXAMPLE" not in str(report)


def test_the_store_for_asyncio_takes_it(tmp_path):
    """As the other one."""

    async def tags():
        async with await memproc.aopen(tmp_path / "m.db") as store:
            await store.add(HENS, enrich=by(Function({"tags": ["a"]})))
            report = await store.ingest([TEA], enrich=by(Function({"tags": ["b"]})))
            return report.enrichment[0].changed, {memory.tags async for memory in store.find()}

    assert asyncio.run(tags()) == (1, {("a",), ("b", "drinks")})


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: memproc.FunctionEnrichment(5), "enrich=5"),
        (lambda: memproc.FunctionEnrichment(lambda memories: memories), "name='...'"),
        (lambda: by(len, sets=["id"]), "sets='id'"),
        (lambda: by(len, on_failure="stop"), "on_failure='stop'"),
        (lambda: by(len, batch_size=0), "batch_size=0"),
        (lambda: by(len, version="a b"), "version='a b'"),
        (lambda: memproc.HttpEnrichment("http://example.org/enrich"), "https"),
        (lambda: memproc.HttpEnrichment("https://example.org/enrich", headers={"Authorization": "x"}), "ENV:VARIABLE"),
        (lambda: memproc.HttpEnrichment("https://example.org/enrich", reads="content"), "reads='content'"),
        (lambda: memproc.BatchEnrichment(object(), name="x"), "it has no open"),
        (lambda: memproc.ingest([], "m.db", enrich=[by(len), by(len)]), "'test' twice"),
        (lambda: memproc.ingest([], "m.db", enrich="module:function"), "enrich='module:function'"),
    ],
)
def test_wrong_use_is_told_before_any_work(make, told):
    """With the value and what would be right."""
    with pytest.raises(UsageError, match=told.replace("(", r"\(").replace("...", ".*")):
        make()


def test_discarding_a_record_removes_what_was_answered_of_it(fresh_file):
    """As its bytes are deleted, and the answer may say what they said."""
    answer = Function({"importance": 9, "tags": ["hens-of-ann"]})
    with fresh_file() as store:
        memproc.ingest([HENS], store, enrich=by(answer, on_failure="quarantine"))
        assert "hens-of-ann" in all_text(store)
        store.discard(1)
        assert "hens-of-ann" not in all_text(store)
        assert store.doctor() == ()
