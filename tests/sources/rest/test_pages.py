"""Records behind a web API, over real sockets: pages of each kind, refusals, limits and secrets."""

from __future__ import annotations

import gzip
import json
import logging
import sys

import pytest
from loguru import logger

import memproc
from memproc import RestPages
from memproc.errors import UsageError
from memproc.ingestion.pipeline import ingest
from memproc.sources.remote import Remote
from tests.sources.rest.server import KINDS, Clock, Shelf, failing, hanging_up, memories, pages, serving


def numbers(store):
    """Return which records a store has, in order."""
    return sorted(int(memory.content.split()[1]) for memory in store.find(limit=10_000))


@pytest.mark.parametrize("kind", KINDS)
def test_every_page_is_read_once(api, fresh_file, kind):
    """Whatever leads from one to the next; what is looked at to know the format is asked for before."""
    Shelf(api, memories(*range(1, 29)))
    with fresh_file() as store:
        report = ingest(pages(api, kind), store)
        assert (report.status, report.read, report.stored) == ("done", 28, 28)
        assert numbers(store) == [*range(1, 29)]
        assert store.recount().is_whole
        assert len(api.seen) == (2 if kind in ("lines", "whole") else 18 if kind in ("page", "offset") else 17)


def test_a_source_names_itself_without_secrets(monkeypatch):
    """It is one that `ingest` knows, and its key does not tell it from itself with another one."""
    monkeypatch.setenv("KEY", "sesame")
    source = RestPages("https://api.example.org/v1?user=ann&api_key=tiger&t=ENV:KEY", "data")
    assert isinstance(source, Remote)
    assert repr(source) == "RestPages('https://api.example.org/v1?user=ann&api_key=***&t=ENV:KEY')"
    assert source.identity == RestPages("https://api.example.org/v1?user=ann&api_key=lion&t=ENV:KEY", "data").identity
    assert source.identity != RestPages("https://api.example.org/v1?user=bob&api_key=tiger&t=ENV:KEY", "data").identity


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"paging": "pages"}, "give page:PARAM"),
        ({"headers": {"Authorization": "ENV:NO_SUCH_TOKEN"}}, "the environment variable NO_SUCH_TOKEN is not set"),
        ({"headers": {"Authorization": "Bearer tiger"}}, "Authorization holds a key: .*Authorization=ENV:VARIABLE"),
        ({"headers": {"X-Api-Key": "tiger"}}, "X-Api-Key holds a key"),
        ({"headers": {"Cookie": "id=tiger"}}, "Cookie holds a key"),
        ({"headers": {"Host": "b.example"}}, "'Host' cannot be set"),
        ({"headers": {"X Y": "z"}}, "'X Y' cannot be set"),
        ({"headers": {"X-Team": "a\r\nHost: b"}}, "the value of X-Team holds a line end"),
        ({"headers": {"Authorization": "Bearer ENV:TWO_LINES"}}, "the value of Authorization holds a line end"),
        ({"hosts": ["https://b.example"]}, "hosts: 'https://b.example' is no host"),
        ({"cursor_field": "updated_at"}, "give both cursor_field"),
        ({"since_param": "since"}, "give both cursor_field"),
        ({"retry_seconds": 0}, "retry_seconds=0: give a number above 0"),
        ({"requests_per_second": float("inf")}, "requests_per_second=inf"),
        ({"max_response_bytes": -1}, "max_response_bytes=-1"),
    ],
)
def test_what_cannot_be_right_is_refused_before_any_work(monkeypatch, options, told):
    """The message never shows a value from the environment, nor a key."""
    monkeypatch.setenv("TWO_LINES", "tiger\nlion")
    with pytest.raises(UsageError, match=told) as caught:
        RestPages("https://api.example.org/v1", **options)
    assert "tiger" not in str(caught.value)


@pytest.mark.parametrize(
    ("answer", "options", "told"),
    [
        ({"data": [], "meta": {}}, {}, r"the answer is no list: .*records='data' \(--records data\)"),
        ({"meta": {}}, {}, "the answer is no list: .*of meta"),
        ({"data": []}, {"records": "items"}, "no list is at records=items in the answer, which has data"),
        ({"items": {"a": 1}}, {"records": "items"}, "no list is at records=items"),
        ([{"content": "x y"}], {"records": "items"}, "no list is at records=items in the answer, which has no names"),
    ],
)
def test_a_list_is_not_guessed(api, tmp_path, answer, options, told):
    """The message says what there is."""
    api.answers["/m"] = lambda request, _: request.give(answer)
    with pytest.raises(memproc.SourceError, match=told):
        ingest(RestPages(f"{api.root}/m", allow_private=True, **options), tmp_path / "m.db")


@pytest.mark.parametrize("answer", [b"", b"[]", b'{"items": null}', b'{"items": []}'])
def test_an_empty_page_is_none(api, fresh_file, answer):
    """An empty answer, an empty list, and null where the list would be."""
    api.answers["/m"] = lambda request, _: request.give(answer)
    with fresh_file() as store:
        report = ingest(RestPages(f"{api.root}/m", "items" if b"items" in answer else None, allow_private=True), store)
        assert (report.status, report.read) == ("done", 0)


@pytest.mark.parametrize(
    ("body", "kind", "contents"),
    [
        (b'{"content": "a b"}\n\n{"content": "c d"}', "application/x-ndjson", ["a b", "c d"]),
        (b'\x1e{"content": "a b"}\n\x1e{"content": "c d"}\n', "application/json-seq", ["a b", "c d"]),
        (b'{"content": "a b"}\r\n{"content": "c d"}\r\n', "application/json", ["a b", "c d"]),
        (b'{"content": "a b"}', "application/jsonl; charset=utf-8", ["a b"]),
        (b' [{"content": "a b"} , {"content": "c d"}] ', "text/plain", ["a b", "c d"]),
    ],
)
def test_lines_of_json_are_known_by_their_kind_or_their_shape(api, fresh_file, body, kind, contents):
    """Servers name them in many ways."""
    api.answers["/m"] = lambda request, _: request.give(body, kind=kind)
    with fresh_file() as store:
        ingest(RestPages(f"{api.root}/m", allow_private=True), store)
        assert sorted(memory.content for memory in store.find()) == contents


def test_a_record_that_is_faulty_is_quarantined_with_the_bytes_that_came(api, fresh_file):
    """An integer beyond 64 bits, which decoding would have rounded."""
    raw = b'{"content": "a b",  "n": 123456789012345678901234567890}'
    api.answers["/m"] = lambda request, _: request.give(b'{"data": {"items": [' + raw + b', {"content": ""}]}}')
    with fresh_file() as store:
        ingest(RestPages(f"{api.root}/m", "data.items", allow_private=True), store)
        assert raw in {one.raw for one in store.quarantine()}


def test_a_list_that_is_not_read_is_counted_by_its_name(api, fresh_file):
    """On all pages, and once, though the first ones were looked at before."""
    api.answers["/m"] = lambda request, query: request.give(
        {"included": [{"a": 1}], "data": memories(1 + len(query)), "next": None if query else "/m?at=2", "more": [{}, {}]}
    )
    with fresh_file() as store:
        report = ingest(RestPages(f"{api.root}/m", "data", paging="next:next", allow_private=True), store)
        assert report.read == 2
        assert report.left_out == {"in the list 'included'": 2, "in the list 'more'": 4}


@pytest.mark.parametrize("path", ["data.0.items", "a.b"])
def test_a_list_at_an_odd_path_is_read_whole(api, fresh_file, path):
    """Within a list, or under a name with a dot."""
    api.answers["/m"] = lambda request, _: request.give(
        b"\xef\xbb\xbf" + json.dumps({"data": [{"items": memories(1, 2)}, {"items": memories(3)}], "a.b": memories(1, 2)}).encode()
    )
    with fresh_file() as store:
        assert ingest(RestPages(f"{api.root}/m", path, allow_private=True), store).stored == 2


def test_a_redirect_is_followed_where_it_may_go(api, fresh_file):
    """To a host that was named, with the headers."""
    with serving() as other, fresh_file() as store:
        Shelf(other, memories(1, 2))
        api.answers["/old"] = lambda request, _: request.give(b"", 308, {"Location": "/older"})
        api.answers["/older"] = lambda request, _: request.give(b"", 302, {"Location": f"{other.root}/whole"})
        host = other.root.removeprefix("http://")
        ingest(RestPages(f"{api.root}/old", allow_private=True, hosts=[host], headers={"X-Team": "red"}), store)
        assert numbers(store) == [1, 2]
        assert other.headers_seen[0]["x-team"] == "red"


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/",
        "https://10.0.0.1/",
        "http://127.0.0.1:1/",
        "https://b.example/",
        "file:///etc/passwd",
        "//b.example/x",
        "http://ann:tiger@127.0.0.1/",
    ],
)
@pytest.mark.parametrize("way", ["redirect", "link", "next"])
@pytest.mark.sampled(4)
def test_what_leads_to_another_host_is_refused(api, fresh_file, way, target):
    """Whether the server redirects there or names it as the next page; what came before is kept."""
    answers = {
        "redirect": lambda request, _: request.give(b"", 302, {"Location": target}),
        "link": lambda request, _: request.give(memories(1), headers={"Link": f'<{target}>; rel="next"'}),
        "next": lambda request, _: request.give({"items": memories(1), "next": target}),
    }
    api.answers["/m"] = answers[way]
    options = {"records": "items", "paging": "next:next"} if way == "next" else {}
    with fresh_file() as store:
        if way == "redirect":
            with pytest.raises(memproc.SourceError, match=r"was not given|give a URL|holds a user"):
                ingest(RestPages(f"{api.root}/m", allow_private=True), store)
        else:
            report = ingest(RestPages(f"{api.root}/m", allow_private=True, **options), store)
            assert (report.status, report.read) == ("failed", 1)
            assert any("was not given" in note or "give a URL" in note or "holds a user" in note for note in report.notes)
            assert "tiger" not in str(report.notes)
        assert len(api.seen) <= 2


def test_redirects_in_a_circle_are_told(api, tmp_path):
    """After five."""
    api.answers["/m"] = lambda request, _: request.give(b"", 307, {"Location": "/m"})
    with pytest.raises(memproc.SourceError, match="redirects more than 5 times"):
        ingest(RestPages(f"{api.root}/m", allow_private=True), tmp_path / "m.db")
    assert len(api.seen) == 6


def test_an_address_that_is_private_is_refused_whatever_its_name(tmp_path):
    """The address is looked at, and not tried again."""
    clock = Clock()
    source = RestPages("https://api.example.org/v1", _outside=clock.outside(lambda *_: ["10.0.0.1"]))
    with pytest.raises(memproc.SourceError, match=r"api.example.org leads to 10.0.0.1"):
        ingest(source, tmp_path / "m.db")
    assert clock.slept == []


def test_a_name_is_resolved_once_and_its_connection_goes_to_what_was_looked_at(api, tmp_path):
    """A name server that answers otherwise the second time (DNS rebinding) is not asked, and each connection is looked at anew."""
    Shelf(api, memories(1))
    answers = [["127.0.0.1"], ["10.0.0.1"]]
    url = f"http://localhost:{api.server_port}/whole"
    api.plans.append(hanging_up)  # so that a second connection is made
    source = RestPages(url, allow_private=True, _outside=Clock().outside(lambda *_: answers.pop(0)))
    with pytest.raises(memproc.SourceError, match=r"localhost leads to 10.0.0.1, which is not this machine"):
        ingest(source, tmp_path / "m.db")
    assert (len(api.seen), answers) == (1, [])


def test_of_several_addresses_one_that_takes_the_connection_is_used(api, fresh_file):
    """As a name that has one of version 6 that leads nowhere."""
    Shelf(api, memories(1))
    url = f"http://localhost:{api.server_port}/whole"
    with fresh_file() as store:
        source = RestPages(url, allow_private=True, _outside=Clock().outside(lambda *_: ["10.0.0.1", "127.0.0.2", "127.0.0.1"]))
        assert ingest(source, store).stored == 1


@pytest.mark.parametrize("times", [1, 2])
def test_a_body_that_becomes_too_large_is_refused_while_it_is_read(api, tmp_path, times):
    """A gzip bomb, a thousand times as large as it comes; one in another is not unpacked at all."""
    body = b"[" + b" " * 30_000_000 + b"]"
    for _ in range(times):
        body = gzip.compress(body, 1)
    encoding = ", ".join(["gzip"] * times)
    api.answers["/m"] = lambda request, _: request.give(body, headers={"Content-Encoding": encoding})
    source = RestPages(f"{api.root}/m", allow_private=True, max_response_bytes=1_000_000)
    with pytest.raises(memproc.SourceError, match=r"more than 1,000,000 bytes|which was not asked for"):
        ingest(source, tmp_path / "m.db")
    assert len(api.seen) == 1


def test_a_body_in_gzip_is_read(api, fresh_file):
    """What is asked for; no other compression is."""
    body = gzip.compress(json.dumps(memories(1, 2)).encode())
    api.answers["/m"] = lambda request, _: request.give(body, headers={"Content-Encoding": "gzip"})
    with fresh_file() as store:
        assert ingest(RestPages(f"{api.root}/m", allow_private=True), store).stored == 2
    assert api.headers_seen[0]["accept-encoding"] == "gzip"


def test_a_caller_who_wants_few_requests_a_second_gets_them(api, fresh_file):
    """Looking and reading together."""
    Shelf(api, memories(*range(1, 7)))
    clock = Clock()
    with fresh_file() as store:
        ingest(pages(api, "cursor", clock, requests_per_second=4), store)
    assert len(api.seen) == 4
    assert clock.slept == [0.25] * 3


def test_the_rate_limit_of_a_server_is_kept(api, fresh_file):
    """By what it says of itself, before it refuses."""
    clock = Clock()
    api.answers["/m"] = lambda request, query: request.give(
        memories(1) if "p" not in query else memories(2),
        headers={"RateLimit-Remaining": "0", "RateLimit-Reset": "9"} | ({} if "p" in query else {"Link": '</m?p=2>; rel="next"'}),
    )
    with fresh_file() as store:
        ingest(RestPages(f"{api.root}/m", allow_private=True, _outside=clock.outside()), store)
    assert clock.slept == [9.0] * 3


def test_a_server_that_takes_no_request_for_very_long_is_not_waited_for(api, tmp_path):
    """A person would think that it hangs."""
    clock = Clock()
    api.answers["/m"] = failing(403, X_RateLimit_Remaining="0", X_RateLimit_Reset=str(int(clock.epoch) + 3_000))
    api.answers["/m"] = lambda request, _, refuse=api.answers["/m"]: refuse(request)
    with pytest.raises(memproc.SourceError, match="takes no request for 3,000 s, by its own rate limit"):
        ingest(RestPages(f"{api.root}/m", allow_private=True, _outside=clock.outside()), tmp_path / "m.db")
    assert sum(clock.slept) < 1


def test_pages_that_do_not_end_are_told(api, fresh_file):
    """A cursor that leads back, and a server that does not heed the number of the page."""
    api.answers["/m"] = lambda request, query: request.give(
        {"items": memories(1, 2), "next": {"a": "b", "b": "c"}.get(query.get("after"), "a")}
    )
    with fresh_file() as store:
        report = ingest(RestPages(f"{api.root}/m", "items", paging="cursor:after=next", allow_private=True), store)
        assert (report.status, report.read) == ("failed", 8)
        assert any("the pages do not end: page 4 leads to one that was read before" in note for note in report.notes)
        report = ingest(RestPages(f"{api.root}/m", "items", paging="page:page", allow_private=True), store)
        assert report.status == "failed"
        assert any("page 10 is the same as the 9 before" in note for note in report.notes)
        assert numbers(store) == [1, 2]


def test_pages_without_any_record_are_not_asked_for_without_end(api, tmp_path):
    """Each with another cursor: there is always one more."""
    api.answers["/m"] = lambda request, _: request.give({"items": [], "next": f"c{len(request.server.seen)}"})
    with pytest.raises(memproc.SourceError, match="100 in a row hold no record"):
        ingest(RestPages(f"{api.root}/m", "items", paging="cursor:after=next", allow_private=True), tmp_path / "m.db")
    assert len(api.seen) == 100


def test_an_answer_of_very_many_values_is_refused(api, tmp_path):
    """Each takes many times as much memory as its bytes, which are few when they come compressed."""
    body = gzip.compress(b"[" + b"{}," * 2_100_000 + b"{}]", 1)
    api.answers["/m"] = lambda request, _: request.give(body, headers={"Content-Encoding": "gzip"})
    with pytest.raises(memproc.SourceError, match="holds more than 2,000,000 objects"):
        ingest(RestPages(f"{api.root}/m", allow_private=True), tmp_path / "m.db")


def test_a_page_for_people_is_told_at_once_with_its_beginning(api, tmp_path):
    """As one that asks to log in: asking again changes nothing."""
    api.answers["/m"] = lambda request, _: request.give(b"<!doctype html><title>Sign in</title>", kind="text/html; charset=utf-8")
    with pytest.raises(memproc.SourceError, match="but text/html, which begins '<!doctype html><title>Sign in"):
        ingest(RestPages(f"{api.root}/m", allow_private=True), tmp_path / "m.db")
    assert len(api.seen) == 1


ECHOES = {
    "a name of a list": lambda request, token: request.give({token: [{"content": "tea"}]}),
    "many names": lambda request, token: request.give({f"{'x' * 30}{token}": {}, token: {}}),
    "what says that there is more": lambda request, token: request.give({"items": memories(1), f"{token}.{token}": {"next": 1}}),
    "a kind": lambda request, token: request.give(b"x", kind=f"image/{token}"),
    "a coding": lambda request, token: request.give(b"x", headers={"Content-Encoding": token}),
    "a redirect": lambda request, token: request.give({}, 302, {"Location": f"http://{token}/m"}),
    "a link": lambda request, token: request.give(memories(1), headers={"Link": f'<http://{token}.example/m>; rel="next"'}),
    "a page for people": lambda request, token: request.give(f"<p>{token}</p>".encode(), kind="text/html"),
}


@pytest.mark.parametrize("way", ECHOES)
def test_a_secret_that_a_server_sends_back_is_not_shown(api, tmp_path, monkeypatch, way):
    """In whatever case, and also where a text is cut."""
    token = "Wq7Lion" + "Tiger" * 9 + ".Lion" + "Tiger" * 9
    monkeypatch.setenv("TOKEN", token)
    api.answers["/m"] = lambda request, _: ECHOES[way](request, token)
    records = "items" if way == "what says that there is more" else None
    headers = {"Authorization": "Bearer ENV:TOKEN"}
    source = RestPages(f"{api.root}/m", records, headers=headers, allow_private=True, retry_seconds=0.1)
    try:
        told = str(ingest(source, tmp_path / "m.db").notes)
    except memproc.SourceError as error:
        told = f"{error} {error!r} {error.__cause__!r}"
    assert "lion" not in told.lower()
    assert "ENV:TOKEN" in told


TOKEN = "Kx7-tiger+lion/81=="
QUOTED = "Kx7-tiger%2Blion/81%3D%3D"


def test_a_secret_is_in_the_requests_alone(api, tmp_path, monkeypatch, caplog):
    """Not in the store, the report, an exception or a log, also where the server repeats it in links and faults."""
    monkeypatch.setenv("TOKEN", TOKEN)
    monkeypatch.setenv("KEY", "panther-5")
    logged = []
    sink = logger.add(logged.append, level=0)
    logger.enable("memproc")
    caplog.set_level(logging.DEBUG)

    def answer(request, query):
        if query.get("page") == "3":
            request.give({}, 401, {"WWW-Authenticate": f"Bearer {TOKEN}"})
        else:
            at = int(query.get("page", "1"))
            target = f"/m?page={at + 1}&api_key={query['api_key']}&echo={QUOTED}&access_token={query['access_token']}"
            request.give(memories(at), headers={"Link": f'<{target}>; rel="next"'})

    api.answers["/m"] = answer
    try:
        url = f"{api.root}/m?api_key=ENV:KEY&access_token=leopard-9"
        source = RestPages(url, headers={"Authorization": "Bearer ENV:TOKEN"}, allow_private=True)
        with memproc.open(tmp_path / "m.db") as store:
            report = ingest(source, store, settings=memproc.Settings(batch_size=1))
            assert (report.status, report.read) == ("failed", 2)
            jobs = store.jobs()
        api.answers["/m"] = lambda request, _: request.give({}, 401)
        with pytest.raises(memproc.SourceError) as caught:
            ingest(source, tmp_path / "m.db")
    finally:
        logger.disable("memproc")
        logger.remove(sink)
    assert api.headers_seen[0]["authorization"] == f"Bearer {TOKEN}"
    assert all("api_key=panther-5" in seen for seen in api.seen)
    assert "401 Unauthorized" in str(report.notes)
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    shown = [str(report), json.dumps(report.as_dict()), repr(jobs), str(caught.value), repr(caught.value.__cause__), repr(source)]
    shown += [str(caught.value.__context__), "".join(map(str, logged)), caplog.text]
    for secret in (TOKEN, QUOTED, "panther-5", "leopard-9", "tiger"):
        assert secret.encode() not in kept
        assert [text for text in shown if secret in text] == []


def test_a_job_is_resumed_at_a_link_that_holds_a_key(api, fresh_file, monkeypatch):
    """The key is not kept, and put in again."""
    monkeypatch.setenv("KEY", "panther-5")

    def answer(request, query):
        at = int(query.get("page", "1"))
        assert (query["api_key"], query["token"]) == ("panther-5", "lion-88")
        target = f"/m?token=lion-88&page={at + 1}&api_key=panther-5"
        request.give(memories(at), headers={"Link": f'<{target}>; rel="next"'} if at < 4 else {})

    api.answers["/m"] = answer
    source = RestPages(f"{api.root}/m?api_key=ENV:KEY&token=lion-88", allow_private=True)
    with fresh_file() as store:
        assert ingest(source, store, limit=3, settings=memproc.Settings(batch_size=1)).read == 3
        api.seen.clear()
        report = ingest(source, store, limit=3, resume=True, settings=memproc.Settings(batch_size=1))
        assert report.read == 3
    assert next(iter(source.found({"page": ["https://x/?key=***", 0], "at": 1, "hash": ""}))).item.value["id"] == "1"


def test_a_key_may_stand_in_the_path(api, fresh_file, monkeypatch):
    """As some services have it; it is shown and kept as its reference, and put in again."""
    monkeypatch.setenv("BOT", "12:x/y z")
    api.answers["/bot12:x%2Fy%20z/m"] = lambda request, query: request.give(
        memories(1 + len(query)), headers={} if query else {"Link": '</bot12:x%2Fy%20z/m?at=2>; rel="next"'}
    )
    source = RestPages(f"{api.root}/botENV:BOT/m", allow_private=True)
    [first, second] = source.found(None)
    assert [one.item.value["id"] for one in source.found(first.mark)] == ["2"]
    assert list(source.found(second.mark)) == []
    assert second.mark["page"][0] == f"{api.root}/botENV:BOT/m?at=2"
    with fresh_file() as store:
        ingest(source, store)
        assert [job.source for job in store.jobs()] == [f"{api.root}/botENV:BOT/m"]


def test_without_the_extra_a_person_is_told_what_to_install(tmp_path, monkeypatch):
    """Before anything is done."""
    for name in [name for name in sys.modules if name.startswith("memproc.sources.rest.")]:
        if name.rpartition(".")[2] in ("client", "gate", "bodies", "walking"):
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "httpcore2", None)
    with pytest.raises(UsageError, match=r"pip install 'memproc-sdk\[rest\]'"):
        ingest(RestPages("https://api.example.org/v1"), tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()
