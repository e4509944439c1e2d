"""Reads the word lists of deduplication. `data/README.md` says where they come from."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable


def data(name: str) -> Traversable:
    """Return a data file of deduplication."""
    return files("memproc.dedup") / "data" / name


def words_in_zip(name: str) -> list[str]:
    """Return the words of a compressed list."""
    return gzip.decompress(data(name).read_bytes()).decode().split()


def words_in(name: str) -> Iterator[str]:
    """Give the words in the first column of a list."""
    return (word for line in lines(name) for word in line[0].split())


def lines(name: str) -> Iterator[list[str]]:
    """Give the lines of a list as columns, without comments."""
    text = data(name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines() if line and not line.startswith("#"))
