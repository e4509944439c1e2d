"""Secrets of flows: named in the file, known only while a step needs them, and shown or stored nowhere.

Rules: a flow names a secret by a reference (`ENV:NAME`, `KEYRING:service/user`). `${secrets.name}` stands only in fields that are
for it, and is filled where the value is used. What a step gives or fails with is written with stars in place of the values. The
file alone names secrets: what an expression gives there, such as an item of a page that was fetched, may name none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self
from urllib.parse import unquote

from memproc.flows.expressions import IN_TEXT, SECRET
from memproc.references import REFERENCE, referred

HIDDEN = "***"
SHORT = 4  # characters: a shorter value is hidden only where it stands by itself


def names_more(said: Any, filled: Any, parameters: Any = None) -> bool:
    """Tell whether what a file says names other secrets once its expressions are filled, but for references in `parameters`.

    >>> names_more("https://a/${item}?key=ENV:KEY", "https://a/7?key=ENV:KEY"), names_more("https://a/${item}", "https://a/ENV:KEY")
    (False, True)
    """
    if isinstance(said, Mapping) and isinstance(filled, Mapping):
        return any(names_more(one, filled.get(name), parameters) for name, one in said.items())
    if isinstance(said, list) and isinstance(filled, list):
        return any(names_more(one, made, parameters) for one, made in zip(said, filled, strict=True))
    if not isinstance(said, str):
        return False
    bare = IN_TEXT.sub(lambda found: found[0] if SECRET.fullmatch(found[1]) else "\n", said)
    known = _references_in(bare) | _references_in("\n".join(_texts_in(parameters))) | _secrets_in(bare)
    made = "\n".join(_texts_in(filled))
    return not known >= _references_in(made) | _secrets_in(made)


def _references_in(text: str) -> set[str]:
    return {*REFERENCE.findall(unquote(text))}


def _secrets_in(text: str) -> set[str]:
    return {one for one in IN_TEXT.findall(text) if SECRET.fullmatch(one)}


def _texts_in(value: Any) -> Iterator[str]:
    waiting = [value]
    for one in waiting:
        if isinstance(one, str):
            yield one
        elif isinstance(one, Mapping | list):
            waiting += [*one, *one.values()] if isinstance(one, Mapping) else one


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
