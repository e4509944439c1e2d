"""Hypothesis strategies for property tests on memories, for users of memproc and for memproc itself.

`records`, `facts`, `events`, `broken` and `texts` draw records as they are given; `memories` memories of any class; `exports` files
of all systems, `sample_export` one that is the same each time; `batches` records whose outcomes are known. `st.from_type(Memory)`
draws memories too, of every class.
"""

from memproc.from_type import register
from memproc.testing.batches import Expected, batches
from memproc.testing.drawing import (
    BENIGN,
    CONTRADICTING,
    SAME,
    SEEDS,
    SLIPS,
    bridges,
    broken,
    events,
    facts,
    records,
    texts,
    waiting,
)
from memproc.testing.exports import EXPORTS, SOME, Export, Said, exports, sample_export
from memproc.testing.schemas import emotions, memories, of_class, relations

register()  # where the package is not installed, nothing has called it

__all__ = [
    "BENIGN",
    "CONTRADICTING",
    "EXPORTS",
    "SAME",
    "SEEDS",
    "SLIPS",
    "SOME",
    "Expected",
    "Export",
    "Said",
    "batches",
    "bridges",
    "broken",
    "emotions",
    "events",
    "exports",
    "facts",
    "memories",
    "of_class",
    "records",
    "relations",
    "sample_export",
    "texts",
    "waiting",
]
