"""Whose a memory is in mem0, a user's, an agent's or a run's, and where that stands in memproc.

Facts: mem0 has three ids, of which at least one is given, and none of them has white space in it.

Rules: the namespace is the user, so that all of a person is in one place, as in what the format `mem0` reads. Without a user it is
the agent or the run behind a word and a space, which no user can be called. A run is the conversation too, and an agent stands in
the metadata. What an agent or a run said is kept apart from the rest by its subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from memproc.errors import UsageError
from memproc.records import Plain
from memproc.values import shown

IDS = ("user_id", "agent_id", "run_id")
AGENT = "agent_id"
_AGENT, _RUN = "agent ", "run "  # what a namespace without a user begins with


@dataclass(frozen=True, slots=True)
class Scope:
    """The ids by which mem0 tells whose a memory is: at least one."""

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Scope:
        """Return the scope that ids give. Raises UsageError if there is none, or if one is blank or has white space in it."""
        ids = {name: _clean(name, given[name]) for name in IDS if given.get(name) is not None}
        if not ids:
            raise UsageError(f"say whose the memories are: give at least one of {', '.join(IDS)}")
        return cls(**ids)

    @property
    def namespace(self) -> str:
        """The namespace of what is added.

        >>> Scope(user_id="ann", run_id="r1").namespace, Scope(agent_id="cook").namespace
        ('ann', 'agent cook')
        """
        if self.user_id is not None:
            return self.user_id
        return f"{_AGENT}{self.agent_id}" if self.agent_id is not None else f"{_RUN}{self.run_id}"

    def subject_of(self, speaker: str | None) -> str | None:
        """Return what keeps the memories of an agent, a run or a speaker apart from others of the namespace, None for nothing."""
        parts = (("agent", self.agent_id), ("run", self.run_id), ("by", speaker))
        return " ".join(f"{word} {name}" for word, name in parts if name is not None) or None

    def has(self, memory: Plain) -> bool:
        """Return whether a memory is of each of the ids."""
        return all(given is None or ids_of(memory).get(name) == given for name, given in zip(IDS, self._ids, strict=True))

    @property
    def _ids(self) -> tuple[str | None, ...]:
        return self.user_id, self.agent_id, self.run_id


def ids_of(memory: Plain) -> dict[str, str]:
    """Return the ids of mem0 that a memory has."""
    namespace = memory["namespace"]
    user = {} if namespace.startswith((_AGENT, _RUN)) else {"user_id": namespace}
    agent = memory.get("metadata", {}).get(AGENT)
    run = memory.get("conversation")
    return {**user, **({AGENT: agent} if isinstance(agent, str) else {}), **({"run_id": run} if run else {})}


def _clean(name: str, given: object) -> str:
    text = str(given).strip()
    if not text or any(character.isspace() for character in text):
        raise UsageError(f"{name}={given!r}: give a name without white space")
    if shown(text) != text:  # the namespace would have the name of another user
        raise UsageError(f"{name}={given!r}: give a name without invisible characters at its ends")
    return text
