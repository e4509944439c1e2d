"""What is removed for good: a memory, or all of a person."""

from __future__ import annotations

from fastapi import Request

from memproc.service.given import Forget, Note
from memproc.service.rest.callers import Caller, memory_of
from memproc.service.rest.filing import remove
from memproc.service.rest.guard import needs, router
from memproc.service.rest.served import Served, caller_of, served_of
from memproc.service.scopes import Scope
from memproc.service.told import ForgottenTold
from memproc.store.store import Store

routes = router()


@routes.delete("/api/v1/memories/{memory}", **needs(Scope.MEMORIES_FORGET))
async def forget(request: Request, memory: str, note: Note = "") -> ForgottenTold:
    """Remove a memory for good: its records with their history, and its text wherever it is. Only hashes stay."""
    return await served_of(request).call(_forget, caller_of(request), memory, note)


def _forget(store: Store, caller: Caller, identifier: str, note: str) -> ForgottenTold:
    memory_of(store, caller, identifier)
    return ForgottenTold(is_trial=False, observations=store.forget(identifier, note=note), memories=1)


@routes.post("/api/v1/forget", **needs(Scope.MEMORIES_FORGET))
async def forget_all(request: Request, asked: Forget) -> ForgottenTold:
    """Remove all of a namespace, also files that were sent, or of a subject in it, also what is rejected; without `confirm` only
    tell what that would be.
    """
    served = served_of(request)
    return await served.call(_forget_all, served, caller_of(request), asked)


def _forget_all(store: Store, served: Served, caller: Caller, asked: Forget) -> ForgottenTold:
    namespace = caller.within(asked.namespace)
    if asked.confirm and asked.subject is None and served.serving.uploads is not None:  # first: a job that waits may read them
        remove(served.serving, served.access, [one for one in served.access.uploads() if one.namespace == namespace])
    receipt = store.forget(namespace=namespace, subject=asked.subject, note=asked.note, dry_run=not asked.confirm)
    names = ("is_trial", "observations", "memories", "reviews", "quarantine")
    return ForgottenTold(**{name: getattr(receipt, name) for name in names})
