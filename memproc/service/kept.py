"""Classes of memories that keep to namespaces: a record that names another one is rejected, and lands in none.

A namespace that is given to an ingestion is for records that carry none; whoever is kept to some may not write into others by a
record that carries one.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic import create_model, model_validator

from memproc.records import Memory

MOST_KEPT = 1_000


@lru_cache(maxsize=MOST_KEPT)
def kept_to(schema: type[Memory], namespaces: tuple[str, ...]) -> type[Memory]:
    """Return a class like another one whose memories are in one of some namespaces.

    >>> kept_to(Memory, ("ann",))(content="tea", namespace="ann").namespace
    'ann'
    """

    def is_within(self: Memory) -> Memory:
        if self.namespace not in namespaces:
            raise ValueError("the record names a namespace that is not reached from here: leave it out, or name one of your own")
        return self

    validators = {"keeps_to_namespaces": model_validator(mode="after")(is_within)}
    made: type[Memory] = create_model(schema.__name__, __base__=schema, __validators__=validators, __doc__=schema.__doc__)  # type: ignore[arg-type]
    return made
