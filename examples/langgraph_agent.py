"""A graph of LangGraph that remembers: one node keeps what was said, another tells what is known. There is no model in it.

Everything is in `graph.db`. It is a memproc store, so what a key held before can be seen, and said again.
"""

from __future__ import annotations

from typing import TypedDict

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime

from memproc import open as open_store
from memproc.integrations.langgraph import MemprocStore


class Talk(TypedDict):
    """What goes through the graph."""

    user: str
    said: str
    answer: str


def remember(state: Talk, runtime: Runtime) -> dict[str, str]:
    """Keep where somebody lives, under one key."""
    place = state["said"].removeprefix("I live in ")
    if place != state["said"]:
        runtime.store.put(("users", state["user"]), "home", {"content": f"Lives in {place}", "place": place})
    return {}


def answer(state: Talk, runtime: Runtime) -> dict[str, str]:
    """Tell what is known."""
    found = runtime.store.search(("users", state["user"]), query=state["said"])
    return {"answer": "; ".join(item.value["content"] for item in found) or "I know nothing yet"}


def main() -> None:
    """Talk three times."""
    graph = StateGraph(Talk)
    graph.add_node("remember", remember)
    graph.add_node("answer", answer)
    graph.add_edge(START, "remember")
    graph.add_edge("remember", "answer")
    graph.add_edge("answer", END)

    with open_store("graph.db") as store:
        agent = graph.compile(store=MemprocStore(store))
        for said in ("Where do I live?", "I live in Rome", "I live in Oslo"):
            print(agent.invoke({"user": "ann", "said": said, "answer": ""})["answer"])

        home = store.get("home", source="langgraph", namespace="users/ann")
        print([step.content for step in store.history(home.id).steps])


if __name__ == "__main__":
    main()
