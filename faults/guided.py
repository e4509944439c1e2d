"""Fuzzing led by coverage: atheris (libFuzzer) looks for bytes that reach new lines of memproc's pure part.

Facts: libFuzzer ends its process, and only what is imported under `instrument_imports` is measured, so each target runs in a
process of its own: `python -m faults.guided TARGET SECONDS`. An exception or a hang ends it with the bytes that caused it. It is
not among what all tests need (`pip install --group fuzz`), as there is none for every system.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import orjson

from faults.file_targets import check_arrays, check_lines, check_tables
from faults.store_target import check_store

TARGETS: Final = ("readers", "elements", "times", "canonical", "validate", "lines", "arrays", "tables", "store")
_TEXTS: Final = (
    "1:56 pm on 8 May, 2023", "2023/05/20 (Sat) 02:21", "1692633600000", "2025-01-01T00:00:00Z", "I don’t pay 10⁵ € in A/b.c"
)  # fmt: skip
# Adds, a forgetting, an unmerging, a rebuild and so on: the first byte of a line is its place among the deeds.
_STORIES: Final = (
    b'\x0bPrefers tea in the morning\n\x0cPrefers tea in mornings\n\x0d{"content": "x", "importance": 7}\n\x12{"importance": 1}',
    b'\x0e[{"content": "Keeps 9 hens"}, {"content": "Keeps hens"}, 5]\n\x0f0\n\x14\n\x0e{"content": "Keeps 9 hens"}\n\x10\0\n\x15',
    b"\x0bSaw the sea\n\x0bSaw the sea.\n\x0f1\n\x11\n\x13\n\x150",
)
LONGEST_BYTES: Final = 8_192
LIMIT_SECONDS: Final = 20
BEGINNING_SECONDS: Final = 120  # for what it imports, and for its first inputs
LIMIT_MB: Final = 2_048


def is_installed() -> bool:
    """Tell whether atheris is there."""
    return find_spec("atheris") is not None


def lead(targets: Sequence[str], seconds: int, folder: Path) -> dict[str, str]:
    """Run each target for its share of the time; return the last lines that libFuzzer said of each.

    Raises AssertionError with the bytes where one found something.
    """
    share = max(seconds // len(targets), 1)
    told: dict[str, str] = {}
    for target in targets:
        corpus = folder / target
        corpus.mkdir()
        for number, seed in enumerate(seeds(target)):
            (corpus / str(number)).write_bytes(seed[:LONGEST_BYTES])
        command = [sys.executable, "-m", "faults.guided", target, str(share), str(corpus)]
        limit = share + BEGINNING_SECONDS  # libFuzzer ends itself after its share
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False, timeout=limit)
        assert done.returncode == 0, f"{target}: {done.stdout[-4_000:]}{done.stderr[-8_000:]}"
        told[target] = next((line for line in reversed(done.stderr.splitlines()) if line.startswith("Done ")), "no word of it")
    return told


def seeds(target: str) -> list[bytes]:
    """Return what a target starts from."""
    from faults.mutants import ORIGINALS  # noqa: PLC0415 - it imports memproc, which in the target's process is measured first

    items = [raw for originals in ORIGINALS.values() for raw in originals]
    array = b"[" + b",".join(items[:3]) + b"]"
    by_target = {
        "elements": [b"\x10" + array, b"\x03" + b'{"a":[1],"memories":' + array + b"}", b'\x01["\\"",{},[1,]}]'],
        "times": [text.encode() for text in _TEXTS],
        "canonical": [text.encode() for text in _TEXTS],
        "lines": [b"\0" + b"\n".join(items[:3]), b"\x01" + items[0] + b"\r\n\n" + b"x" * 99 + b"\n{"],
        "arrays": [b"\0" + array[1:], b"\x01" + b'"user":1,"memories":' + array + b"}", b"\x02" + array],
        "tables": [b'\0content,tags\nTea,"a, b"\n"Milk\nand more",\n', b'\x01content\tid\nTea\t1\n"Milk'],
        "store": [*_STORIES],
    }
    return by_target.get(target, items)


def check_readers(raw: bytes) -> None:
    """Read an item by every format, and prepare what comes of it."""
    from memproc.config import Policy  # noqa: PLC0415
    from memproc.formats import FORMATS, detect  # noqa: PLC0415
    from memproc.formats.draft import Context  # noqa: PLC0415
    from memproc.intake import Intake  # noqa: PLC0415
    from memproc.sources.decoding import decode  # noqa: PLC0415

    item = decode(raw)
    if isinstance(item.value, dict):
        detect([item.value], frozenset())
    for known in FORMATS:
        taken = Intake(known, Policy(), context=Context(include=frozenset(known.options))).take(item)
        assert len(taken.records) or taken.decided or taken.left_out, f"the item vanished in {known.name}"
        codes = [fault.code for _, one in taken.records.rejected for fault in one.faults]
        assert "reader_failed" not in codes, f"{known.name} raised"


def check_elements(raw: bytes) -> None:
    """Cut an array, and look for a list in an object, by small chunks: nothing raises, and what is cut out stands there."""
    from memproc.sources import window  # noqa: PLC0415

    text, was = raw[1:], window.CHUNK_BYTES
    window.CHUNK_BYTES = (raw[0] if raw else 0) + 1
    try:
        _check_cutting(text)
    finally:
        window.CHUNK_BYTES = was


def _check_cutting(text: bytes) -> None:
    from collections import Counter  # noqa: PLC0415
    from io import BytesIO  # noqa: PLC0415

    from memproc.sources import elements  # noqa: PLC0415

    for limit_bytes in (64, 1 << 20):
        cut = list(elements.array_elements(BytesIO(b"[" + text), limit_bytes))
        assert all(len(element.raw) <= limit_bytes and element.raw in text for element in cut if element.flaw is None)
        _, found = elements.list_in_object(BytesIO(b"{" + text), frozenset({"memories"}), limit_bytes, Counter())
        assert all(len(element.raw) <= limit_bytes for element in found if element.flaw is None)
    values = _list_of(b"[" + text)
    if values is not None:
        assert [orjson.loads(element.raw) for element in cut] == values


def check_times(raw: bytes) -> None:
    """Read a time from text and from a number: a moment that survives being written, None, or ValueError."""
    from memproc.times import from_micros, is_assumed, parse_time, to_micros, to_text  # noqa: PLC0415

    text = raw.decode("utf-8", "surrogatepass" if b"\xed" in raw[:9] else "replace") if _is_text(raw) else repr(raw)
    for value in (text, _number_of(text)):
        try:
            moment = parse_time(value)
        except ValueError as error:
            assert len(str(error)) < 200
            continue
        if moment is not None:
            assert parse_time(to_text(moment)) in (moment, None)
            assert from_micros(to_micros(to_text(moment))) == to_text(moment)
    is_assumed(text)


def check_canonical(raw: bytes) -> None:
    """Make the canonical text, the cues and the gist of a text: the canonical text of a canonical text is itself."""
    from memproc.config import Policy  # noqa: PLC0415
    from memproc.dedup.preparing import prepare  # noqa: PLC0415
    from memproc.dedup.text.canonical import canonical  # noqa: PLC0415

    text = raw.decode("utf-8", "replace").replace("\0", "")
    found = canonical(text)
    assert canonical(found) == found, (text, found)
    if text.strip():
        prepare({"content": text, "namespace": "fuzz", "kind": "fact"}, is_identity=False, as_of=None, policy=Policy())


def check_validate(raw: bytes) -> None:
    """Validate any JSON value: a memory that can be written back as it was read, or faults with advice."""
    from memproc.records import encode, plain  # noqa: PLC0415
    from memproc.validation import validate  # noqa: PLC0415

    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError:
        value = {"content": raw.decode("latin-1"), "metadata": {"raw": raw.decode("utf-8", "surrogateescape")}}
    verdict = validate(value)
    assert verdict.ok or all(fault.code and fault.message and fault.hint for fault in verdict.errors)
    if verdict.memory is not None:
        kept = plain(verdict.memory)
        assert plain(validate(orjson.loads(encode(kept))).memory or verdict.memory.model_copy(update={"id": "?"})) == kept


CHECKS: Final[dict[str, Callable[[bytes], None]]] = {
    "readers": check_readers,
    "elements": check_elements,
    "times": check_times,
    "canonical": check_canonical,
    "validate": check_validate,
    "lines": check_lines,
    "arrays": check_arrays,
    "tables": check_tables,
    "store": check_store,
}


def _list_of(raw: bytes) -> list[Any] | None:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, list) else None


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True


def _number_of(text: str) -> object:
    try:
        return float(text)
    except ValueError:
        return None


def main(target: str, seconds: str, corpus: str) -> None:
    """Let libFuzzer lead one target; it ends the process."""
    import atheris  # noqa: PLC0415 - it may not be there

    with atheris.instrument_imports(include=["memproc"]):
        pass

    options = [f"-max_total_time={seconds}", f"-max_len={LONGEST_BYTES}", f"-timeout={LIMIT_SECONDS}", f"-rss_limit_mb={LIMIT_MB}"]
    atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={corpus}/", corpus], CHECKS[target])
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
