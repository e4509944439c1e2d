"""A flow of memproc as a task of Airflow, which starts it again where it fails.

For the folder of DAGs, with `flow_task.py` beside it. `airflow dags test nightly_memories` tries it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import dag, task
from flow_task import night

FILE, STORE, SOURCE = "nightly.yaml", "memories.db", "export.jsonl"


@dag(schedule="0 3 * * *", start_date=datetime(2026, 1, 1, tzinfo=UTC), catchup=False, tags=["memories"])
def nightly_memories(file: str = FILE, store: str = STORE, source: str = SOURCE) -> None:
    """Have a night."""

    @task(retries=2, retry_delay=timedelta(seconds=1))
    def memories(file: str, store: str, source: str) -> dict[str, Any]:
        """Run the steps of the file, or go on with them."""
        return night(file, store, source=source)

    memories(file, store, source)


nightly = nightly_memories()
