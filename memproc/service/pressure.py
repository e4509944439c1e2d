"""Back-pressure: whether the machine has so much to do that a worker begins nothing."""

from __future__ import annotations

import os

from memproc.resources import allowed_cores, used_share
from memproc.store.queue.rules import QueueRules


def under_pressure(rules: QueueRules) -> str | None:
    """Return why no job is to begin now, None where one may."""
    memory = used_share() if rules.max_memory_share is not None else 0.0
    if rules.max_memory_share is not None and memory > rules.max_memory_share:
        return f"waiting for memory: {memory:.0%} is used, and max_memory_share is {rules.max_memory_share:g}"
    load = load_a_core() if rules.max_load is not None else 0.0
    if rules.max_load is not None and load > rules.max_load:
        return f"waiting for the load to fall: it is {load:.2f} a core, and max_load is {rules.max_load:g}"
    return None


def load_a_core() -> float:
    """Return how many processes a core wanted to run in the last minute, 0 where the system does not tell."""
    return os.getloadavg()[0] / allowed_cores() if hasattr(os, "getloadavg") else 0.0
