"""What Hypothesis calls when it is imported (the entry point `hypothesis` of the package), so that `st.from_type(Memory)` works.

Rule: this loads next to nothing, as it runs wherever Hypothesis is imported beside an installed memproc; `import memproc` loads
nothing of Hypothesis. A class is registered when it is defined, and its strategy made when it is asked for.
"""

from __future__ import annotations

from typing import Any

from memproc.classes import tell_of_classes


def register() -> None:
    """Register the strategies of memories, of their parts, and of all classes of memories, those to come too."""
    tell_of_classes(_register)


def _register(defined: type[Any]) -> None:
    from hypothesis import strategies as st  # noqa: PLC0415 - Hypothesis itself calls this while it is imported

    st.register_type_strategy(defined, _drawn)


def _drawn(wanted: type[Any]) -> Any:
    from memproc.testing import of_class  # noqa: PLC0415 - not before it is asked for

    return of_class(wanted)
