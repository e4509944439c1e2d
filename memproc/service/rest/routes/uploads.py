"""Files that are sent to be read by jobs."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Request

from memproc.errors import NotFoundError
from memproc.service.given import Namespace, Number
from memproc.service.rest.callers import Caller
from memproc.service.rest.filing import folder_of, receive, remove
from memproc.service.rest.guard import needs, router
from memproc.service.rest.served import Served, caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import UploadsTold, UploadTold
from memproc.store.access.access import Access
from memproc.store.access.uploads import Upload

_BYTES = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
_FILE = {"requestBody": {"content": _BYTES, "required": True}}
routes = router()

FileName = Annotated[
    str, Query(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$", description="What it is called: its ending says how it is read.")
]


@routes.post(
    "/api/v1/uploads",
    status_code=201,
    **needs(Scope.JOBS_WRITE, **_FILE, **{"x-takes-no-key": True}),
)
async def upload(request: Request, name: FileName, namespace: Namespace | None = None) -> UploadTold:
    """Send a file, as it is, to be read by jobs. It is written to disk as it comes, and deleted after some days."""
    caller = caller_of(request)
    what = {"name": name, "namespace": caller.within(namespace)}
    return _told(await receive(served_of(request), caller, what, request.stream()))


@routes.get("/api/v1/uploads", **needs(Scope.JOBS_READ))
async def uploads(request: Request) -> UploadsTold:
    """List the files that were sent, the oldest first."""
    served, caller = served_of(request), caller_of(request)
    found = await served.store.threads.call(served.access.uploads)
    return UploadsTold(uploads=[_told(one) for one in found if caller.reaches(one.namespace)])


@routes.delete("/api/v1/uploads/{number}", **needs(Scope.JOBS_WRITE))
async def delete(request: Request, number: Number) -> UploadTold:
    """Delete a file that was sent."""
    served = served_of(request)
    return _told(await served.store.threads.call(partial(_delete, served, caller_of(request), number)))


def upload_of(access: Access, caller: Caller, number: int) -> Upload:
    """Return a file of the caller's. Raises NotFoundError on any other."""
    found = access.upload(number)
    if found is None or not caller.reaches(found.namespace):
        raise NotFoundError(f"there is no file {number} here: take a number that GET /api/v1/uploads gives")
    return found


def _delete(served: Served, caller: Caller, number: int) -> Upload:
    folder_of(served.serving)
    found = upload_of(served.access, caller, number)
    remove(served.serving, served.access, [found])
    return found


def _told(one: Upload) -> UploadTold:
    return UploadTold(**{name: getattr(one, name) for name in UploadTold.model_fields})
