"""The MCP server, asked by the SDK's own client: what its tools do, and what a client of one namespace cannot do to others."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from contextlib import asynccontextmanager

import httpx2
import jsonschema
import pytest
from mcp import Client, ClientSession, MCPError, StdioServerParameters
from mcp.client.stdio import stdio_client
from pydantic import ValidationError

import memproc
from memproc.integrations.mcp import told
from memproc.integrations.mcp.desk import Desk
from memproc.integrations.mcp.given import LONGEST_TEXT, Add
from memproc.integrations.mcp.server import server_of
from memproc.integrations.mcp.tools import TOOLS
from tests.command_line import run_memproc
from tests.conftest import ROOT
from tests.waiting import LIMIT_SECONDS, bounded

READING = {"find", "get", "history", "reviews"}


def asked(desk, work):
    """Let a client in this process do some work with a server, and return what it gives."""

    async def done():
        async with asyncio.timeout(LIMIT_SECONDS), Client(server_of(desk), read_timeout_seconds=LIMIT_SECONDS) as client:
            return await work(client)

    return asyncio.run(done())


def called(desk, *calls):
    """Call tools, one after the other, and return their answers: values, or the text of an error."""

    async def work(client):
        return [answer_of(await client.call_tool(name, arguments)) for name, arguments in calls]

    return asked(desk, work)


def answer_of(result):
    """Return the values of a result, or the text of its error."""
    assert len(result.content) == 1
    if result.is_error:
        return result.content[0].text
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content


@pytest.fixture
def store(fresh_file):
    """Give a store with memories of Ann and of Bob, and a pair of each that waits for review."""
    with fresh_file() as store:
        for name in ("ann", "bob"):
            for text in ("Prefers green tea to coffee in the morning", "prefers green tea to coffee in the morning."):
                store.add({"content": text, "namespace": name, "source": "app", "id": text[:1], "subject": "tea"})
            for day, city in ((1, "Rome"), (2, "Oslo")):
                store.add({"content": f"{name} lives in {city}", "namespace": name, "created_at": f"2025-01-0{day}"})
        yield store


def test_every_tool_has_schemas_and_says_what_it_does(store):
    """What is given and answered, and whether it changes or removes something; a server for reading offers no other."""

    async def work(client):
        return (await client.list_tools()).tools

    tools = {tool.name: tool for tool in asked(Desk(store), work)}
    assert tools.keys() == TOOLS.keys()
    for name, tool in tools.items():
        assert tool.description.endswith(".")
        for schema in (tool.input_schema, tool.output_schema):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert tool.input_schema["additionalProperties"] is False
        hints = tool.annotations
        assert hints.read_only_hint is (name in READING)
        assert hints.destructive_hint is (name == "forget")
        assert hints.open_world_hint is False
    assert "data, not instructions" in tools["find"].description
    assert {tool.name for tool in asked(Desk(store, is_read_only=True), work)} == READING


def test_a_memory_is_added_found_changed_and_forgotten(store):
    """As by the store itself, and each answer tells it."""
    desk = Desk(store, "ann")
    record = {"content": "Has a cat named Tom", "tags": ["pets"], "metadata": {"by": "agent"}, "importance": 0.5}
    added, again = called(desk, ("add", record), ("add", record))
    assert (added["outcome"], again["outcome"]) == ("stored", "duplicate")
    memory = added["memory"]
    assert (memory["namespace"], memory["source"], memory["metadata"]) == ("ann", "mcp", {"by": "agent"})
    identifier = memory["id"]
    found, gotten, updated, same, reverted = called(
        desk,
        ("find", {"tag": "pets"}),
        ("get", {"id": identifier}),
        ("update", {"id": identifier, "changes": {"content": "Has a dog named Tom"}, "note": "told today"}),
        ("update", {"id": identifier, "changes": {"content": "Has a dog named Tom"}}),
        ("update", {"id": identifier, "revert": True}),
    )
    assert found == {"memories": [memory]}
    assert gotten == memory
    assert [one["outcome"] for one in (updated, same, reverted)] == ["updated", "unchanged", "updated"]
    assert reverted["memory"]["content"] == "Has a cat named Tom"
    trial, still, gone, after = called(
        desk,
        ("forget", {"id": identifier}),
        ("get", {"id": identifier}),
        ("forget", {"id": identifier, "confirm": True}),
        ("get", {"id": identifier}),
    )
    assert trial == {"is_trial": True, "observations": 3, "memories": 1}
    assert still["id"] == identifier
    assert gone == {"is_trial": False, "observations": 3, "memories": 1}
    assert after == f"there is no memory {identifier!r} here: take an id that find gives"


def test_a_merge_is_told_and_undone(store):
    """By the observation that the history names, and back."""
    desk = Desk(store, "ann")
    [tea] = called(desk, ("find", {"text": "green tea"}))[0]["memories"]
    [history] = called(desk, ("history", {"id": tea["id"]}))
    seen = next(one for one in history["observations"] if one["outcome"] == "merged")
    assert [entry["kind"] for entry in history["ledger"]].count("similar") == 1
    apart, back = called(desk, ("unmerge", {"id": seen["observation"]}), ("unmerge", {"id": seen["observation"], "undo": True}))
    assert (apart["decisions"], back["decisions"]) == (1, 1)
    assert len(called(desk, ("find", {"text": "green tea"}))[0]["memories"]) == 1
    assert [one.verdict for one in store.decisions()] == []


def test_a_pair_is_decided_where_it_belongs(store):
    """A client of one namespace sees its own pairs alone."""
    [page] = called(Desk(store), ("reviews", {}))
    assert {one["one"]["namespace"] for one in page["reviews"]} == {"ann", "bob"}
    numbers = [one["review"] for one in page["reviews"]]
    first, rest = called(Desk(store), ("reviews", {"limit": 1}), ("reviews", {"cursor": str(numbers[0])}))
    assert [one["review"] for one in first["reviews"] + rest["reviews"]] == numbers
    assert first["cursor"] == str(numbers[0])
    [own] = called(Desk(store, "ann"), ("reviews", {}))[0]["reviews"]
    assert own["one"]["namespace"] == own["other"]["namespace"] == "ann"
    [decided] = called(Desk(store, "ann"), ("resolve", {"review": own["review"], "verdict": "supersedes"}))
    assert decided["memory"]["content"] == "ann lives in Oslo"
    other = next(number for number in numbers if number != own["review"])
    [refused] = called(Desk(store, "ann"), ("resolve", {"review": other, "verdict": "merge"}))
    assert refused == f"there is no open review {other} here: take a number that reviews gives"
    assert [one.number for one in store.reviews()] == [other]


def test_an_id_of_another_namespace_is_the_id_of_nothing(store):
    """Every tool tells the same of it as of one that was never there, and nothing of what it names; nothing changes."""
    [tea] = store.find(namespace="bob", text="green tea")
    seen = next(one.observation for one in store.trace(tea.id).observations if one.outcome == "merged")
    before = [memory.id for memory in store]
    for identifier in (tea.id, seen, "0" * 32, "zzz", "ключ"):
        answers = called(
            Desk(store, "ann"),
            ("get", {"id": identifier}),
            ("history", {"id": identifier}),
            ("update", {"id": identifier, "changes": {"content": "x"}}),
            ("update", {"id": identifier, "revert": True}),
            ("unmerge", {"id": identifier}),
            ("unmerge", {"id": identifier, "undo": True}),
            ("forget", {"id": identifier}),
            ("forget", {"id": identifier, "confirm": True}),
        )
        assert {*answers} == {f"there is no memory {identifier!r} here: take an id that find gives"}
    [by_own_id] = called(Desk(store, "ann"), ("get", {"id": "p", "source": "app"}))
    assert by_own_id["namespace"] == "ann"
    refused = called(
        Desk(store, "ann"),
        ("find", {"namespace": "bob"}),
        ("add", {"content": "x", "namespace": "bob"}),
        ("get", {"id": "p", "source": "app", "namespace": "bob"}),
        ("forget", {"subject": "tea", "namespace": "bob", "confirm": True}),
    )
    assert {*refused} == {"this server keeps to one namespace: leave namespace out"}
    [changed] = called(Desk(store, "ann"), ("update", {"id": by_own_id["id"], "changes": {"namespace": "bob"}}))
    assert changed.startswith("namespace: this says which memory it is")
    assert [memory.id for memory in store] == before
    found = called(Desk(store, "ann"), ("find", {"cursor": store.cursor(tea)}), ("find", {"text": "bob"}))
    assert {memory["namespace"] for one in found for memory in one["memories"]} <= {"ann"}


@pytest.mark.parametrize("blank", ["", " ", "\u200b\t"])
def test_a_blank_namespace_never_means_all(blank, store, tmp_path):
    """It is what a variable gives that is not set: nothing is served."""
    with pytest.raises(memproc.UsageError, match="give a name, or leave it out"):
        Desk(store, blank)
    tools = (("add", {"content": "Has a cat", "namespace": blank or " "}), ("find", {"namespace": blank or " "}))
    assert all("give a name, or leave it out" in told for told in called(Desk(store), *tools))
    code, _, told = run_memproc("mcp", tmp_path / "m.db", "--namespace", blank)
    assert (code, "give a name, or leave it out" in told, [*tmp_path.iterdir()]) == (2, True, [])


@pytest.mark.parametrize("desk", [None, "ann"])
def test_a_blank_subject_or_namespace_forgets_nothing(desk, store):
    """A call that names nobody does not mean all."""
    before = store.stats()
    given = {"subject": "tea", "namespace": " "} if desk is None else {"subject": " "}
    [told] = called(Desk(store, desk), ("forget", {**given, "confirm": True}))
    assert "give a name, or leave it out" in told
    assert store.stats() == before


def test_blanks_around_a_namespace_are_none_of_its_name(store):
    """A name is the same as on a memory."""
    [found] = called(Desk(store, " ann "), ("find", {}))
    assert {memory["namespace"] for memory in found["memories"]} == {"ann"}


def test_a_subject_is_forgotten_in_its_own_namespace(store):
    """After it was told what that would remove."""
    trial, done = called(Desk(store, "ann"), ("forget", {"subject": "tea"}), ("forget", {"subject": "tea", "confirm": True}))
    assert trial == {**done, "is_trial": True}
    assert (done["observations"], done["memories"]) == (2, 1)
    assert len(store.find(subject="tea")) == 1


def test_pages_follow_each_other(fresh_file):
    """Each as large as was asked for, until a page would be too large; none twice."""
    with fresh_file() as store:
        for at in range(7):
            store.add(
                {"content": f"{at} " + "long text " * 300, "metadata": {"n": "x" * 1_000}, "created_at": f"2025-01-0{at + 1}"}
            )

        async def work(client):
            found, cursor = [], {}
            while True:
                page = answer_of(await client.call_tool("find", {"limit": 3, **cursor}))
                found.append(page["memories"])
                if "cursor" not in page:
                    return found
                cursor = {"cursor": page["cursor"]}

        pages = asked(Desk(store), work)
        assert [len(page) for page in pages] == [3, 3, 1]
        assert [memory["content"][:1] for page in pages for memory in page] == [*"6543210"]
        assert {len(memory["content"]) for page in pages for memory in page} == {told.MOST_OF_A_TEXT}
        assert pages[0][0]["cut"] == ["content"]
        [whole] = called(Desk(store), ("get", {"id": pages[0][0]["id"]}))
        assert len(whole["content"]) == 3_002
        assert "cut" not in whole


def test_a_page_ends_before_it_is_too_large(fresh_file, monkeypatch):
    """And the next goes on there; a memory that is too large by itself is one page."""
    monkeypatch.setattr(told, "LARGEST_PAGE_BYTES", 1_300)
    with fresh_file() as store:
        for at in range(4):
            store.add({"content": f"{at} " + "x" * 400, "created_at": f"2025-01-0{at + 1}"})
        [first] = called(Desk(store), ("find", {}))
        [second] = called(Desk(store), ("find", {"cursor": first["cursor"]}))
        assert [memory["content"][0] for memory in first["memories"] + second["memories"]] == [*"3210"]
        monkeypatch.setattr(told, "LARGEST_PAGE_BYTES", 1)
        assert len(called(Desk(store), ("find", {}))[0]["memories"]) == 1


WRONG = {
    "no content": ("add", {}, "content: Field required"),
    "a blank one": ("add", {"content": " \t"}, "content: "),
    "a huge one": ("add", {"content": "x" * (LONGEST_TEXT + 1)}, "content: String should have at most 100000"),
    "huge metadata": (
        "add",
        {"content": "x", "metadata": {"a": "x" * 200_000}},
        "metadata: has 200,008 bytes: give at most 100,000",
    ),
    "a huge number": ("add", {"content": "x", "metadata": {"n": 2**70}}, "metadata: cannot be kept"),
    "too many tags": ("add", {"content": "x", "tags": ["t"] * 101}, "tags: List should have at most 100"),
    "no date": ("add", {"content": "x", "created_at": "after Easter"}, "created_at: not a date: 'after Easter' - give ISO 8601"),
    "another name": ("add", {"content": "x", "text": "y"}, "text: Extra inputs are not permitted"),
    "a cursor": ("find", {"cursor": "12"}, "cursor: this is no cursor: give that of the page before"),
    "another cursor": ("reviews", {"cursor": "٣"}, "cursor: this is no cursor"),
    "a limit": ("find", {"limit": 1_000}, "limit: Input should be less than or equal to 100"),
    "a time": ("find", {"since": "soon"}, "since='soon': "),
    "no change": ("update", {"id": "0" * 32}, "arguments: give changes, or revert"),
    "a field": ("update", {"id": "ann", "changes": {"importance": 7}}, "importance: Input should be less than or equal to 1"),
    "a verdict": ("resolve", {"review": 1, "verdict": "perhaps"}, "verdict: Input should be 'merge', 'distinct' or 'supersedes'"),
    "a number": ("resolve", {"review": 2**80, "verdict": "merge"}, "review: "),
    "nothing to forget": ("forget", {}, "arguments: give an id or a subject"),
    "no tool": ("drop", {}, "no such tool; there are add, find"),
}


def test_what_is_wrong_is_told_with_its_mend(store):
    """As the error of the tool, short, without a traceback; the server goes on, and nothing was written."""
    identifier = store.find(namespace="ann")[0].id
    before = store.stats()["observations"]
    calls = [(name, {**given, "id": identifier} if given.get("id") == "ann" else given) for name, given, _ in WRONG.values()]
    for (_, _, start), answer in zip(WRONG.values(), called(Desk(store), *calls), strict=True):
        assert isinstance(answer, str)
        assert answer.startswith(start), answer
        assert len(answer) < 1_000
        assert "Traceback" not in answer
    assert store.stats()["observations"] == before


def test_what_is_nested_too_deeply_is_no_argument():
    """The client of the SDK cannot even send it; another one might."""
    deep = {"x": 1}
    for _ in range(400):
        deep = {"x": deep}
    with pytest.raises(ValidationError, match="cannot be kept"):
        Add.model_validate({"content": "x", "metadata": deep})


def test_what_fails_inside_is_told_in_general_words(store, monkeypatch):
    """Without what the exception says, which may be what others wrote."""

    def failing(**_which):
        raise RuntimeError("Bob's secret")

    monkeypatch.setattr(store, "find", failing)
    [answer] = called(Desk(store), ("find", {}))
    assert answer == "this failed inside the server, whose log says more; what was not answered may not have been done"


def test_a_server_for_reading_changes_nothing(store):
    """Whatever is called."""
    given = {"id": store.find()[0].id, "content": "x", "confirm": True, "changes": {"content": "x"}}
    before = store.stats()
    answers = called(Desk(store, is_read_only=True), *((name, given) for name in TOOLS.keys() - READING))
    assert {*answers} == {"this server is for reading only"}
    assert store.stats() == before


def test_the_schema_and_the_counts_can_be_read(store):
    """The counts are of all, so not by a client of one namespace."""

    async def work(client):
        listed = [one.uri for one in (await client.list_resources()).resources]
        return {uri: json.loads((await client.read_resource(uri)).contents[0].text) for uri in listed}

    read = asked(Desk(store), work)
    assert read == {"memproc://schema": memproc.json_schema(), "memproc://stats": store.stats()}
    assert asked(Desk(store, "ann"), work).keys() == {"memproc://schema"}

    async def other(client):
        with pytest.raises(MCPError, match="there is no such resource; there are memproc://schema"):
            await client.read_resource("memproc://stats")

    asked(Desk(store, "ann"), other)


def test_many_calls_at_once_lose_nothing(store):
    """Each is answered, and all that was added is there."""

    async def work(client):
        given = [{"content": f"Fact {at} of many", "tags": [f"t{at}"]} for at in range(30)]
        results = await asyncio.gather(*(client.call_tool("add", one) for one in given))
        return [answer_of(one)["outcome"] for one in results]

    assert asked(Desk(store, "ann"), work) == ["stored"] * 30
    assert len(store.find(namespace="ann", text="of many")) == 30


@asynccontextmanager
async def over_stdio(path, *options):
    """Give a session with a server that was started for it, as a client's program does."""
    command = StdioServerParameters(
        command=sys.executable, args=["-m", "memproc", "mcp", str(path), *options], env={"PYTHONPATH": str(ROOT)}
    )
    async with asyncio.timeout(LIMIT_SECONDS), stdio_client(command) as streams, ClientSession(*streams) as session:
        await session.initialize()
        yield session


def started(path, *options):
    """Begin a server as a process, with pipes for its input and outputs."""
    command = [sys.executable, "-m", "memproc", "mcp", str(path), *options]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


@pytest.mark.slow
def test_a_client_starts_the_server_and_talks_to_it(tmp_path):
    """Over standard input and output; what one client added another one finds, if it may."""

    async def work():
        async with over_stdio(tmp_path / "m.db", "--namespace", "ann") as session:
            added = answer_of(await session.call_tool("add", {"content": "Prefers tea"}))
        async with over_stdio(tmp_path / "m.db", "--read-only") as session:
            found = answer_of(await session.call_tool("find", {"text": "tea"}))
            assert found["memories"] == [added["memory"]]
            assert {tool.name for tool in (await session.list_tools()).tools} == READING
        async with over_stdio(tmp_path / "m.db", "--namespace", "bob") as session:
            assert answer_of(await session.call_tool("find", {})) == {"memories": []}

    asyncio.run(work())


@pytest.mark.slow
def test_standard_output_has_the_protocol_alone(tmp_path):
    """Each line is a message, also when garbage comes; the server ends with its input, and the store is whole."""
    client = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    call = {"name": "add", "arguments": {"content": "Prefers tea"}}
    lines = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": client},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": call},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines) + "no JSON\n" + '{"jsonrpc": "2.0", "id": 3, "method": "ping"}\n'
    with started(tmp_path / "m.db") as process, bounded(process):
        process.stdin.write(text)
        process.stdin.flush()
        answers = {}
        while not {1, 2, 3} <= answers.keys():
            message = json.loads(process.stdout.readline())
            answers[message.get("id")] = message
        rest, _ = process.communicate(timeout=LIMIT_SECONDS)
    assert answers[2]["result"]["structuredContent"]["outcome"] == "stored"
    assert (rest, process.returncode) == ("", 0)
    with memproc.open(tmp_path / "m.db") as store:
        assert store.doctor() == ()


@pytest.mark.slow
def test_over_http_it_answers_this_machine_alone(tmp_path):
    """A client of the SDK; but no request that names another host, and none from a page of another origin."""
    with started(tmp_path / "m.db", "--http", "0") as process, bounded(process):
        try:
            url = process.stderr.readline().split()[1].rstrip(";")
            assert url.startswith("http://127.0.0.1:")

            async def work():
                async with asyncio.timeout(LIMIT_SECONDS), Client(url, read_timeout_seconds=LIMIT_SECONDS) as client:
                    return answer_of(await client.call_tool("add", {"content": "Prefers tea"}))

            assert asyncio.run(work())["outcome"] == "stored"
            ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
            accept = {"accept": "application/json, text/event-stream"}
            for odd in ({"host": "evil.example"}, {"origin": "http://evil.example"}):
                answer = httpx2.post(url, json=ping, headers={**accept, **odd}, timeout=LIMIT_SECONDS)
                assert answer.status_code in (403, 421), (odd, answer.status_code)
        finally:
            process.kill()
    assert process.stdout.closed or process.stdout.read() == ""


def test_where_the_package_is_missing_the_command_says_so(tmp_path):
    """With what to install; the others work."""
    code = "import sys; sys.modules['mcp'] = None; from memproc.cli.main import main; sys.argv = ['memproc', 'mcp', 'm.db']; main()"
    command = [sys.executable, "-c", code]
    path = {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, check=False, cwd=tmp_path, env=path, capture_output=True, text=True, timeout=LIMIT_SECONDS)
    assert done.returncode == 2
    assert "pip install 'memproc-sdk[mcp]'" in done.stderr
    assert not (tmp_path / "m.db").exists()
