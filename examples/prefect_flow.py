"""A flow of memproc as a task of Prefect, which starts it again where it fails."""

from __future__ import annotations

from typing import Any

from flow_task import night, prepared
from prefect import flow, task


@task(retries=2, retry_delay_seconds=1)
def memories(file: str, store: str, source: str) -> dict[str, Any]:
    """Run the steps of the file, or go on with them."""
    return night(file, store, source=source)


@flow(name="nightly-memories")
def nightly(file: str, store: str, source: str) -> dict[str, Any]:
    """Have a night."""
    return memories(file, store, source)


if __name__ == "__main__":
    done = nightly(*prepared())
    print("run", done["run"], "is", done["status"], "and stored", done["load"]["stored"])
