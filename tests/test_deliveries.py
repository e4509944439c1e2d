"""What people are given is read as it came: folders, patterns, pipes, archives; and nothing in it can do harm."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import stat
import sys
import tarfile
import threading
import zipfile
from pathlib import Path

import pytest

import memproc
from memproc.ingestion.opening import Asked
from memproc.ingestion.reading import read_file
from memproc.sources.compression import FREE_BYTES, LARGEST_RATIO, Bounds
from memproc.sources.members import MOST_MEMBERS
from tests.command_line import run_memproc
from tests.conftest import ROOT
from tests.events import batches
from tests.waiting import LIMIT_SECONDS

TEA, DOG, CAT, SEA = ({"content": text} for text in ("Prefers tea", "Has a dog", "Has a cat", "Lives by the sea"))
FEW = memproc.Settings(max_decompressed_bytes=10_000)


def lines(*records):
    """Return JSON lines."""
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def zipped(members):
    """Return an archive of members: bytes by name, or by what describes a member."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(members, kind=tarfile.PAX_FORMAT, **header):
    """Return a tar archive of members, each a name and bytes; `header` changes the header of the first."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=kind) as archive:
        for number, (name, content) in enumerate(members):
            told = tarfile.TarInfo(name)
            told.size = len(content)
            for field, value in header.items() if not number else ():
                setattr(told, field, value)
            archive.addfile(told, io.BytesIO(content))
    return stream.getvalue()


def contents(folder, what, **options):
    """Ingest into a store of the folder; return the contents it has, and the report, when all adds up."""
    with memproc.open(folder / "m.db") as store:
        report = memproc.ingest(what, store, **options)
        assert store.recount().is_whole
        return sorted(memory.content for memory in store), report


@pytest.fixture
def folder(tmp_path):
    """Give a folder as it lies on a disk: two files of records, below each other, junk, a picture."""
    place = tmp_path / "export"
    (place / "below" / "__MACOSX").mkdir(parents=True)
    (place / "a.jsonl").write_bytes(lines(TEA))
    (place / "below" / "b.json").write_bytes(json.dumps([DOG, CAT]).encode())
    (place / "below" / "__MACOSX" / "._b.json").write_bytes(b"\0\1")
    (place / ".DS_Store").write_bytes(b"\0\1")
    (place / ".hidden.jsonl").write_bytes(lines(SEA))
    (place / "picture.png").write_bytes(b"\x89PNG\r\n" + bytes(range(256)))
    (place / "other.json").write_bytes(b'[{"colour": "red"}]')
    return place


def test_a_folder_is_all_files_below_it(folder, tmp_path):
    """What nobody wants is counted by name; what cannot be read is told by name, and stops nothing."""
    found, report = contents(tmp_path, folder)
    assert found == ["Has a cat", "Has a dog", "Prefers tea"]
    assert report.status == "done"
    assert report.left_out == {".DS_Store": 1, "__MACOSX": 1, "hidden files": 1, "files of no known kind": 2}
    assert [note.split(":")[1].split()[0] for note in report.notes] == ["export/other.json", "export/picture.png"]


def test_a_folder_of_nothing_is_told(tmp_path):
    """As is one in which no file can be read, by the first of these."""
    (tmp_path / "empty").mkdir()
    with pytest.raises(memproc.SourceError, match="empty holds no file that can be read"):
        memproc.ingest(tmp_path / "empty", tmp_path / "m.db")
    (tmp_path / "empty" / "a.png").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(memproc.SourceError, match=r"holds no file that can be read: empty/a.png holds binary data"):
        memproc.ingest(tmp_path / "empty", tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


def test_the_store_in_the_folder_is_left_alone(folder, monkeypatch):
    """As when somebody reads the folder that it is made in."""
    monkeypatch.chdir(folder)
    memproc.ingest("a.jsonl", "m.db")
    report = memproc.ingest(".", "m.db")
    assert (report.duplicate, report.stored) == (1, 2)
    assert any("m.db is the store itself" in note for note in report.notes)


def test_a_link_out_of_a_folder_and_a_pipe_in_it_are_not_followed(folder, tmp_path):
    """One within it is."""
    (tmp_path / "secret.jsonl").write_bytes(lines(SEA))
    (folder / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (folder / "inside.jsonl").symlink_to("a.jsonl")
    os.mkfifo(folder / "pipe.jsonl")
    found, report = contents(tmp_path, folder)
    assert found == ["Has a cat", "Has a dog", "Prefers tea"]
    assert report.duplicate == 1
    assert any("export/link.jsonl is a link that leads out" in note for note in report.notes)
    assert any("export/pipe.jsonl is no plain file" in note for note in report.notes)


def test_a_pattern_is_all_files_of_such_names(folder, tmp_path):
    """Sorted; one that no file has is refused, and a file that is called so is a file."""
    found, _ = contents(tmp_path, str(folder / "**" / "*.json*"))
    assert found == ["Has a cat", "Has a dog", "Prefers tea"]
    with pytest.raises(memproc.SourceError, match="does not exist"):
        memproc.ingest(str(folder / "*.xml"), tmp_path / "m.db")
    (tmp_path / "[a].jsonl").write_bytes(lines(SEA))
    assert "Lives by the sea" in contents(tmp_path, tmp_path / "[a].jsonl")[0]


ARCHIVED = {
    "conversations-002.jsonl": lines(CAT),
    "conversations-001.json": json.dumps([TEA, {"content": ""}]).encode(),
    "inner.zip": zipped({"deep/a.jsonl.gz": gzip.compress(lines(DOG))}),
    "__MACOSX/._a": b"\0",
    ".DS_Store": b"\0",
    "folder/": b"",
    "photo.jpg": b"\xff\xd8\xff\0\0",
}


def test_an_archive_is_all_its_members(tmp_path):
    """By name, archives in it too; where a record came from leads back to the member."""
    (tmp_path / "export.zip").write_bytes(zipped(ARCHIVED))
    found, report = contents(tmp_path, tmp_path / "export.zip")
    assert found == ["Has a cat", "Has a dog", "Prefers tea"]
    assert report.left_out == {".DS_Store": 1, "__MACOSX": 1, "files of no known kind": 1}
    assert report.notes == ["not read: export.zip!photo.jpg holds a picture, sound or video, which memproc does not read"]
    with memproc.open(tmp_path / "m.db") as store:
        assert [rejected.source for rejected in store.quarantine()] == ["export.zip!conversations-001.json"]
        (job,) = store.jobs()
        assert job.source.split() == [
            "export.zip!conversations-001.json",
            "export.zip!conversations-002.jsonl",
            "export.zip!inner.zip!deep/a.jsonl.gz",
        ]


def test_what_a_record_is_does_not_depend_on_what_it_came_in(tmp_path):
    """Read from a folder, an archive or a pipe again, all is known."""
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "a.jsonl").write_bytes(lines(TEA, DOG))
    (tmp_path / "other.zip").write_bytes(zipped({"b/c.jsonl": lines(TEA, DOG)}))
    contents(tmp_path, tmp_path / "one")
    for what in (tmp_path / "other.zip", io.BytesIO(lines(TEA, DOG)), tmp_path / "one" / "a.jsonl"):
        report = contents(tmp_path, what)[1]
        assert (report.read, report.duplicate) == (2, 2)


@pytest.mark.costly
@pytest.mark.parametrize("compress", [gzip.compress, lambda raw: bz2.compress(raw, 1), lzma.compress])
def test_compressed_data_may_be_several_one_after_the_other(tmp_path, compress):
    """As tools append them; data that end too early fail the job."""
    (tmp_path / "a.jsonl.gz").write_bytes(compress(lines(TEA)) + compress(lines(DOG)))
    assert contents(tmp_path, tmp_path / "a.jsonl.gz")[0] == ["Has a dog", "Prefers tea"]
    many = compress(lines(*({"content": f"{os.urandom(400).hex()} {number}"} for number in range(400))))
    (tmp_path / "cut.jsonl").write_bytes(many[: len(many) * 9 // 10])
    report = contents(tmp_path, tmp_path / "cut.jsonl")[1]
    assert report.status == "failed"
    assert "could not be read to its end" in report.notes[0]


def test_zstandard_is_read_or_refused_with_the_line_that_installs_it(tmp_path, monkeypatch):
    """It is an extra below Python 3.14; a member of an archive that is compressed so is told by name."""
    monkeypatch.setattr("memproc.sources.compression.zstd_module", lambda: None)
    (tmp_path / "a.jsonl.zst").write_bytes(b"\x28\xb5\x2f\xfd" + bytes(20))
    with pytest.raises(memproc.SourceError, match=r"pip install 'memproc-sdk\[zstd\]'"):
        memproc.ingest(tmp_path / "a.jsonl.zst", tmp_path / "m.db")


def test_zstandard_is_read(tmp_path):
    """By itself, and in an archive."""
    zstd = pytest.importorskip("backports.zstd")
    archives = pytest.importorskip("backports.zstd.zipfile")
    (tmp_path / "a.jsonl.zst").write_bytes(zstd.compress(lines(TEA)) + zstd.compress(lines(DOG)))
    with archives.ZipFile(tmp_path / "b.zip", "w", archives.ZIP_ZSTANDARD) as archive:
        archive.writestr("a.jsonl", lines(CAT))
    assert contents(tmp_path, [tmp_path / "a.jsonl.zst", tmp_path / "b.zip"])[0] == ["Has a cat", "Has a dog", "Prefers tea"]


ARRAY = json.dumps([TEA, DOG]).encode()
STREAMED = {
    "lines": lines(TEA, DOG),
    "an array": ARRAY,
    "a wrapped list": b'{"memories": ' + ARRAY + b"}",
    "one object over lines": json.dumps({"memories": [TEA, DOG]}, indent=2).encode(),
    "a table": b"id,content\n1,Prefers tea\n2,Has a dog\n",
    "an archive": zipped({"a.json": ARRAY}),
    "a tar archive": tarred([("a.json", ARRAY)]),
    "a compressed tar archive": gzip.compress(tarred([("a.json", ARRAY)])),
    "compressed": gzip.compress(lines(TEA, DOG)),
    "compressed twice": bz2.compress(gzip.compress(lines(TEA, DOG))),
    "UTF-16": lines(TEA, DOG).decode().encode("utf-16"),
}


@pytest.mark.parametrize("raw", STREAMED.values(), ids=STREAMED)
def test_a_pipe_is_read_as_a_stream(tmp_path, raw, monkeypatch):
    """A named one, standard input, and a file object of the caller, which stays open; none of them can seek."""
    os.mkfifo(tmp_path / "pipe")
    writer = threading.Thread(target=(tmp_path / "pipe").write_bytes, args=(raw,))
    writer.start()
    assert contents(tmp_path, tmp_path / "pipe")[0] == ["Has a dog", "Prefers tea"]
    writer.join(timeout=LIMIT_SECONDS)
    given = io.BytesIO(raw)
    assert contents(tmp_path, given)[1].duplicate == 2
    assert not given.closed
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))
    assert contents(tmp_path, "-")[1].duplicate == 2


def test_a_pipe_cannot_be_validated_before(tmp_path):
    """It is read once; an archive can."""
    before = memproc.Settings(validate="before")
    with pytest.raises(memproc.UsageError, match="reads twice: give files, not a pipe"):
        memproc.ingest(io.BytesIO(lines(TEA)), tmp_path / "m.db", settings=before)
    (tmp_path / "export.zip").write_bytes(zipped(ARCHIVED))
    assert memproc.ingest(tmp_path / "export.zip", tmp_path / "m.db", settings=before).status == "refused"
    (tmp_path / "good.zip").write_bytes(zipped({"a.jsonl": lines(TEA)}))
    assert memproc.ingest(tmp_path / "good.zip", tmp_path / "m.db", settings=before).stored == 1


def test_a_full_export_in_an_archive_is_one(tmp_path):
    """Its head is no record, and its decisions are acted on where they are trusted."""
    with memproc.open(tmp_path / "a.db") as store:
        for record in (TEA, DOG, CAT):
            store.add(record)
        store.forget(next(iter(store)).id)
        store.export(tmp_path / "full.jsonl", full=True)
    (tmp_path / "full.zip").write_bytes(zipped({"a.jsonl": (tmp_path / "full.jsonl").read_bytes()}))
    report = memproc.ingest(tmp_path / "full.zip", tmp_path / "b.db", trust_decisions=True)
    assert (report.format, report.read, report.quarantined, report.notes) == ("memproc-full", 2, 0, [])


def test_a_file_object_may_give_text(tmp_path):
    """As one opened without "rb" does."""
    assert contents(tmp_path, io.StringIO(lines(TEA, DOG).decode()))[0] == ["Has a dog", "Prefers tea"]


@pytest.mark.parametrize("kind", ["folder", "archive"])
def test_a_job_on_a_folder_or_an_archive_goes_on_where_it_was_cut_off(tmp_path, kind):
    """In the middle of its second file; changed meanwhile it is refused, and done it is done."""
    files = {f"{letter}.jsonl": lines(*({"content": f"{letter} is number {n}"} for n in range(10))) for letter in "abc"}
    what = tmp_path / "given"
    if kind == "folder":
        what.mkdir()
        for name, raw in files.items():
            (what / name).write_bytes(raw)
    else:
        what.write_bytes(zipped(files))

    def stop(progress):
        if progress.read >= 15:
            raise KeyboardInterrupt

    small = memproc.Settings(batch_size=5)
    with memproc.open(tmp_path / "m.db") as store:
        with pytest.raises(memproc.Interrupted):
            memproc.ingest(what, store, on_event=batches(stop), settings=small)
        changed = (what / "c.jsonl") if kind == "folder" else what
        whole = changed.read_bytes()
        changed.write_bytes(lines(SEA) if kind == "folder" else zipped({**files, "c.jsonl": lines(SEA)}))
        with pytest.raises(memproc.UsageError, match="the source has changed"):
            memproc.ingest(what, store, resume=True)
        changed.write_bytes(whole)
        report = memproc.ingest(what, store, resume=True)
        assert (report.status, report.read, report.duplicate, report.job) == ("done", 30, 0, 1)
        assert "nothing to do" in memproc.ingest(what, store, resume=True).notes[0]
        assert store.recount().is_whole


@pytest.mark.costly
def test_files_given_by_hundreds_do_not_stay_open(tmp_path):
    """A process may have a thousand open."""
    paths = [tmp_path / f"{number}.jsonl" for number in range(150)]
    for number, path in enumerate(paths):
        path.write_bytes(lines({"content": f"Note number {number}"}))
    before = len([*Path("/proc/self/fd").iterdir()])
    most = 0

    def look(_progress):
        nonlocal most
        most = max(most, len([*Path("/proc/self/fd").iterdir()]))

    assert contents(tmp_path, paths, on_event=batches(look))[1].read == 150
    assert most - before < 120


def test_a_member_in_another_format_than_the_one_named_is_left_out(tmp_path):
    """So a named format does not quarantine what stands beside its files."""
    members = {"mem0.json": b'{"results": [{"memory": "Likes badminton", "user_id": "alice"}]}', "users.json": b'[{"name": "x"}]'}
    (tmp_path / "a.zip").write_bytes(zipped(members))
    found, report = contents(tmp_path, tmp_path / "a.zip", format="mem0")
    assert (found, report.quarantined) == (["Likes badminton"], 0)
    assert "a.zip!users.json is not in the format 'mem0'" in report.notes[0]


def info(name, mode=0, system=3):
    """Return the description of a member."""
    described = zipfile.ZipInfo(name)
    described.create_system, described.external_attr = system, mode << 16
    return described


@pytest.mark.parametrize("name", ["/etc/a.jsonl", "../../a.jsonl", "a/../../b.jsonl", "C:/a.jsonl", "..\\a.jsonl", "\\a.jsonl"])
def test_a_name_that_leads_out_of_an_archive_is_not_read(tmp_path, name):
    """Nothing is extracted at all; it is told by name."""
    (tmp_path / "a.zip").write_bytes(zipped({info(name): lines(SEA), "b.jsonl": lines(TEA)}))
    found, report = contents(tmp_path, tmp_path / "a.zip")
    assert found == ["Prefers tea"]
    assert "has a name that leads out of the archive" in report.notes[0]
    assert {path.name for path in tmp_path.iterdir()} <= {"a.zip", "m.db", "m.db-wal", "m.db-shm"}


@pytest.mark.parametrize(("mode", "why"), [(stat.S_IFLNK | 0o777, "is a link"), (stat.S_IFIFO | 0o600, "is no plain file")])
def test_a_link_in_an_archive_is_not_followed(tmp_path, mode, why):
    """Nor is any other special file."""
    members = {info("link.jsonl", mode): b"/etc/passwd", info("b.jsonl", stat.S_IFREG | 0o600): lines(TEA)}
    (tmp_path / "a.zip").write_bytes(zipped(members))
    found, report = contents(tmp_path, tmp_path / "a.zip")
    assert (found, report.notes) == (["Prefers tea"], [f"not read: a.zip!link.jsonl {why}"])


@pytest.mark.parametrize("kind", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize(("suffix", "compress"), [(".tar", bytes), (".tar.gz", gzip.compress), (".txz", lzma.compress)])
def test_a_tar_archive_is_all_its_members(tmp_path, kind, suffix, compress):
    """Of each kind, compressed or not, with an archive in it; long names too."""
    deep = "/".join(["folder"] * 20) + "/b.jsonl"
    members = [("c.jsonl", lines(CAT)), ("./.hidden", b"x"), ("inner.zip", zipped({"a.jsonl": lines(TEA)})), (deep, lines(DOG))]
    (tmp_path / f"export{suffix}").write_bytes(compress(tarred(members, kind)))
    found, report = contents(tmp_path, tmp_path / f"export{suffix}")
    assert found == ["Has a cat", "Has a dog", "Prefers tea"]
    assert report.left_out == {"hidden files": 1}
    with memproc.open(tmp_path / "m.db") as store:
        (job,) = store.jobs()
    assert job.source.split() == [f"export{suffix}!{name}" for name in ("c.jsonl", deep, "inner.zip!a.jsonl")]


@pytest.mark.parametrize(
    ("name", "header", "why"),
    [
        ("../../a.jsonl", {}, "has a name that leads out of the archive"),
        ("/etc/a.jsonl", {}, "has a name that leads out of the archive"),
        ("link.jsonl", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd", "size": 0}, "is a link"),
        ("link.jsonl", {"type": tarfile.LNKTYPE, "linkname": "b.jsonl", "size": 0}, "is a link"),
        ("pipe.jsonl", {"type": tarfile.FIFOTYPE, "size": 0}, "is no plain file"),
        ("sparse.jsonl", {"pax_headers": {"GNU.sparse.map": "0,0", "GNU.sparse.size": "9000000000"}}, "is a sparse file"),
        ("b.jsonl", {}, "stands in the archive again"),
    ],
)
def test_what_could_do_harm_in_a_tar_archive_is_not_read(tmp_path, name, header, why):
    """It is told by name, and the others are read."""
    content = b"" if header.get("size") == 0 else lines(SEA)
    (tmp_path / "a.tar").write_bytes(tarred([(name, content), ("b.jsonl", lines(TEA))], **header))
    found, report = contents(tmp_path, tmp_path / "a.tar")
    assert found == ["Prefers tea"]
    assert f"!{name} {why}" in report.notes[0]


def test_a_tar_archive_that_breaks_off_is_told(tmp_path):
    """Python's own reader takes a damaged header for the end, which would lose what stands behind it."""
    whole = tarred([("a.jsonl", lines(TEA)), ("b.jsonl", lines(DOG))])
    damaged = bytearray(whole)
    damaged[1024 + 5] ^= 0xFF
    long = tarfile.TarInfo("././@LongLink")
    long.type, long.size = tarfile.GNUTYPE_LONGNAME, 1 << 30
    broken = {"cut": (whole[:1200], ""), "damaged": (damaged, "at byte 1024"), "long": (long.tobuf() + bytes(1024), "a header of")}
    for name, (raw, why) in broken.items():
        (tmp_path / f"{name}.tar").write_bytes(raw)
        with pytest.raises(memproc.SourceError, match=rf"{name}.tar cannot be read as an archive: .*{why}"):
            memproc.ingest(tmp_path / f"{name}.tar", tmp_path / "m.db")


def test_a_compressed_tar_archive_may_not_become_too_large(tmp_path):
    """As any other."""
    (tmp_path / "bomb.tar.gz").write_bytes(gzip.compress(tarred([("a.jsonl", bytes(50_000))])))
    with pytest.raises(memproc.SourceError, match="becomes more than 10,000 bytes"):
        memproc.ingest(tmp_path / "bomb.tar.gz", tmp_path / "m.db", settings=FEW)


def test_an_encrypted_member_and_one_of_an_unknown_method_are_told_by_name(tmp_path):
    """The others are read."""
    raw = bytearray(zipped({"a.jsonl": lines(SEA), "b.jsonl": lines(CAT), "c.jsonl": lines(TEA)}))
    at = [place for place in range(len(raw)) if raw[place : place + 4] == b"PK\x01\x02"]
    raw[at[0] + 8] |= 1
    raw[at[1] + 10] = 97
    (tmp_path / "a.zip").write_bytes(raw)
    found, report = contents(tmp_path, tmp_path / "a.zip")
    assert found == ["Prefers tea"]
    assert "a.zip!a.jsonl is encrypted" in report.notes[0]
    assert "a.zip!b.jsonl is compressed by method 97" in report.notes[1]


def test_a_broken_archive_is_told(tmp_path):
    """By itself it is refused; in a folder, and where a member alone is broken, the rest is read."""
    whole = zipped({"a.jsonl": lines(*[SEA] * 3), "b.jsonl": lines(TEA)})
    (tmp_path / "given").mkdir()
    (tmp_path / "given" / "cut.zip").write_bytes(whole[: len(whole) // 2])
    broken = bytearray(whole)
    broken[broken.index(b"a.jsonl") + 12] ^= 0xFF
    (tmp_path / "given" / "flipped.zip").write_bytes(broken)
    with pytest.raises(memproc.SourceError, match=r"cut.zip cannot be read as an archive"):
        memproc.ingest(tmp_path / "given" / "cut.zip", tmp_path / "m.db")
    found, report = contents(tmp_path, tmp_path / "given")
    assert found == ["Prefers tea"]
    assert ["cut.zip" in report.notes[0], "flipped.zip!a.jsonl" in report.notes[1]] == [True, True]


def test_an_office_document_is_no_archive_of_records(tmp_path):
    """It is told what to do."""
    (tmp_path / "letter.docx").write_bytes(zipped({"word/document.xml": b"<a/>"}))
    with pytest.raises(memproc.SourceError, match=r"letter.docx is a document of an application: save it as CSV"):
        memproc.ingest(tmp_path / "letter.docx", tmp_path / "m.db")


@pytest.fixture(scope="module")
def spaces():
    """Give much of nothing: more than anything may become of little."""
    return b" " * (FREE_BYTES + (1 << 22))


@pytest.fixture
def made(monkeypatch):
    """Give a list of how many bytes were decompressed, or would have been, at each look at the limits."""
    seen = []
    check = Bounds.check

    def looked_at(bounds, label, made, packed):
        seen.append(made)
        check(bounds, label, made, packed)

    monkeypatch.setattr(Bounds, "check", looked_at)
    return seen


@pytest.mark.costly
@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_what_becomes_very_large_is_read_up_to_a_limit_only(tmp_path, spaces, made, compress):
    """However large it would have become."""
    (tmp_path / "bomb").write_bytes(compress(spaces))
    with pytest.raises(memproc.SourceError, match=f"more than {LARGEST_RATIO} times as large"):
        memproc.ingest(tmp_path / "bomb", tmp_path / "m.db")
    assert FREE_BYTES < max(made) < FREE_BYTES + (1 << 20)
    assert not (tmp_path / "m.db").exists()


@pytest.mark.costly
def test_what_becomes_very_large_is_refused_before_its_first_records_land(tmp_path):
    """Each line of it would have been a record."""
    (tmp_path / "bomb.md.gz").write_bytes(gzip.compress(b"- I like the sea in the morning\n" * 3_000_000))
    with pytest.raises(memproc.SourceError, match=f"more than {LARGEST_RATIO} times as large"):
        memproc.ingest(tmp_path / "bomb.md.gz", tmp_path / "m.db")
    assert not (tmp_path / "m.db").exists()


@pytest.mark.parametrize("size", [FREE_BYTES * 4, 4_000_000_000])
def test_an_archive_that_says_that_it_becomes_large_is_not_opened(tmp_path, monkeypatch, size):
    """Ten megabytes that would become gigabytes of zeros: told by what the archive says, before a byte is decompressed."""
    raw = bytearray(zipped({"a.jsonl": bytes(1 << 20)}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        place = raw.index(mark)
        raw[place + at : place + at + 4] = size.to_bytes(4, "little")
    (tmp_path / "bomb.zip").write_bytes(raw)
    monkeypatch.delattr("memproc.sources.archives.Shelf.stream_of")
    with pytest.raises(memproc.SourceError, match=f"bomb.zip!a.jsonl becomes more than {LARGEST_RATIO} times as large"):
        memproc.ingest(tmp_path / "bomb.zip", tmp_path / "m.db")


@pytest.mark.costly
def test_a_member_that_is_larger_than_it_says_is_read_no_further(tmp_path):
    """Its checksum does not fit then."""
    raw = bytearray(zipped({"a.jsonl": lines(*({"content": f"tea {n} {'x' * 300}"} for n in range(2_000)))}))
    place = raw.index(b"PK\x01\x02")
    raw[place + 24 : place + 28] = (400_000).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(raw)
    report = contents(tmp_path, tmp_path / "a.zip")[1]
    assert report.status == "failed"
    assert report.read < 2_000


def test_archives_in_archives_have_an_end(tmp_path):
    """Deeper ones are told, and together they may not become larger than one may."""
    inner = zipped({"a.jsonl": lines(DOG)})
    for level in range(5):
        inner = zipped({f"{level}.zip": inner, f"{level}.jsonl": lines({"content": f"Level {level}"})})
    (tmp_path / "deep.zip").write_bytes(inner)
    found, report = contents(tmp_path, tmp_path / "deep.zip")
    assert found == ["Level 2", "Level 3", "Level 4"]
    assert "is nested deeper than 3 archives" in report.notes[0]
    many = {f"{number}.zip": zipped({"a.jsonl": lines({"content": "x" * 1_000})}) for number in range(20)}
    (tmp_path / "many.zip").write_bytes(zipped(many))
    with pytest.raises(memproc.SourceError, match="becomes more than 10,000 bytes"):
        memproc.ingest(tmp_path / "many.zip", tmp_path / "few.db", settings=FEW)


@pytest.mark.slow
def test_an_archive_of_very_many_members_is_refused(tmp_path, monkeypatch):
    """Before any of them is opened."""
    with zipfile.ZipFile(tmp_path / "many.zip", "w") as archive:
        for number in range(MOST_MEMBERS + 1):
            archive.writestr(info(f"{number}.jsonl"), b"")
    monkeypatch.delattr("memproc.sources.archives.Shelf.stream_of")
    with pytest.raises(memproc.SourceError, match=r"has more than 50,000 members"):
        memproc.ingest(tmp_path / "many.zip", tmp_path / "m.db")


@pytest.mark.parametrize("path", ["data.items", "items"])
def test_the_list_of_records_may_be_named(tmp_path, path):
    """However deep it is; what stands around it is counted, or is nothing."""
    inner = {"total": 2, "others": [{"a": 1}], "items": [TEA, DOG], "next": {"items": [1, 2]}}
    what = {"meta": {"items": 5}, "data": inner, "last": [{"b": 1}]} if path == "data.items" else inner
    for indent in (None, 2):
        (tmp_path / "a.json").write_text(json.dumps(what, indent=indent))
        assert [one.content for one in read_file(tmp_path / "a.json", Asked(records=path))] == ["Prefers tea", "Has a dog"]
    report = contents(tmp_path, tmp_path / "a.json", records=path)[1]
    assert report.left_out == (
        {"in the list 'others'": 1, "in the list 'last'": 1} if path == "data.items" else {"in the list 'others'": 1}
    )


@pytest.mark.parametrize("raw", [b'{"data": {"others": []}}', b'[{"data": {"items": []}}]', b'{"data": [1]}', b"", b'{"data": {'])
def test_a_list_that_is_not_there_is_refused(tmp_path, raw):
    """With what was looked for."""
    (tmp_path / "a.json").write_bytes(raw)
    with pytest.raises(memproc.SourceError, match=r"has no list at records=data.items"):
        memproc.ingest(tmp_path / "a.json", tmp_path / "m.db", records="data.items")


TABLES = {
    "semicolons": "id;content\n1;Likes tea, and coffee\n2;Has a dog\n",
    "tabs": "id\tcontent\n1\tLikes tea, and coffee\n2\tHas a dog\n",
    "bars": "id|content\n1|Likes tea, and coffee\n2|Has a dog\n",
    "commas": 'id,content\n1,"Likes tea, and coffee"\n2,Has a dog\n',
    "said": "sep=;\r\nid;content\r\n1;Likes tea, and coffee\r\n2;Has a dog\r\n",
    "empty columns at the end": 'id,content,,\n1,"Likes tea, and coffee",,\n2,Has a dog,,\n',
}


@pytest.mark.parametrize("text", TABLES.values(), ids=TABLES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_what_stands_between_cells_is_found(tmp_path, text, encoding):
    """In the first lines, in any encoding that says itself."""
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert [one.content for one in read_file(tmp_path / "a.csv")] == ["Likes tea, and coffee", "Has a dog"]


def test_what_stands_between_cells_may_be_named(tmp_path):
    """One character; then a file of any name is a table."""
    (tmp_path / "a.dat").write_text("id^content\n1^Prefers tea\n")
    assert [one.content for one in read_file(tmp_path / "a.dat", Asked(delimiter="^"))] == ["Prefers tea"]
    (tmp_path / "b.dat").write_text("id\tcontent\n1\tPrefers tea\n")
    assert [one.content for one in read_file(tmp_path / "b.dat", Asked(delimiter="tab"))] == ["Prefers tea"]
    for wrong in ("", ";;", '"', "\n"):
        with pytest.raises(memproc.UsageError, match="give one character"):
            memproc.ingest(tmp_path / "a.dat", tmp_path / "m.db", delimiter=wrong)


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16-le", "shift_jis", "latin-1"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl", "a.json"])
def test_an_encoding_may_be_named(tmp_path, encoding, name):
    """What is no text in it is quarantined, and nothing else."""
    text = "Café" if encoding != "shift_jis" else "お茶"
    table, objects = f"content\n{text} 1\n{text} 2\n", [{"content": f"{text} {n}"} for n in (1, 2)]
    written = {"a.csv": table, "a.jsonl": "\n".join(json.dumps(one, ensure_ascii=False) for one in objects)}
    raw = written.get(name, json.dumps(objects, ensure_ascii=False)).encode(encoding)
    (tmp_path / name).write_bytes(raw)
    assert [one.content for one in read_file(tmp_path / name, Asked(encoding=encoding))] == [f"{text} 1", f"{text} 2"]


def test_what_is_no_text_in_the_encoding_is_quarantined(tmp_path):
    """Its neighbours are read."""
    (tmp_path / "a.jsonl").write_bytes(b'{"content": "Caf\xe9"}\n{"content": "bad \x81"}\n{"content": "Has a dog"}\n')
    found, report = contents(tmp_path, tmp_path / "a.jsonl", encoding="cp1252")
    assert (found, report.quarantined) == (["Café", "Has a dog"], 1)
    for wrong in ("nonsense", "base64", ""):
        with pytest.raises(memproc.UsageError, match="give the name of an encoding"):
            memproc.ingest(tmp_path / "a.jsonl", tmp_path / "m.db", encoding=wrong)


def test_what_is_said_of_files_is_not_for_an_iterable(tmp_path):
    """Its records are read already."""
    with pytest.raises(memproc.UsageError, match="are for files"):
        memproc.ingest([TEA], tmp_path / "m.db", records="items")


@pytest.mark.parametrize("batch_size", [None, 3])
def test_a_limit_reads_the_first_records_only(tmp_path, batch_size):
    """Over all files together; the whole is another job."""
    for name in "ab":
        (tmp_path / f"{name}.jsonl").write_bytes(lines(*({"content": f"{name} is number {n}"} for n in range(10))))
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    settings = memproc.Settings(batch_size=batch_size)
    for limit in (4, 10, 14):
        found, report = contents(tmp_path, paths, limit=limit, settings=settings)
        assert (report.status, report.read, len(found)) == ("done", limit, limit)
        assert report.notes == [f"limit={limit}: what stands behind the first records was not read"]
    report = contents(tmp_path, paths, resume=True)[1]
    assert (report.read, report.duplicate, report.stored, report.notes) == (20, 14, 6, [])


@pytest.mark.costly
def test_many_records_without_whose_and_when_are_told(tmp_path):
    """With what to try; a date, or a namespace, is enough not to be told."""
    many = [{"content": f"Note number {n}"} for n in range(200)]
    (note,) = memproc.ingest(many, tmp_path / "m.db").notes
    assert note.startswith("none of 200 records says whose it is, or from when")
    assert memproc.ingest(many, tmp_path / "a.db", namespace="ann").notes == []
    assert memproc.ingest([{**one, "created_at": "2024-05-01"} for one in many], tmp_path / "b.db").notes == []


EXPORTED = {
    "conversations.json": (ROOT / "fixtures" / "chatgpt.json").read_bytes(),
    "general/2024-01-01.json": (ROOT / "fixtures" / "slack.json").read_bytes(),
    "chat.txt": (ROOT / "fixtures" / "whatsapp.txt").read_bytes(),
    "facts.md": b"- Prefers tea\n- Has a dog\n",
    "openmemory.json": (ROOT / "fixtures" / "openmemory.json").read_bytes(),
    "prose.txt": b"It was a dark night.\n\nThe rain fell.\n",
    "user.json": b'{"email": "d@example.org", "chatgpt_plus_user": true}',
}


@pytest.mark.parametrize("kept_open", [0, 100])
def test_an_export_is_read_file_by_file(tmp_path, monkeypatch, kept_open):
    """Chats with their places, texts by their names; what lies beside the memories is named. A folder is as an archive."""
    monkeypatch.setattr("memproc.ingestion.opening.KEPT_OPEN", kept_open)
    for name, content in EXPORTED.items():
        (tmp_path / "export" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "export" / name).write_bytes(content)
    (tmp_path / "export.zip").write_bytes(zipped(EXPORTED))
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(tmp_path / "export.zip", store)
        assert report.format == "whatsapp chatgpt text slack openmemory"
        assert (report.left_out["companions"], report.left_out["files of no known kind"]) == (1, 1)
        assert "not read: export.zip!user.json holds the account of ChatGPT" in report.notes
        assert any(note.startswith("not read: export.zip!prose.txt holds no JSON, and no list of texts") for note in report.notes)
        assert {one.conversation for one in store.find(limit=None) if one.source == "slack"} == {"general"}
        again = memproc.ingest(tmp_path / "export", store)
        assert (again.read, again.stored, again.duplicate) == (report.read, 0, report.read)
        named = memproc.ingest([tmp_path / "export" / name for name in EXPORTED if name != "prose.txt"], store)
        assert (named.stored, named.left_out["companions"]) == (0, 1)
        assert "user.json holds the account of ChatGPT" in named.notes


def test_a_folder_of_companions_alone_is_refused_by_name(tmp_path):
    """There is nothing to read."""
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "user.json").write_bytes(EXPORTED["user.json"])
    with pytest.raises(memproc.SourceError, match=r"no file that can be read: export/user\.json holds the account of ChatGPT"):
        memproc.ingest(tmp_path / "export", tmp_path / "m.db")


FORGED = "a\ndone: read 999\x1b[2J\u202e\a\r.jsonl"


def forged_sources(place):
    """Return what holds files of a forged name: a folder, an archive, a file by itself; each with one that cannot be read."""
    (place / "in").mkdir()
    (place / "in" / FORGED).write_bytes(lines(TEA))
    (place / "in" / f"b{FORGED}").write_bytes(b"\0\1")
    (place / "a.zip").write_bytes(zipped({FORGED: lines(TEA), f"b{FORGED}": b"\0\1", f"/{FORGED}": b""}))
    return place / "in", place / "a.zip", place / "in" / FORGED, str(place / "in" / "a*")


@pytest.mark.parametrize("which", range(4))
def test_a_name_forges_no_line_of_a_report(tmp_path, which):
    """Nor of what `inspect` shows, and a store keeps of where records are from."""
    what = forged_sources(tmp_path)[which]
    with memproc.open(tmp_path / "m.db") as store:
        report = memproc.ingest(what, store)
        assert report.stored == 1
        told = [*report.notes, *(job.source for job in store.jobs())]
    code, shown, error = run_memproc("inspect", str(what))
    assert (code, error) == (0, "")
    told += shown.removesuffix("\n").split("\n")
    assert not any(line.startswith("done: read 999") for line in told)
    assert all(text.isprintable() for text in told), told
    assert any("a\\ndone: read 999\\x1b[2J\\u202e" in text for text in told)


def test_a_refusal_names_a_file_in_one_line(tmp_path):
    """That is not there, or is not read."""
    (tmp_path / f"b{FORGED}").write_bytes(b"\0\1")
    for name in (FORGED, f"b{FORGED}", f"c*{FORGED}"):
        with pytest.raises(memproc.SourceError) as caught:
            memproc.ingest(tmp_path / name, tmp_path / "m.db")
        assert str(caught.value).isprintable()


@pytest.mark.costly
def test_a_stored_member_with_a_wrong_checksum_has_failed(tmp_path):
    """As one that is compressed: small it is not read at all, large it is read up to its end."""
    members = {
        "large.jsonl": lines(*({"content": f"tea {n} {'x' * 300}"} for n in range(2_000))),
        "small.jsonl": lines(DOG),
        "whole.jsonl": lines(TEA),
    }
    for name, status in (("large", "failed"), ("small", "done")):
        with zipfile.ZipFile(tmp_path / f"{name}.zip", "w") as archive:
            for member in (f"{name}.jsonl", "whole.jsonl"):
                archive.writestr(member, members[member])
        raw = bytearray((tmp_path / f"{name}.zip").read_bytes())
        raw[raw.index(b'"content"') + 12] ^= 1
        (tmp_path / f"{name}.zip").write_bytes(raw)
        report = memproc.ingest(tmp_path / f"{name}.zip", tmp_path / f"{name}.db")
        assert report.status == status
        assert any(f"{name}.jsonl" in note and "Bad CRC-32" in note for note in report.notes)


@pytest.mark.parametrize("pattern", [False, True])
def test_a_bomb_in_a_folder_stops_nothing(tmp_path, pattern):
    """It is told by name; by itself it is refused."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.zip").write_bytes(zipped({"a.jsonl": lines(SEA), "b.jsonl": bytes(20_000)}))
    (tmp_path / "in" / "b.jsonl").write_bytes(lines(TEA))
    found, report = contents(tmp_path, str(tmp_path / "in" / "*") if pattern else tmp_path / "in", settings=FEW)
    assert (found, report.status) == (["Prefers tea"], "done")
    assert "a.zip!b.jsonl becomes more than 10,000 bytes" in report.notes[0]
    assert "--max-decompressed" in report.notes[0]
    with pytest.raises(memproc.SourceError, match="becomes more than 10,000 bytes"):
        memproc.ingest(tmp_path / "in" / "a.zip", tmp_path / "few.db", settings=FEW)


@pytest.mark.parametrize("written", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["a.csv", "a.jsonl"])
def test_a_byte_order_mark_says_more_than_a_named_encoding(tmp_path, written, name):
    """It is part of the file."""
    text = "content\nCafé\n" if name == "a.csv" else '{"content": "Café"}\n'
    (tmp_path / name).write_bytes(text.encode(written))
    assert [one.content for one in read_file(tmp_path / name, Asked(encoding="cp1252"))] == ["Café"]


def test_a_linked_folder_is_told_and_not_followed(folder, tmp_path):
    """Wherever it leads; given by itself it is a folder."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "c.jsonl").write_bytes(lines(SEA))
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / "again").symlink_to("below")
    (folder / ".hidden").symlink_to("below")
    for what in (folder, str(folder / "*")):
        found, report = contents(tmp_path, what)
        assert found == ["Has a cat", "Has a dog", "Prefers tea"]
        assert report.left_out["files of no known kind"] == 4
        for name in ("again", "linked"):
            assert any(f"{name} is a link to a folder: give it by itself" in note for note in report.notes)
    assert contents(tmp_path / "outside", folder / "linked")[0] == ["Lives by the sea"]


def test_a_folder_of_a_name_that_fits_a_pattern_is_all_files_below_it(folder, tmp_path):
    """Each of them once, however often the pattern leads to it."""
    for pattern in ("*", "**"):
        found, report = contents(tmp_path, str(folder / pattern))
        assert found == ["Has a cat", "Has a dog", "Prefers tea"]
        assert report.read == 3
        assert report.left_out["__MACOSX"] == 1
    (folder / "below").rename(folder / ".below")
    assert contents(tmp_path, str(folder / ".b*"))[1].duplicate == 2
    (folder / ".below" / "__MACOSX" / "d.jsonl").write_bytes(lines(SEA))
    with pytest.raises(memproc.SourceError, match="holds no file that can be read"):
        memproc.ingest(str(folder / ".below" / "__M*"), tmp_path / "m.db")


def with_a_broken_member(path):
    """Write an archive of four files, the second of which breaks in its first half."""
    records = [[{"content": f"tea {n} of {name} {'x' * 3_000}"} for n in range(200)] for name in "abcd"]
    raw = bytearray(zipped({zipfile.ZipInfo(f"{name}.jsonl"): lines(*some) for name, some in zip("abcd", records, strict=True)}))
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        second = archive.getinfo("b.jsonl").header_offset
    raw[raw.index(b"content", second) + 11] ^= 1
    path.write_bytes(raw)


def test_a_file_that_breaks_stops_none_behind_it(tmp_path):
    """The job has failed all the same, and who resumes it begins with what is left of that file."""
    with_a_broken_member(tmp_path / "a.zip")
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(dedup="exact")) as store:
        first = memproc.ingest(tmp_path / "a.zip", store)
        again = memproc.ingest(tmp_path / "a.zip", store, resume=True)
        for report in (first, again):
            assert report.status == "failed"
            assert any("Bad CRC-32 for file 'b.jsonl'" in note for note in report.notes)
        assert first.stored == again.stored >= 600
        assert (first.job, first.read) == (again.job, again.read)


def test_what_stands_behind_a_file_that_breaks_is_told_by_name_where_that_stops_the_job(tmp_path):
    """It was not read, and resuming reads no more of it."""
    with_a_broken_member(tmp_path / "a.zip")
    with memproc.open(tmp_path / "m.db", settings=memproc.Settings(dedup="exact")) as store:
        for resume in (False, True):
            settings = memproc.Settings(on_error="stop", dedup="exact")
            report = memproc.ingest(tmp_path / "a.zip", store, resume=resume, settings=settings)
            assert report.status == "failed"
            behind = [f"not read: a.zip!{name}.jsonl stands behind what failed" for name in "cd"]
            assert [note for note in report.notes if note.startswith("not read")] == behind


def test_a_folder_below_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    """What may be in it is not passed in silence."""
    (tmp_path / "in" / "closed").mkdir(parents=True)
    (tmp_path / "in" / "a.jsonl").write_bytes(lines(TEA))
    listing = os.scandir

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))  # who runs the tests as root may read everything
        return listing(path)

    monkeypatch.setattr(os, "scandir", scandir)
    report = contents(tmp_path, tmp_path / "in")[1]
    assert any("closed cannot be read: Permission denied" in note for note in report.notes)
    assert report.left_out == {"folders that cannot be read": 1}


def test_two_hundred_files_that_are_not_read_are_told_by_name(tmp_path):
    """Of more their number."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.jsonl").write_bytes(lines(TEA))
    for number in range(203):
        (tmp_path / "in" / f"{number}.png").write_bytes(b"\x89PNG\0")
    notes = contents(tmp_path, tmp_path / "in")[1].notes
    assert sum(".png holds binary data" in note for note in notes) == 200
    assert "not read: 3 more files" in notes
