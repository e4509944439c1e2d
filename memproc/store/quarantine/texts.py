"""The texts that rejected records hold, kept as hashes, so that who forgets a text finds these records by a key.

Rules: of JSON each value that is a text is found, of what is no JSON each piece of it that stands between words, whatever its case
and with its escapes read; both within the namespace of the record. A record with more texts or pieces than `MOST_TEXTS`, or longer
than `LONGEST_BYTES`, is marked as one to be searched: it alone is read whenever something of its namespace is forgotten. The hash
finds, the bytes confirm. What was discarded has no bytes, and so no texts.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from operator import attrgetter

import orjson
from sqlalchemy import delete, func, select
from xxhash import xxh3_128_digest

from memproc.dedup.keys import Key
from memproc.dedup.text.canonical import canonical
from memproc.records import DEFAULT_NAMESPACE, encode
from memproc.store.sql import tables
from memproc.store.sql.tx import Tx

MOST_TEXTS = 1_000
LONGEST_BYTES = 256 * 1024
RARE = 50  # a piece that fewer records hold
MOST_PIECES_TRIED = 8  # of a text, the longest first
READ_AT_ONCE = 500  # records, and no more bytes than these
READ_BYTES = 16 * 1024 * 1024

_rejected, _parts, _texts = tables.quarantine.c, tables.quarantine_parts.c, tables.quarantine_texts.c
_SIZES = select(_rejected.number, _rejected.namespace, _rejected.raw_bytes)
_PARTS = select(_parts.quarantine, _parts.part, _parts.bytes)
_HOLDERS = select(_texts.quarantine)
_ALL = _HOLDERS.group_by(_texts.quarantine)
_THERE = select(_texts.quarantine, _texts.text)
# Scripts that put no spaces between words: each of their letters is a piece.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_PIECE = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+|[^\w\s]")
_ESCAPES = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\[\"\\/bfnrt]")

Text = tuple[str, str]  # its namespace, and it in canonical form


def text_as_sought(namespace: str, text: str) -> Text:
    """Return a text in the form in which it is looked for."""
    return namespace, canonical(text) or text


def text_keys(raw: bytes, namespace: str) -> set[Key]:
    """Return the keys by which a rejected record is found; `namespace` is that of its source, where the record gives none."""
    namespace, kind, texts = namespace or DEFAULT_NAMESPACE, "piece", _pieces_in(raw)
    with suppress(orjson.JSONDecodeError):
        value = orjson.loads(raw)
        namespace, kind = _namespace_in(value, namespace), "text"
        texts = (canonical(text) or text for text in _texts_in(value) if text)
    distinct: set[str] = set()
    is_too_much = len(raw) > LONGEST_BYTES
    for text in () if is_too_much else texts:
        distinct.add(text)
        if is_too_much := len(distinct) > MOST_TEXTS:
            break
    return {_key("any", namespace, "")} if is_too_much else {_key(kind, namespace, text) for text in distinct}


def holders_of(tx: Tx, texts: Collection[Text]) -> set[int]:
    """Return the numbers of the rejected records that hold one of the texts."""
    if tx.execute(_HOLDERS.limit(1)).first() is None:
        return set()
    wanted = {_key("any", namespace, "") for namespace, _ in texts} | {_key("text", *text) for text in texts}
    possible = {number for (number,) in tx.select_by_keys(_HOLDERS, _texts.text, wanted)}
    for namespace, text in texts:
        possible |= _with_all_pieces(tx, namespace, text)
    return {number for number, namespace, raw in _raws(tx, possible) if _holds(raw, namespace, texts)}


def _with_all_pieces(tx: Tx, namespace: str, text: str) -> set[int]:
    """Return the numbers of records that may hold all pieces of a text: those with the first piece that is rare, else with all."""
    pieces = sorted(set(_PIECE.findall(text.casefold())), key=lambda piece: (-len(piece), piece))[:MOST_PIECES_TRIED]
    keys = [_key("piece", namespace, piece) for piece in pieces]
    for key in keys:
        holders = set(tx.execute(_HOLDERS.where(_texts.text == key).limit(RARE)).scalars())
        if len(holders) < RARE:
            return holders
    return set(tx.execute(_ALL.where(_texts.text.in_(keys)).having(func.count() == len(keys))).scalars())


def add_texts(tx: Tx, records: Iterable[tuple[int, bytes, str]]) -> None:
    """Write the keys of rejected records: of each its number, its bytes and the namespace of its source."""
    tx.insert_rows(
        tables.quarantine_texts,
        [{"text": key, "quarantine": number} for number, raw, namespace in records for key in sorted(text_keys(raw, namespace))],
    )


def wrong_texts(tx: Tx) -> Iterator[int]:
    """Give the numbers of the rejected records that are not found by what they hold, or by what they do not hold."""
    for numbers in _in_chunks(tx):
        written: dict[int, set[Key]] = {number: set() for number in numbers}
        for number, key in tx.select_by_keys(_THERE, _texts.quarantine, numbers):
            written[number].add(key)
        expected = {number: text_keys(raw, namespace) for number, namespace, raw in _raws(tx, numbers)}
        yield from (number for number in numbers if written[number] != expected.get(number, set()))


def write_texts_again(tx: Tx) -> None:
    """Compute the keys of all rejected records anew."""
    tx.execute(delete(tables.quarantine_texts))
    for numbers in _in_chunks(tx):
        add_texts(tx, ((number, raw, own) for number, own, raw in _raws(tx, numbers)))


def _holds(raw: bytes, namespace: str, texts: Collection[Text]) -> bool:
    """Tell whether raw bytes hold one of the texts: as a value, or anywhere in what is no JSON."""
    own = namespace or DEFAULT_NAMESPACE
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        plain = _plain_text(raw)
        return any(where == own and text and text.casefold() in plain for where, text in texts)
    where = _namespace_in(value, own)
    return any(text and (where, canonical(text) or text) in texts for text in _texts_in(value))


def _raws(tx: Tx, numbers: Iterable[int]) -> Iterator[tuple[int, str, bytes]]:
    """Give of rejected records that have bytes the number, the namespace of the source, and the bytes."""
    rows = sorted(tx.select_by_keys(_SIZES, _rejected.number, numbers), key=attrgetter("number"))
    start = 0
    while start < len(rows):
        end, total = start + 1, rows[start].raw_bytes
        while end < len(rows) and end - start < READ_AT_ONCE and (total := total + rows[end].raw_bytes) <= READ_BYTES:
            end += 1
        namespaces = {row.number: row.namespace for row in rows[start:end]}
        blobs: dict[int, list[bytes]] = defaultdict(list)
        parts = tx.select_by_keys(_PARTS, _parts.quarantine, namespaces)
        for part in sorted(parts, key=attrgetter("quarantine", "part")):
            blobs[part.quarantine].append(part.bytes)
        yield from ((number, namespaces[number], b"".join(parts_of_it)) for number, parts_of_it in blobs.items())
        start = end


def _in_chunks(tx: Tx) -> Iterator[Sequence[int]]:
    for rows in tx.in_chunks(select(_rejected.number), _rejected.number, READ_AT_ONCE):
        yield [number for (number,) in rows]


def _key(kind: str, namespace: str, text: str) -> Key:
    return xxh3_128_digest(encode([kind, namespace, text]))


def _namespace_in(value: object, namespace: str) -> str:
    own = value.get("namespace") if isinstance(value, dict) else None
    return own if isinstance(own, str) else namespace


def _plain_text(raw: bytes) -> str:
    """Return bytes that are no JSON as one canonical text without case: where there are escapes, as they stand and read."""
    text = raw.decode("utf-8", "replace")
    read = _ESCAPES.sub(_unescaped, text) if "\\" in text else text
    return canonical(text if read == text else f"{text}\n{read}").casefold()


def _unescaped(found: re.Match[str]) -> str:
    try:
        return str(orjson.loads(f'"{found[0]}"'))
    except orjson.JSONDecodeError:  # half of a pair
        return found[0]


def _pieces_in(raw: bytes) -> Iterator[str]:
    yield from (found[0] for found in _PIECE.finditer(_plain_text(raw)))


def _texts_in(value: object) -> Iterator[str]:
    left = [value]
    while left:
        one = left.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict | list):
            left += one.values() if isinstance(one, dict) else one
