"""Secrets of flows: named in the file, known only while a step needs them, and shown or stored nowhere.

Rules: a flow names a secret by a reference (`ENV:NAME`, `KEYRING:service/user`). `${secrets.name}` stands only in fields that are
for it, and is filled where the value is used. What a step gives or fails with is written with stars in place of the values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Self

from memproc.flows.expressions import IN_TEXT, SECRET
from memproc.references import referred

HIDDEN = "***"
SHORT = 4  # characters: a shorter value is hidden only where it stands by itself


class FlowSecrets:
    """The secrets that a flow names, each looked up when it is first used."""

    def __init__(self, references: Mapping[str, str]) -> None:
        """Know their names, and what they refer to."""
        self._references = references
        self._values: dict[str, str] = {}

    @classmethod
    def of_values(cls, values: Iterable[str]) -> Self:
        """Return what hides values that are no secrets of a file."""
        made = cls({})
        made._values = {str(at): value for at, value in enumerate(values) if value}
        return made

    def revealed(self, text: str) -> str:
        """Return a text with the values of secrets. Raises UsageError where one is not there."""

        def put(found: re.Match[str]) -> str:
            name = SECRET.fullmatch(found[1])
            return self._value(name[1]) if name else found[0]

        return IN_TEXT.sub(put, text)

    def _value(self, name: str) -> str:
        if name not in self._values:
            self._values[name] = referred(self._references[name])
        return self._values[name]

    def reference(self, text: str) -> str:
        """Return a text with the references of secrets, for what looks them up by itself.

        >>> FlowSecrets({"home": "ENV:PATH"}).reference("Bearer ${secrets.home}")
        'Bearer ENV:PATH'
        """

        def put(found: re.Match[str]) -> str:
            name = SECRET.fullmatch(found[1])
            if not name:
                return found[0]
            self._value(name[1])  # so that it is hidden from now on
            return self._references[name[1]]

        return IN_TEXT.sub(put, text)

    def hidden(self, value: Any) -> Any:
        """Return JSON values with stars in place of all secrets that were used."""
        if isinstance(value, str):
            for secret in sorted(self._values.values(), key=len, reverse=True):
                form = re.escape(secret) if len(secret) >= SHORT else rf"(?<!\w){re.escape(secret)}(?!\w)"
                value = re.sub(form, HIDDEN, value)
            return value
        if isinstance(value, Mapping):
            return {self.hidden(name): self.hidden(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.hidden(one) for one in value]
        return value
