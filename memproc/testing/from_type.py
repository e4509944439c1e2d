"""What Hypothesis calls when it is imported (the entry point `hypothesis` of the package), so that `st.from_type(Memory)` works.

Rule: nothing of `memproc.testing` is imported before a strategy is asked for, as whoever imports Hypothesis may not want it; and
nothing of Hypothesis by `import memproc`. A class that is defined later is registered when it is defined.
"""

from __future__ import annotations

from typing import Any

from memproc.records import EmotionalContext, Memory, Relation
from memproc.records.memory import TOLD_OF_CLASSES


def register() -> None:
    """Register the strategies of memories, of their parts, and of all classes of memories, those to come too."""
    from hypothesis import strategies as st  # noqa: PLC0415 - Hypothesis itself calls this while it is imported

    if _register in TOLD_OF_CLASSES:
        return
    TOLD_OF_CLASSES.append(_register)
    waiting: list[type[Memory]] = [Memory]
    for schema in waiting:
        _register(schema)
        waiting += schema.__subclasses__()
    st.register_type_strategy(Relation, _part("relations"))
    st.register_type_strategy(EmotionalContext, _part("emotions"))


def _register(schema: type[Memory]) -> None:
    from hypothesis import strategies as st  # noqa: PLC0415 - as above

    def drawn(wanted: type[Memory]) -> Any:
        from memproc.testing import memories  # noqa: PLC0415 - not before it is asked for

        return memories(wanted)

    st.register_type_strategy(schema, drawn)


def _part(name: str) -> Any:
    def drawn(_wanted: type[Any]) -> Any:
        from memproc import testing  # noqa: PLC0415 - as above

        return getattr(testing, name)()

    return drawn
