"""An agent's loop without a model: what it hears, what it remembers of it, what it looks up, and how it corrects itself.

`notes_in` stands where an agent asks its model what is worth remembering, and for which name of a fact ("home", "drink"). What the
loop does with these notes is what any agent would do: a fact that has a name is put under an id of the agent's own, so that the
next one of this name takes its place; anything else is added, and memproc finds out whether it is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import memproc

NAMED = (
    (re.compile(r"\bI (?:live in|moved to) (?P<what>\w+)"), "home", "Lives in {what}"),
    (re.compile(r"\bI (?:only )?drink (?P<what>\w+)"), "drink", "Drinks {what}"),
)
LOOSE = ((re.compile(r"\bI am allergic to (?P<what>\w+)"), "Is allergic to {what}"),)
BEGIN = datetime(2025, 5, 1, 9, tzinfo=UTC)


class Note(NamedTuple):
    """Something worth remembering. `name` says which fact it is, if only one of its kind can be true."""

    text: str
    name: str | None = None


def notes_in(said: str) -> Iterator[Note]:
    """Yield what a sentence tells of the speaker: here by patterns, in an agent by its model."""
    for pattern, name, form in NAMED:
        yield from (Note(form.format(**found.groupdict()), name) for found in pattern.finditer(said))
    for pattern, form in LOOSE:
        yield from (Note(form.format(**found.groupdict())) for found in pattern.finditer(said))


class Agent:
    """Speaks with one user, of whom it remembers what is worth it."""

    def __init__(self, store: memproc.Store, user: str) -> None:
        self.store, self.user = store, user

    def hear(self, said: str, at: datetime) -> list[str]:
        """Keep the message itself and what follows from it; return what became of each note."""
        message = {"content": said, "kind": "message", "subject": self.user, "conversation": "chat-1", "created_at": at}
        self.store.add(message, namespace=self.user, source="agent")
        return [self.remember(note, at) for note in notes_in(said)]

    def remember(self, note: Note, at: datetime) -> str:
        """Put a note into the store; what is there already is not stored again."""
        record: dict[str, Any] = {"content": note.text, "subject": self.user, "updated_at": at}
        if note.name is None:
            return f"{note.text}: {self.store.add(record, namespace=self.user, source='agent').outcome}"
        record |= {"id": note.name, "tags": [note.name]}
        return f"{note.text}: {self.store.upsert(record, namespace=self.user, source='agent').outcome}"

    def context(self, text: str | None = None) -> list[str]:
        """Return what to tell the model before it answers: the facts, the newest first, not the talk."""
        found = self.store.find(namespace=self.user, kind="fact", text=text, limit=10)
        return [memory.content for memory in found]

    def correct(self, name: str, text: str) -> list[str]:
        """Change a fact as the user asks, and return what it said over time."""
        memory = self.store.get(name, source="agent", namespace=self.user)
        if memory is None or memory.id is None:
            return []
        self.store.update(memory.id, {"content": text}, note="the user said so")
        return [step.content for step in self.store.history(memory.id).steps]


def main() -> None:
    """Have a conversation."""
    with memproc.open("agent.db") as store:
        agent = Agent(store, "ann")
        talk = (
            "Hello! I live in Rome, and I drink coffee.",
            "By the way, I am allergic to peanuts.",
            "Did I say that I am allergic to peanuts?",
            "Good news: I moved to Oslo!",
        )
        for day, said in enumerate(talk):
            print(agent.hear(said, BEGIN + timedelta(days=day)))
        print(agent.context())
        print(agent.context("peanuts"))
        print(agent.correct("drink", "Drinks tea"))
        home = store.get("home", source="agent", namespace="ann")
        print([step.content for step in store.history(home.id).steps] if home and home.id else None)
        print(store.count(), store.recount().is_whole)


if __name__ == "__main__":
    main()
