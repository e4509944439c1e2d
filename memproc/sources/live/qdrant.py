"""Collections of Qdrant: on disk, as its client keeps them, and on a server.

Facts: on disk a collection is a SQLite file, `collection/NAME/storage.sqlite`, whose rows are pickled points; a point that is
written again is a new row. While a client is open, it holds a lock on the folder, but its points are in the file. A server scrolls
through a collection in the order of the ids of its points, and begins with the id that it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, column, select, table

from memproc.errors import SourceError, UsageError
from memproc.sources.databases.cells import item_of
from memproc.sources.databases.connecting import Database
from memproc.sources.databases.failing import in_own_words
from memproc.sources.databases.urls import url_of
from memproc.sources.items import Item
from memproc.sources.labels import path_shown
from memproc.sources.live.address import Address, path_in, shown
from memproc.sources.live.inert import Inert, unpickled
from memproc.sources.remote import Mark, Marked
from memproc.validation import fault

_ROWS = table("points", column("rowid"), column("point", LargeBinary))
PAGE = 1_000
_NAME = re.compile(r"[^/\\\0]+")


def collection_of(address: Address, default: str) -> str:
    """Return the name of the collection that an address means. Raises UsageError if it is no name."""
    name = address.options.get("collection", default)
    if not _NAME.fullmatch(name) or name in (".", ".."):
        raise UsageError(f"collection={name!r}: give the name of a collection")
    return name


def read_folder(address: Address, collection: str, behind: Mark | None) -> Iterator[Marked]:
    """Yield the points of a collection on disk. Raises SourceError if there is no such collection."""
    folder = Path(path_in(address)).expanduser() / "collection"
    file = folder / collection / "storage.sqlite"
    if not file.is_file():
        there = ", ".join(sorted(one.parent.name for one in folder.glob("*/storage.sqlite")))
        advice = f"it has {there}: give one of them, as in ?collection=NAME" if there else "it is no folder of Qdrant's"
        raise SourceError(f"{path_shown(folder.parent)} has no collection {collection!r}: {advice}")
    of_page = select(_ROWS.c.rowid, _ROWS.c.point).order_by(_ROWS.c.rowid).limit(PAGE)
    at = behind
    url = url_of(file)
    with in_own_words(shown(address), url), closing(Database(url)) as database:
        while page := [*database.rows(of_page if at is None else of_page.where(_ROWS.c.rowid > at))]:
            for row in page:
                yield Marked(_point_of(row.point), row.rowid)
            at = page[-1].rowid


def _point_of(pickled: bytes) -> Item:
    """Return a pickled point as an item."""
    try:
        state = unpickled(pickled).state["__dict__"]
        return item_of({"id": _id_of(state["id"]), "payload": state["payload"]})
    except Exception as error:  # noqa: BLE001 - damaged pickles raise errors of any kind
        return Item(None, pickled, fault("", "unreadable", f"no point of Qdrant: {type(error).__name__}"))


def _id_of(given: object) -> object:
    return str(given) if isinstance(given, UUID) else None if isinstance(given, Inert) else given


def read_server(address: Address, collection: str, behind: Mark | None) -> Iterator[Marked]:
    """Yield the points of a collection on a server. Raises SourceError if the package of its client is missing."""
    try:
        client_of = import_module("qdrant_client").QdrantClient
    except ImportError as error:
        raise SourceError(f"{shown(address)} needs a package: pip install 'memproc-sdk[qdrant]'") from error
    scheme = address.backend.partition("+")[2]
    client = client_of(url=f"{scheme}://{address.where}", api_key=address.options.get("api_key"))
    try:
        yield from scrolled(client, collection, behind)
    finally:
        client.close()


def scrolled(client: Any, collection: str, behind: Mark | None) -> Iterator[Marked]:
    """Yield the points of a collection as a client of Qdrant gives them, those behind an id."""
    at = behind
    while True:
        points, following = client.scroll(collection, limit=PAGE, offset=at, with_payload=True, with_vectors=False)
        for point in points:
            if point.id != behind:
                yield Marked(item_of({"id": point.id, "payload": point.payload}), point.id)
        if following is None:
            return
        at = following
