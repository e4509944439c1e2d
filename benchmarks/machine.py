"""What figures depend on: the machine and the versions."""

from __future__ import annotations

import os
import platform
import sqlite3
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Final

import psutil

GIGABYTE: Final = 1_000_000_000
PACKAGES: Final = (
    *("memproc-sdk", "orjson", "pydantic", "numpy", "sqlalchemy", "datasketch", "rapidfuzz", "rensa", "sqlite-utils", "dlt"),
    *("mem0ai", "qdrant-client", "distributed", "ray", "psycopg", "pymysql"),
)


def machine() -> dict[str, str]:
    """Give system, processor, cores, memory and versions; what is not installed is left out."""
    fixed = {
        "system": f"{platform.system()} {platform.machine()}",
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{psutil.virtual_memory().total / GIGABYTE:.0f} GB",
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }
    return fixed | {package: found for package in PACKAGES if (found := _maybe_version(package))}


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())


def _maybe_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
