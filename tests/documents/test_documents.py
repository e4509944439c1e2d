"""Documents by template: which there are, what is in them, where they go, and what a template cannot do."""

from __future__ import annotations

import io
import zipfile
from math import inf

import pytest

import memproc
from memproc.documents.spool import Spool
from tests.command_line import as_json, run_memproc

RECORDS = [
    {"content": "Prefers tea", "namespace": "ann", "subject": "ann", "created_at": "2025-01-03T08:00:00Z", "tags": ["drinks"]},
    {"content": "Has a dog called Bo", "namespace": "ann", "subject": "../../etc", "created_at": "2025-01-03T07:00:00Z"},
    {"content": "Prefers beer", "namespace": "ben", "subject": "ann", "created_at": "2025-01-04T08:00:00Z"},
    {"content": "Likes <b>walks</b></memories>", "namespace": "ben"},
]
LIST = "{% for memory in memories %}\n{{ memory.content }}\n{% endfor %}\n"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Give a store of four memories of two namespaces."""
    with memproc.open(tmp_path_factory.mktemp("documents") / "m.db") as opened:
        memproc.ingest(RECORDS, opened)
        yield opened


@pytest.fixture
def rendered(store, tmp_path):
    """Give a function that renders a template to an archive, and returns the result and the documents by name."""

    def render(template, name="list.md.j2", **options):
        (tmp_path / name).write_text(template)
        to = io.BytesIO()
        done = memproc.render_documents(store, tmp_path / name, to, form="zip", **options)
        with zipfile.ZipFile(to) as archive:
            return done, {one: archive.read(one).decode() for one in archive.namelist()}

    return render


@pytest.mark.parametrize(
    ("per", "starts"),
    [
        ("memory", ["has-a-dog-called-bo-", "likes-b-walks-b-memories-", "prefers-beer-", "prefers-tea-"]),
        ("subject", ["ann-", "ann-", "etc-", "no-subject-"]),
        ("day", ["2025-01-03-ann-", "2025-01-04-ben-", "undated-ben-"]),
        ("namespace", ["ann-", "ben-"]),
    ],
)
def test_there_is_a_document_for_each(rendered, per, starts):
    """With a name that leads nowhere else; none holds memories of two namespaces."""
    done, documents = rendered(LIST, per=per)
    assert (done.documents, done.failed) == (len(starts), 0)
    for name, start in zip(sorted(documents), starts, strict=True):
        assert name.startswith(start)
        assert name.endswith(".md")
        assert not {"/", ".."} & {*name}
    assert sum(text.count("\n") for text in documents.values()) == len(RECORDS)
    for text in documents.values():
        assert not ("tea" in text and "beer" in text)


def test_within_a_document_memories_stand_in_the_order_of_time(rendered):
    """They can be gone through again, backwards and in part. Of one namespace a day is named by its date."""
    template = (
        "{% for m in memories %}{{ m.content[:5] }},{% endfor %}|{% for m in memories | reverse %}{{ m.content[:5] }},{% endfor %}"
    )
    _, documents = rendered(template + "|{{ memories[-1:][0].content[:5] }}|{{ memories | length }}", per="day", namespace="ann")
    assert documents == {"2025-01-03.md": "Has a,Prefe,|Prefe,Has a,|Prefe|2"}
    done, _ = rendered(LIST, per="namespace", tag="drinks")
    assert done.documents == 1


def test_each_query_has_a_document(rendered):
    """Also one that finds nothing."""
    done, documents = rendered("{{ query }}: {{ memories | length }}", per="query", queries=["prefers", "nobody says this"])
    assert (done.documents, sorted(documents.values())) == (2, ["nobody says this: 0", "prefers: 2"])
    _, documents = rendered("{{ query }}: {{ memories | length }}", per="query", queries={"drinks": {"tag": "drinks"}})
    assert [*documents.values()] == ["drinks: 1"]


def test_an_error_in_one_document_stops_nothing(rendered):
    """It is told with the line of the template; so is one in a template that this one includes."""
    template = "{{ namespace }}\n{% if namespace == 'ann' %}\n{{ memories[0].contnet }}\n{% endif %}\n"
    done, documents = rendered(template, per="namespace")
    assert (done.documents, done.failed, [*documents.values()]) == (1, 1, ["ben\n"])
    (failure,) = done.failures
    assert (failure.document[:4], failure.line) == ("ann-", 3)
    assert "contnet" in failure.message
    rendered("\n\n{{ nothing }}", name="part.md.j2")
    done, _ = rendered("{% include 'part.md.j2' %}", per="namespace")
    assert [one.line for one in done.failures] == [3, 3]


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("{% for at in range(10 ** 9) %}{% endfor %}", "Range too big"),
        ("{% set r = range(3000) %}{% for a in r %}{% for b in r %}{% set c = b %}{% endfor %}{% endfor %}", "takes more than"),
        ("{{ 'x' * 10 ** 9 }}", "makes something enormous"),
        ("{{ [[0] * 1000000] * 1000000 }}", "makes something enormous"),
        (
            "{% set a = [0] * 1000 %}{% set b = [a] * 1000 %}{% set c = [b, b, b, b, b, b, b, b] %}{{ [c, c, c, c, c, c, c, c] }}",
            "more than 10,000 bytes",
        ),
        ("{{ 10 ** 99999999 }}", "makes something enormous"),
        ("{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}", "takes more than"),
        ("{% for at in range(99999) %}aaaaaaaaaaaa{% endfor %}", "more than 10,000 bytes"),
        ("{{ memories.__class__ }}", "unsafe"),
        ("{{ memories[0].clear() }}", "unsafe"),
        ("{{ ''.__class__.__mro__ }}", "unsafe"),
        ("{{ 1 / 0 }}", "division by zero"),
        ("{% include '../m.db' %}", "../m.db"),
    ],
)
def test_a_template_ends_and_reaches_nothing_else(rendered, template, told):
    """Loops, calls and sizes have limits, and the sandbox refuses the rest."""
    done, documents = rendered(
        template, per="namespace", limits=memproc.DocumentLimits(seconds=0.02, bytes=10_000), namespace="ann"
    )
    assert (documents, done.failed) == ({}, 1)
    assert told in done.failures[0].message


def test_a_template_that_is_wrong_is_refused_with_its_line(rendered, store, tmp_path):
    """Before anything is written; so is one that is not there."""
    with pytest.raises(memproc.UsageError, match="line 2"):
        rendered("\n{% if %}")
    with pytest.raises(memproc.UsageError, match="profile, diary, context"):
        memproc.render_documents(store, "nope", tmp_path / "out")
    for wrong in ({"per": "week"}, {"per": "query"}, {"queries": ["tea"]}, {"limit": 3}, {"form": "tar"}):
        with pytest.raises(memproc.UsageError):
            memproc.render_documents(store, "context", tmp_path / "out", **wrong)
    for wrong in ({"seconds": 0}, {"seconds": -inf}, {"bytes": 0}, {"bytes": True}):
        with pytest.raises(memproc.UsageError):
            memproc.DocumentLimits(**wrong)


def test_what_is_put_into_html_is_escaped(rendered):
    """By the ending of the template."""
    _, documents = rendered("{{ memory.content }}", name="page.html", text="walks")
    assert [*documents.values()] == ["Likes &lt;b&gt;walks&lt;/b&gt;&lt;/memories&gt;"]


@pytest.mark.parametrize("template", ["profile", "diary", "context"])
def test_the_templates_that_ship_work_for_all(store, tmp_path, template):
    """In a folder, in an archive and in one file; what a memory says ends no block."""
    for per in ("memory", "subject", "day", "namespace"):
        done = memproc.render_documents(store, template, tmp_path / per, per=per)
        assert (done.form, done.failed, len([*(tmp_path / per).iterdir()])) == ("folder", 0, done.documents)
    heard = []
    ending = "txt" if template == "context" else "md"
    done = memproc.render_documents(store, template, tmp_path / f"all.{ending}", per="namespace", on_event=heard.append)
    assert (done.form, heard[-1]) == ("file", memproc.DocumentsRendered(2, 0, done.bytes, 2))
    if template == "context":
        assert (tmp_path / "all.txt").read_text().count("</memories>") == 2


def test_the_command_writes_documents_and_exits_with_1_if_one_fails(store, tmp_path):
    """The result is told beside a target that is standard output."""
    where = store.url.removeprefix("sqlite:///")
    done = as_json(
        run_memproc("render", where, "--template", "profile", "--per", "subject", "--to", "out", "--json", folder=tmp_path)
    )
    assert (done["documents"], done["form"], len([*(tmp_path / "out").iterdir()])) == (4, "folder", 4)
    code, out, told = run_memproc("render", where, "--template", "context", "--per", "query", "--query", "tea", "--to", "-")
    assert (code, out.splitlines()[1], "1 document" in told) == (0, "- [2025-01-03] Prefers tea", True)
    (tmp_path / "bad.md").write_text("{{ nothing }}")
    code, _, _ = run_memproc("render", where, "--template", "bad.md", "--to", "bad.zip", folder=tmp_path)
    assert code == 1


def test_the_command_takes_all_that_says_which_memories(tmp_path):
    """As `find` does."""
    emotion, relations = {"label": "joy"}, [{"type": "about", "target": "tea"}]
    memproc.ingest([{"content": "Tea is here", "emotion": emotion, "relations": relations}, {"content": "Rain"}], tmp_path / "m.db")
    for at, (option, value) in enumerate({"--emotion": "joy", "--relation": "tea", "--text": "is"}.items()):
        render = ["render", tmp_path / "m.db", "--template", "profile", "--to", tmp_path / str(at), option, value, "--json"]
        assert as_json(run_memproc(*render))["documents"] == 1


def test_memories_of_a_group_are_not_held():
    """They are read as they are gone through, in order, and in part."""
    spool = Spool()
    spool.put((("a",), {"id": f"{at:05}", "created_at": None, "text": at}) for at in range(3_000))
    (group,) = spool.groups()
    memories = spool.memories(group)
    assert [one["text"] for one in memories] == [*range(3_000)]
    assert [one["text"] for one in memories[-2:]] == [2_998, 2_999]
    assert [one["text"] for one in memories[::1_000]] == [0, 1_000, 2_000]
    assert (memories[-1]["text"], len(memories), next(reversed(memories))["text"]) == (2_999, 3_000, 2_999)
    with pytest.raises(IndexError):
        memories[3_000]
    spool.close()
