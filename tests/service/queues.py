"""What tests of the queue have in common: small sources, and workers."""

from __future__ import annotations

import json

from memproc.service.worker import Worker

RECORDS = 5


def jsonl(folder, name, records=RECORDS):
    """Write a source whose records nobody else has, and return its path."""
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps({"content": f"What {name} said as number {at}"}) + "\n" for at in range(records)))
    return path


def worked(store):
    """Work off the queue; return which jobs ran, in their order."""
    ran = []
    Worker(store).work(until_empty=True, on_run=lambda one: ran.append(one.job))
    return ran


def states(store):
    """Return the state of each job of the queue."""
    return {job.number: job.state for job in store.queue()}
