"""What is told where a package of an extra is not there."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def told_which_extra(extra: str) -> Iterator[None]:
    """Let an import inside the block that fails, as a package is not there, tell which extra brings it: a ModuleNotFoundError."""
    try:
        yield
    except ModuleNotFoundError as error:
        told = f"this needs packages that are not there: pip install 'memproc-sdk[{extra}]' ({error})"
        raise ModuleNotFoundError(told, name=error.name) from error
