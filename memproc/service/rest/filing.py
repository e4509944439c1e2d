"""Files that are sent to be read: written to disk as they come, each in a folder of its own, and deleted after some days."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from memproc.asynchronous.threads import Threads
from memproc.service.rest.callers import Caller
from memproc.service.rest.problems import ProblemError
from memproc.service.rest.served import Served
from memproc.service.serving import Serving
from memproc.store.access.access import Access
from memproc.store.access.uploads import Upload
from memproc.times import to_text

AT_ONCE_BYTES = 1024 * 1024
LEFT_FREE_BYTES = 256 * 1024 * 1024


def folder_of(serving: Serving) -> Path:
    """Return the folder of files that are sent. Raises a problem where none are taken."""
    if serving.uploads is None:
        raise ProblemError(403, "uploads-off", "this server takes no files: who runs it gives it a folder by --uploads")
    return serving.uploads


def path_of(serving: Serving, upload: Upload) -> Path:
    """Return where a file lies."""
    return folder_of(serving) / upload.folder / upload.name


async def receive(served: Served, caller: Caller, what: dict[str, Any], chunks: AsyncIterator[bytes]) -> Upload:
    """Write a file as it comes, and return what is known of it then. Where it breaks off nothing is left of it."""
    root, name = folder_of(served.serving), uuid4().hex
    folder, threads = root / name, served.store.threads
    await threads.call(partial(_begin, served, folder))
    try:
        size, digest = await _write(threads, folder / what["name"], chunks, served.serving.upload_bytes)
        known = {**what, "folder": name, "who": caller.who, "size": size, "sha256": digest}
        return await threads.call(partial(served.access.note_upload, known))
    except BaseException:
        await threads.call(partial(shutil.rmtree, folder, ignore_errors=True))
        raise


def _begin(served: Served, folder: Path) -> None:
    delete_old(served.serving, served.access)
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if shutil.disk_usage(folder.parent).free < LEFT_FREE_BYTES:
        raise _full()
    folder.mkdir(mode=0o700)


def _full() -> ProblemError:
    return ProblemError(507, "disk-full", "there is no room for files on this server: tell who runs it, and send it later")


async def _write(threads: Threads, path: Path, chunks: AsyncIterator[bytes], most: int) -> tuple[int, str]:
    """Write what comes to a new file, some of it at a time; return how many bytes there were, and their hash."""
    digest, size, held = hashlib.sha256(), 0, bytearray()
    descriptor = await threads.call(partial(os.open, path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def write(some: bytes) -> None:
        digest.update(some)
        left = memoryview(some)
        while left:
            left = left[os.write(descriptor, left) :]

    try:
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise ProblemError(413, "file-too-large", f"the file has more than {most:,} bytes: send it in parts")
            held += chunk
            if len(held) >= AT_ONCE_BYTES:
                some, held = bytes(held), bytearray()
                await threads.call(partial(write, some))
        await threads.call(partial(write, bytes(held)))
        await threads.call(partial(os.fsync, descriptor))
    except OSError as error:
        raise _full() from error
    finally:
        await threads.call(partial(os.close, descriptor))
    return size, digest.hexdigest()


def delete_old(serving: Serving, access: Access) -> None:
    """Delete files that were sent too long ago."""
    before = to_text(datetime.now(UTC) - timedelta(days=serving.upload_days))
    remove(serving, access, [one for one in access.uploads() if one.made_at < before])


def remove(serving: Serving, access: Access, uploads: Sequence[Upload]) -> None:
    """Delete files, and what is known of them."""
    if not uploads:
        return
    access.delete_uploads([one.number for one in uploads])
    for one in uploads:
        with suppress(OSError):
            shutil.rmtree(folder_of(serving) / one.folder)
