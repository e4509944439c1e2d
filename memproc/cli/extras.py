"""What a command says where the packages of an extra are not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from memproc.errors import UsageError


@contextmanager
def needing(extra: str) -> Iterator[None]:
    """Let an import inside the block that fails, as a package is not there, be wrong use that tells which extra brings it."""
    try:
        yield
    except ModuleNotFoundError as error:
        told = str(error)
        raise UsageError(told if "pip install" in told else f"this needs the extra {extra}: {told}") from error
