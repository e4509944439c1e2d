"""Records as no exporter writes them: the fixtures of every format spoilt by chance, and files cut and broken as bytes.

Everything follows from one `random.Random`, so a seed tells a file. What JSON libraries refuse to write (nesting of thousands of
levels, names given twice) is put into the text by marks, which are replaced when the value has become bytes.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

import orjson

from memproc.formats import (
    LISTS,
    chatgpt,
    chats,
    claude,
    claude_code,
    codex,
    deepseek,
    discord,
    generic,
    graphiti,
    grok,
    langgraph,
    legacy,
    letta,
    librechat,
    locomo,
    longmemeval,
    mcp_memory,
    mem0,
    mem0_history,
    memos,
    openmemory,
    openwebui,
    own,
    sillytavern,
    slack,
    telegram,
)

FIXTURES: Final = Path(__file__).parents[1] / "fixtures"
FILES: Final = {
    own.FORMAT.name: "memories.jsonl",
    own.FULL.name: "memories.jsonl",
    chatgpt.FORMAT.name: "chatgpt.json",
    claude.CONVERSATIONS.name: "claude.json",
    claude.MEMORIES.name: "claude-memories.json",
    claude.PROJECTS.name: "claude-projects.json",
    mem0.FORMAT.name: "mem0.json",
    locomo.FORMAT.name: "locomo.json",
    legacy.FORMAT.name: "memproc-v0.jsonl",
    chats.CHATS.name: "chats.json",
    chats.MESSAGES.name: "messages.json",
    claude_code.FORMAT.name: "claude-code.jsonl",
    codex.FORMAT.name: "codex.jsonl",
    deepseek.FORMAT.name: "deepseek.json",
    discord.FORMAT.name: "discord.json",
    grok.FORMAT.name: "grok.json",
    librechat.FORMAT.name: "librechat.json",
    longmemeval.FORMAT.name: "longmemeval.json",
    openwebui.FORMAT.name: "openwebui.json",
    sillytavern.FORMAT.name: "sillytavern.jsonl",
    slack.FORMAT.name: "slack.json",
    telegram.FORMAT.name: "telegram.json",
    telegram.MESSAGES.name: "telegram.json",
    generic.FORMAT.name: "memories.jsonl",
    generic.TABLE.name: "memories.csv",
    mcp_memory.FORMAT.name: "mcp-memory.jsonl",
    langgraph.FORMAT.name: "langgraph.json",
    letta.FORMAT.name: "letta.af",
    graphiti.FORMAT.name: "graphiti.json",
    openmemory.FORMAT.name: "openmemory.json",
    memos.FORMAT.name: "memos.json",
    mem0_history.FORMAT.name: "mem0-history.json",
}
DEEPEST: Final = 20_000
LONGEST: Final = 1_200_000
MANY: Final = 3_000

_DATES: Final = (
    "2025-02-30", "0000-00-00", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+14:00", "2025-13-01T25:61:61Z", "1e9999", "-0",
    "99999999999999999999", "13:56 pm on 31 February, 2023", "0:00 am on 8 mayday, 2023", "2023/99/99 (Sat) 99:99",
    "２０２５-01-01", "20250101T000000Z", "2025-W01-1", "-1", "1.5e300", " 2025-01-01 ", "2025-01-01T00:00:00.1234567890123Z",
    "now", "0001-01-01T00:00:00",
)  # fmt: skip
_TEXTS: Final = (
    "", " ", "\0", "a\0b", "\ud83d", "\udc00\ud800", "\ufeff", "\u202e", "\U0001f600" * 9, "e" + "\u0301" * 300, "١٢٣",
    "½ 10⁵ ㎏ Ⅷ",
    "NaN", "null", "true", "[]", "{}", "\\u0000", '"', "'", "\r\n\t\v\f", "\x1b[31m", "=cmd()", "; DROP TABLE observations; --",
    "%s %n {0}", "../../etc/passwd", "<script>", "ﬁ ß İ ı ẞ", "a/b\\c@d_e.f1G", "-", "…", "1,000.5 EUR", "ک\u200cم", "\u2028",
)  # fmt: skip
_NUMBERS: Final = (
    0, -0.0, -1, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 2**64, 10**30, 10**400, 1e308, 5e-324, 0.1,
    float("nan"), float("inf"), float("-inf"), True, False, None,
)  # fmt: skip
_NAMES: Final = (
    "content", "text", "id", "namespace", "source", "created_at", "updated_at", "tags", "importance", "emotion", "relations",
    "metadata",
    "memproc_version", "export", "decision", "keys",
    "observations", "memproc", "mapping", "message", "chat_messages", "conversation", "session_1", "links", "", "\0",
    "a.b", "__proto__",
)  # fmt: skip
_WORDS: Final = (
    "tea", "coffee", "garden", "moved", "never", "likes", "17", "5mg", "Porto", "sister", "the", "a", "not", "works", "dog",
    "Friday", "2025-01-01", "v1.2", "really",
)  # fmt: skip
_ODD: Final = (
    b'{"a":1,"a":2}', b"[1,]", b"01", b"1e999999", b"-", b'"\\q"', b'"\xff"', b"nul", b"{'a':1}", b'"\\ud800"', b"9" * 5_000
)  # fmt: skip
_STUFFED: Final = (b"\xff", b"\xed\xa0\x80", b"\0", b'"', b"\\", b"{", b"]", b",", b"\r", b"\xef\xbb\xbf", b"\xc3")
_HEADS: Final[tuple[dict[str, Any], ...]] = (
    {}, {"total": 2, "next": None}, {"export_timestamp": "2025-01-01"}, {"a": {"b": [1, "]"]}}, {"exported": 5}
)  # fmt: skip


class Early(NamedTuple):
    """A file in which a reader might stop early: its suffix, its bytes, and how many records stand in it at least, the last of
    which is whole. Where what stands behind a record cannot be told from it (`is_lost`), none is the last, and the job must fail;
    where it may be told (`is_open`), the last is a record, or among the bytes of one in quarantine, or the job fails. Where its
    list, or the object around it, has no end (`is_cut`), the job must fail with the last one read.
    """

    suffix: str
    raw: bytes
    least: int
    is_lost: bool = False
    is_open: bool = False
    is_cut: bool = False


class Mutants:
    """Gives spoilt records and files. `is_text`: they are to be written as JSON, so marks may stand for what Python cannot hold."""

    def __init__(self, chance: Random, *, is_text: bool) -> None:
        """Know the chance, which decides everything."""
        self.chance, self.is_text = chance, is_text
        self.marks: dict[bytes, bytes] = {}

    def items(self, format: str, count: int) -> list[Any]:
        """Return so many items of a format, most of them spoilt at a few places."""
        originals = ORIGINALS[format]
        return [self._spoilt(orjson.loads(self.chance.choice(originals))) for _ in range(count)]

    def lines(self, items: list[Any]) -> bytes:
        """Return items as JSON lines, some broken, with line ends of all systems."""
        ends = self.chance.choice(((b"\n",), (b"\r\n",), (b"\n", b"\r\n", b"\n\n", b"\n \t\n")))
        written = b"".join(self._maybe_broken(self.written(item)) + self.chance.choice(ends) for item in items)
        return self._maybe_marked(written)

    def array(self, items: list[Any]) -> tuple[bytes, bool]:
        """Return items as a JSON array or as a wrapped list, and whether it is whole: neither cut nor broken."""
        between = self.chance.choice((b",", b", ", b",\n  ", b" ,\r\n"))
        is_whole = self.chance.random() < 0.5
        raw = between.join(self.written(item) if is_whole else self._maybe_broken(self.written(item)) for item in items)
        if self.chance.random() < 0.4:
            head = json.dumps(self.chance.choice(_HEADS))[:-1].encode()
            name = self.chance.choice(sorted(LISTS)).encode()
            raw = head + (b"," if len(head) > 1 else b"") + b'"' + name + b'":[' + raw + b"]}"
        else:
            raw = b"[" + raw + b"]"
        if not is_whole and self.chance.random() < 0.5:
            raw = self._broken(raw)
        return self._maybe_marked(raw), is_whole

    def table(self, items: list[Any], delimiter: str) -> bytes:
        """Return items as the rows of a table, some with cells too few or too many, or broken."""
        objects = [item for item in items if isinstance(item, dict)]
        names = list(dict.fromkeys(name for item in objects[:5] for name in islice(item, 30))) or ["content"]
        quoting = self.chance.choice((csv.QUOTE_ALL, csv.QUOTE_MINIMAL))
        rows = [_row(names, delimiter, quoting)]
        for item in objects:
            cells = [_cell(item.get(name)) for name in names]
            if self.chance.random() < 0.05:
                cells = cells[: self.chance.randint(0, len(cells))] + ["more"] * self.chance.randint(0, 3)
            rows.append(self._maybe_broken(_row(cells, delimiter, quoting)))
        return self._maybe_marked(b"".join(row + self.chance.choice((b"\n", b"\r\n")) for row in rows))

    def early(self, count: int, last: bytes, limit_bytes: int) -> Early:
        """Return so many records, and `last` at the end, as a file with something in it at which a reader might stop."""
        return self.chance.choice(_EARLY)(self, [self._plain_record(n) for n in range(count)], last, limit_bytes)

    def beyond(self, limit_bytes: int) -> bytes:
        """Return a JSON value that is longer than allowed, by one byte or by much."""
        length = limit_bytes + self.chance.choice((1, 2, 10, limit_bytes, 3 * limit_bytes))
        return self.chance.choice(_LONG)(length)

    def _plain_record(self, number: int) -> bytes:
        return json.dumps({"content": f"{number} {self.text()}", "metadata": {"n": number}}, default=repr).encode(
            "utf-8", "replace"
        )

    def among(self, records: list[bytes], *odd: bytes) -> list[bytes]:
        """Return records with odd ones at places among them."""
        found = [*records]
        for one in odd:
            found.insert(self.chance.randint(0, len(found)), one)
        return found

    def written(self, item: Any) -> bytes:
        """Return an item as JSON bytes, with what the marks in it stand for."""
        raw = json.dumps(item, ensure_ascii=self.chance.random() < 0.5, default=repr).encode("utf-8", "surrogatepass")
        if b"~mark-" in raw:
            for mark, meant in self.marks.items():
                raw = raw.replace(mark, meant)
            self.marks.clear()
        return raw

    def noise(self, length: int) -> bytes:
        """Return random bytes, of any kind or of those that JSON and CSV are made of."""
        if self.chance.random() < 0.5:
            return self.chance.randbytes(length)
        return bytes(self.chance.choice(b'{}[]":,\\ \n\r\tenu0123456789.-+') for _ in range(length))

    def _spoilt(self, item: Any) -> Any:
        if self.chance.random() < 0.01:
            return self.value()
        for _ in range(self.chance.choice((0, 1, 2, 3, 5, 8))):
            holder, key = self.place(item)
            if holder is not None:
                self.chance.choice(_WAYS)(self, holder, key)
        return item

    def place(self, item: Any) -> tuple[Any, Any]:
        """Walk from the root of a value to one of its places."""
        holder, key = None, None
        while isinstance(item, dict | list) and item and (holder is None or self.chance.random() < 0.8):
            holder = item
            key = self.chance.choice(list(islice(item, 50))) if isinstance(item, dict) else self.chance.randrange(len(item))
            item = item[key]
        return holder, key

    def value(self) -> Any:
        """Return any value, seldom a fitting one."""
        return self.chance.choice(_VALUES)(self)

    def text(self) -> str:
        """Return some words, often with something odd among them."""
        words = self.chance.choices(_WORDS, k=self.chance.randint(1, 12))
        if self.chance.random() < 0.4:
            words.insert(self.chance.randint(0, len(words)), self.chance.choice(_TEXTS))
        return " ".join(words)

    def long_text(self) -> str:
        """Return a text of hundreds to thousands of characters, seldom of a million."""
        length = int(10 ** self.chance.uniform(2, 4)) if self.chance.random() < 0.98 else self.chance.randint(10_000, LONGEST)
        return (self.text() + self.chance.choice(("", " ", "\n", "é"))) * (length // 20) + "."

    def deep(self) -> Any:
        """Return lists or objects in each other, of about as many levels as are allowed, or of far more."""
        depth = self.chance.choice((90, 99, 100, 101, 300, 1_000, DEEPEST))
        opening, closing = self.chance.choice((("[", "]"), ('{"a":', "}")))
        if self.is_text:
            return self._mark((opening * depth + "0" + closing * depth).encode())
        value: Any = 0
        for _ in range(depth):
            value = [value] if opening == "[" else {"a": value}
        return value

    def odd(self) -> Any:
        """Give what only text, or only Python, can hold."""
        if self.is_text:
            return self._mark(self.chance.choice(_ODD))
        own_self: list[Any] = []
        own_self.append(own_self)
        return self.chance.choice(({1: 2}, {"a", 5}, b"bytes", object, (1, 2), own_self, 1j, Path("a"), {None: None}, range(5)))

    def _mark(self, meant: bytes) -> str:
        mark = f"~mark-{len(self.marks)}~"
        self.marks[f'"{mark}"'.encode()] = meant
        return mark

    def _maybe_broken(self, raw: bytes) -> bytes:
        lot = self.chance.random()
        if lot < 0.02:
            return self.noise(self.chance.randint(1, 60))
        return self._broken(raw) if lot < 0.08 else raw

    def _broken(self, raw: bytes) -> bytes:
        """Cut, double, overwrite or stuff bytes somewhere."""
        at = self.chance.randint(0, len(raw))
        length = self.chance.choice((1, 1, 2, 5, 40))
        way = self.chance.randrange(5)
        if way == 0:
            return raw[:at]
        if way == 1:
            return raw[:at] + raw[at + length :]
        if way == 2:
            return raw[:at] + raw[at : at + length] * 2 + raw[at + length :]
        stuffed = self.chance.choice(_STUFFED)
        return raw[:at] + (stuffed if way == 3 else self.noise(length)) + raw[at + (way - 3) * length :]

    def _maybe_marked(self, raw: bytes) -> bytes:
        return b"\xef\xbb\xbf" + raw if self.chance.random() < 0.1 else raw


def _string(length: int) -> bytes:
    return b'"' + (b'\\"},{\\\\[' * length)[: length - length % 8] + b'"'


_LONG: Final[tuple[Callable[[int], bytes], ...]] = (
    _string,
    lambda length: b'{"content":' + _string(length) + b"}",
    lambda length: b'{"a":[' + _string(length) + b',{"b":1}]}',
    lambda length: b"{" + _string(length) + b":1}",
    lambda length: b"7" * length,
    lambda length: b"[" * (length // 2 + 1) + b"]" * (length // 2 + 1),
    lambda length: b'{"a":' + b" " * length + b"1}",
)


def _in_array(mutants: Mutants, records: list[bytes], last: bytes, limit_bytes: int) -> Early:
    odd = [mutants.beyond(limit_bytes) for _ in range(mutants.chance.randint(1, 3))]
    return Early(".json", b"[" + b",".join([*mutants.among(records, *odd), last]) + b"]", len(records) + len(odd) + 1)


def _in_object(mutants: Mutants, records: list[bytes], last: bytes, limit_bytes: int) -> Early:
    """Beside a list: long members and names, other lists, members that are none, before it and behind it."""

    def members() -> bytes:
        given = (
            b'"a":' + mutants.beyond(limit_bytes),
            b'"' + b"n" * 100_000 + b'":1',
            b'"other":[{"a":"]}"}]',
            b'"b":{"c":[1]}',
            b'"\\"":2',
        )
        return b"".join(one + b"," for one in mutants.chance.choices(given, k=mutants.chance.randint(0, 3)))

    half = len(records) // 2
    lists = [b",".join(records[:half]), b",".join([*mutants.among(records[half:], mutants.beyond(limit_bytes)), last])]
    raw = (
        b"{" + members() + b'"memories":[' + lists[0] + b"]," + members() + b'"items":[' + lists[1] + b"]," + members() + b'"z":1}'
    )
    return Early(".json", raw, len(records) + 2)


def _behind(mutants: Mutants, records: list[bytes], last: bytes, _limit_bytes: int) -> Early:
    """Go on behind the end: another array, objects, a bracket too many, an object that is closed early."""
    half = len(records) // 2
    first, second = b",".join(records[:half]), b",".join([*records[half:], last])
    return Early(
        ".json",
        mutants.chance.choice(
            (
                b"[" + first + b"]\n[" + second + b"]",
                b"[" + first + b"]\n" + second.replace(b"},{", b"}\n{"),
                b"[" + first + b"]," + second + b"]",
                b"[" + first + b"}," + second + b"]",
                b'{"memories":\n[' + first + b']}\n{"items":[' + second + b"]}",
                b'{"memories":\n[' + first + b"}," + second + b"]}",
            )
        ),
        len(records) + 1,
    )


def _lost(mutants: Mutants, records: list[bytes], last: bytes, limit_bytes: int) -> Early:
    """Never end a record that is too long to be kept; no bracket in a text behind it may be taken for its end."""
    start = mutants.chance.choice((b'{"content":"' + b"x" * limit_bytes, b"[" * (limit_bytes + 1), b'{"a":[' + b"7" * limit_bytes))
    open_ = mutants.chance.choice((b"[", b'{"memories":['))
    raw = open_ + b",".join([*records, start, *(b'{"content":"row %d"}' % at for at, _ in enumerate(records)), last])
    return Early(".json", raw, len(records) + 1, is_lost=True)


def _open(mutants: Mutants, records: list[bytes], last: bytes, _limit_bytes: int) -> Early:
    """Leave a quote or a bracket open in a record, which then takes what stands behind it, or does not."""
    start = mutants.chance.choice(
        (b'{"content":"Tea}', b'{"content":"Tea"', b'{"tags":["a"}', b'{"content":"Tea\\"}', b"[", b'"', b'{"content":Tea"}', b"{{")
    )
    begin, end = mutants.chance.choice(((b"[", b"]"), (b'{"memories":[', b"]}"), (b'{"memories":[', b'],"next":null}')))
    few = mutants.chance.choice((0, 1, 3, len(records)))
    raw = begin + b",".join([*records, start, *records[:few], last]) + end
    return Early(".json", raw, len(records) + 1, is_open=True)


def _cut(mutants: Mutants, records: list[bytes], last: bytes, _limit_bytes: int) -> Early:
    """End behind the last record: in the middle of another, before the list does, in what stands behind it, or by NULs as a file
    system leaves them.
    """
    whole = '{"content":"Brot \\" groß \\u00e9","importance":0.5,"tags":["a"]}'.encode()
    piece = whole[: mutants.chance.randint(1, len(whole) - 1)]
    shape = mutants.chance.choice(("array", "object", "lines", "table"))
    if shape == "lines":
        raw = b"\n".join([*records, last, mutants.chance.choice((piece, b"\0" * 3_000))])
        return Early(".jsonl", raw, len(records) + 2)
    if shape == "table":
        row = mutants.chance.choice((b'"Brot', b'"Brot ""', b"Brot gro\xc3", b'Brot,"', b"\0" * 3_000))
        rows = [b"content", *(b"row %d" % at for at, _ in enumerate(records)), orjson.loads(last)["content"].encode(), row]
        return Early(".csv", b"\n".join(rows), len(records) + 2)
    ends = [b"", b",", b",\n", b"," + piece, b"," + piece]
    ends += [b"]", b'],"n', b'],"next":', b'],"next":"ab', b'],"next":nul'] if shape == "object" else []
    end = mutants.chance.choice(ends)
    raw = (b'{"total":9,"memories":[' if shape == "object" else b"[") + b",".join([*records, last]) + end
    return Early(".json", raw, len(records) + 2, is_cut=True)


def _in_lines(mutants: Mutants, records: list[bytes], last: bytes, limit_bytes: int) -> Early:
    odd = [mutants.beyond(limit_bytes), *mutants.chance.choices((b"\x1a", b"\0", b'{"a', b"]", b"\xff\xfe", b"\r\r1"), k=3)]
    return Early(".jsonl", b"\n".join([*mutants.among(records, *odd), last]), len(records) + len(odd) + 1)


def _in_table(mutants: Mutants, records: list[bytes], last: bytes, limit_bytes: int) -> Early:
    """Among rows of one cell: quotes that are never closed, that end early, cells and rows that are too long, odd characters."""
    given = (
        b'"x',
        b'x","z',
        b'"x"y',
        b"x" * (limit_bytes + 5),
        b'"' + b"x" * (limit_bytes + 5),
        b"\0",
        b"\x1a",
        b"a\xff",
        b"a,b,c",
        "ß".encode()[:1],
    )
    odd = mutants.chance.choices(given, k=mutants.chance.randint(1, 20))
    rows = [b"row %d" % at for at, _ in enumerate(records)]
    end = mutants.chance.choice((b"\n", b"\r\n", b"\r"))
    raw = end.join([b"content", *mutants.among(rows, *odd), orjson.loads(last)["content"].encode()])
    return Early(".csv", raw, len(rows) + len(odd) + 1)


_EARLY: Final[tuple[Callable[[Mutants, list[bytes], bytes, int], Early], ...]] = (
    _in_array, _in_array, _in_object, _behind, _lost, _open, _cut, _cut, _in_lines, _in_table
)  # fmt: skip


def _drop(_mutants: Mutants, holder: Any, key: Any) -> None:
    del holder[key]


def _retype(mutants: Mutants, holder: Any, key: Any) -> None:
    holder[key] = mutants.value()


def _reword(mutants: Mutants, holder: Any, key: Any) -> None:
    old = holder[key]
    holder[key] = f"{old} {mutants.text()}" if isinstance(old, str) else mutants.text()


def _redate(mutants: Mutants, holder: Any, key: Any) -> None:
    holder[key] = mutants.chance.choice(_DATES)


def _rename(mutants: Mutants, holder: Any, key: Any) -> None:
    if isinstance(holder, dict):
        names: tuple[Any, ...] = (*_NAMES, *_TEXTS) if mutants.is_text else (*_NAMES, *_TEXTS, 1, None, (1, 2), 0.5)
        holder[mutants.chance.choice(names)] = holder.pop(key)


def _repeat(_mutants: Mutants, holder: Any, key: Any) -> None:
    if isinstance(holder, list):
        holder.insert(key, holder[key])


def _wrap(_mutants: Mutants, holder: Any, key: Any) -> None:
    holder[key] = [holder[key]]


def _graft(mutants: Mutants, holder: Any, key: Any) -> None:
    """Put in a piece of a record of any format."""
    other = orjson.loads(mutants.chance.choice(mutants.chance.choice(list(ORIGINALS.values()))))
    found, where = mutants.place(other)
    holder[key] = other if found is None else found[where]


def _swell(mutants: Mutants, holder: Any, key: Any) -> None:
    """Seldom: thousands of names, or of elements."""
    if mutants.chance.random() < 0.02:
        many = range(mutants.chance.randint(500, MANY))
        holder[key] = {f"name {n}": n for n in many} if mutants.chance.random() < 0.5 else [f"tag {n}" for n in many]


_WAYS: Final[tuple[Callable[[Mutants, Any, Any], None], ...]] = (
    _drop, _retype, _reword, _reword, _reword, _reword, _reword, _reword, _redate, _rename, _repeat, _wrap, _graft, _swell
)  # fmt: skip
_VALUES: Final[tuple[Callable[[Mutants], Any], ...]] = (
    lambda mutants: mutants.chance.choice(_NUMBERS),
    lambda mutants: mutants.chance.choice(_NUMBERS),
    lambda mutants: mutants.chance.choice(_TEXTS),
    lambda mutants: mutants.chance.choice(_DATES),
    Mutants.text,
    Mutants.long_text,
    Mutants.odd,
    Mutants.deep,
    lambda _mutants: [],
    lambda _mutants: {},
    lambda mutants: [mutants.chance.choice(_NUMBERS), mutants.chance.choice(_TEXTS)],
    lambda mutants: {mutants.chance.choice(_NAMES): mutants.chance.choice(_TEXTS)},
)


def _row(cells: list[str], delimiter: str, quoting: Any) -> bytes:
    line = io.StringIO()
    csv.writer(line, delimiter=delimiter, quoting=quoting, lineterminator="").writerow(cells)
    return line.getvalue().encode("utf-8", "surrogatepass")


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, default=repr)


def _originals(name: str) -> Iterator[bytes]:
    """Give the items of a fixture as JSON bytes."""
    raw = (FIXTURES / name).read_bytes()
    if name.endswith(".jsonl"):
        yield from raw.splitlines()
    elif name.endswith(".csv"):
        yield from map(orjson.dumps, csv.DictReader(io.StringIO(raw.decode())))
    else:
        value: Any = orjson.loads(raw)
        if isinstance(value, dict):
            value = value.get("results") or value.get("nodes") or [value]
        yield from map(orjson.dumps, value)


ORIGINALS: Final[dict[str, list[bytes]]] = {known: list(_originals(name)) for known, name in FILES.items()}
