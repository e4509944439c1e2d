"""Values as callers have them: what pandas and NumPy hold for "no value", and mappings that do not behave."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import count, islice
from typing import Any

import numpy as np


class NaTType(datetime):
    """What pandas has for "no time": a datetime that differs from itself, and stays what it is whatever is done to it."""

    def __eq__(self, other: object) -> bool:
        """Equal nothing."""
        return False

    def __ne__(self, other: object) -> bool:
        """Differ from everything."""
        return True

    __hash__ = datetime.__hash__

    def isoformat(self, *_: object, **__: object) -> str:
        """Say no date."""
        return "NaT"

    def replace(self, *_: object, **__: object) -> NaTType:  # type: ignore[override]
        """Stay."""
        return self

    astimezone = replace  # type: ignore[assignment]


class NoTime(NaTType):
    """The same under another name."""


class NAType:
    """What pandas has for "no value": it cannot be asked whether it is true, and all that is asked of it is itself."""

    def __eq__(self, other: object) -> Any:
        """Answer with itself."""
        return self

    def __ne__(self, other: object) -> Any:
        """Answer with itself."""
        return self

    def __bool__(self) -> bool:
        """Refuse."""
        raise TypeError("boolean value of NA is ambiguous")

    def __repr__(self) -> str:
        """Show itself as pandas does."""
        return "<NA>"

    __hash__ = object.__hash__


class Unknown(NAType):
    """The same under another name, that leaves the difference to its equality."""

    __ne__ = object.__ne__  # type: ignore[assignment]
    __hash__ = object.__hash__


NOTHING: list[Any] = [
    float("nan"),
    np.float64("nan"),
    np.float32("nan"),
    np.datetime64("NaT", "us"),
    np.timedelta64("NaT", "us"),
    NaTType(2024, 1, 1),
    NoTime(2024, 1, 1),
    NAType(),
    Unknown(),
]
try:
    import pandas as pd
except ModuleNotFoundError:
    pass
else:
    NOTHING += [pd.NaT, pd.NA]


class Endless(Mapping[str, Any]):
    """A mapping whose names have no end."""

    def __getitem__(self, name: str) -> str:
        """Give some text."""
        return "x"

    def __iter__(self) -> Iterator[str]:
        """Give names for ever."""
        return (f"name {number}" for number in count())

    def __len__(self) -> int:
        """Claim to be small."""
        return 1

    def first(self, names: int) -> dict[str, str]:
        """Return the first names with what stands under them."""
        return dict.fromkeys(islice(self, names), "x")


class Failing(Mapping[str, Any]):
    """A mapping that has a name, and fails when it is asked for it, with an error that cannot say what it is."""

    def __getitem__(self, name: str) -> Any:
        """Fail."""
        raise MuteError

    def __iter__(self) -> Iterator[str]:
        """Give the name."""
        return iter(["content"])

    def __len__(self) -> int:
        """Count it."""
        return 1


class FailingDict(dict[str, Any]):
    """A dictionary whose rows come from a cursor that is closed."""

    def __getitem__(self, name: str) -> Any:
        """Fail."""
        raise RuntimeError("the cursor is closed")


class FailingUserDict(UserDict[str, Any]):
    """The same, of the other kind."""

    def __getitem__(self, name: str) -> Any:
        """Fail."""
        raise KeyError(name)


class MuteError(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        """Fail."""
        raise RuntimeError


class Mute:
    """An object that cannot say what it is."""

    def __repr__(self) -> str:
        """Fail."""
        raise MuteError


class Disguised:
    """An object that does not tell its class."""

    @property
    def __class__(self) -> Any:
        """Fail."""
        raise RuntimeError("no class")
