"""The calls of mem0 over a memproc store: what is said twice is kept once, a change is history, and a merge can be undone."""

from __future__ import annotations

from memproc.integrations.mem0 import Memory


def main() -> None:
    """Do what an application of mem0 does."""
    with Memory("mem0.db") as memory:
        for text in ("Prefers green tea", "prefers green tea.", "Prefers green tea"):
            [added] = memory.add(text, user_id="ann")["results"]
            print(added["event"], memory.store.count())

        found = memory.search("which tea", filters={"user_id": "ann"})["results"]
        print([item["memory"] for item in found])

        memory.update(added["id"], "Prefers coffee")
        print([(step["event"], step["new_memory"]) for step in memory.history(added["id"])])

        memory.store.revert(added["id"])  # what memproc has beside
        print(memory.get(added["id"])["memory"])

        memory.delete_all(user_id="ann")
        print(memory.get_all(filters={"user_id": "ann"}))


if __name__ == "__main__":
    main()
