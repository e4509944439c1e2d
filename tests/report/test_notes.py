"""Tests of notes in brief: what a person reads of many files that were not read."""

from __future__ import annotations

import io
import zipfile

import pytest

import memproc
from memproc.report.notes import in_brief
from memproc.sources.sniffing import MEDIA, refusal

PICTURES = [f"not read: e.zip!{number}.jpg holds a picture" for number in range(5)]


def test_many_files_of_one_reason_are_three_names_and_a_number():
    """Notes of another kind stand where they stood."""
    notes = [*PICTURES[:2], "something else", *PICTURES[2:], "not read: b.json stands behind what failed"]
    more = "not read: 2 more files, each of which holds a picture"
    assert list(in_brief(notes)) == [*PICTURES[:2], "something else", PICTURES[2], more, notes[-1]]


@pytest.mark.parametrize("count", [0, 1, 3, 4])
def test_a_line_that_would_say_one_more_file_names_it(count):
    """So the text is never longer than the notes, nor tells less without need."""
    assert list(in_brief(PICTURES[:count])) == PICTURES[:count]


MEDIA_STARTS = {
    "jpg": b"\xff\xd8\xff\xe0JFIF",
    "png": b"\x89PNG\r\n\x1a\nIHDR",
    "webp": b"RIFFabcdWEBPVP8",
    "wav": b"RIFF\n\0\0\0WAVEfmt",
    "mp4": b"\0\0\0\x20ftypisom",
    "mp3": b"ID3\x04\0",
}


@pytest.mark.parametrize("suffix", MEDIA_STARTS)
def test_pictures_sound_and_video_are_called_that(suffix):
    """With no advice to give JSON instead of a photo."""
    assert refusal(MEDIA_STARTS[suffix], f".{suffix}") == f"holds {MEDIA}"


@pytest.mark.parametrize("text", [b"RIFF is a format", b"ID3 tags are odd", b"GIF89 was a year"])
def test_a_text_that_begins_like_one_is_a_text(text):
    """The whole mark counts."""
    assert refusal(text, ".txt") is None


def test_an_export_full_of_pictures_tells_first_what_may_hold_memories(tmp_path):
    """The text of a report stays short; its notes name each file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.jsonl", b'{"content": "Prefers tea"}\n')
        for number in range(30):
            archive.writestr(f"photo-{number}.jpg", MEDIA_STARTS["jpg"])
        archive.writestr("zz.html", b"<html>")
    (tmp_path / "export.zip").write_bytes(packed.getvalue())
    report = memproc.ingest(tmp_path / "export.zip", into=tmp_path / "m.db")
    assert len(report.notes) == 31
    assert "zz.html" in report.notes[0]
    assert f"not read: 27 more files, each of which holds {MEDIA}" in str(report)
    assert sum(line.startswith("not read: ") for line in str(report).splitlines()) == 5
