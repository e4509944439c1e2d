"""What is idle in a text: fillers, articles and commas that mean nothing."""

from __future__ import annotations

from memproc.dedup.gist.commas import places_of, without_idle_commas, without_outer_marks
from memproc.dedup.gist.fillers import without_fillers
from memproc.dedup.gist.moments import told_behind
from memproc.dedup.text import word_classes
from memproc.dedup.text.chunks import AND

SHORTEST_TOKENS = 2  # a gist of a single word says too little to merge by


def without_idle(tokens: list[str], shape: str) -> tuple[list[str], list[str]]:
    """Return the tokens without fillers, idle articles and idle commas, and the kinds of what was dropped, except commas. In a list
    "and" becomes a comma: "tea, milk, and bread", "tea, milk and bread" and "tea, milk, bread" are one, but not "tea, milk bread".
    """
    kept, shape, dropped = without_fillers(tokens, shape)
    joining = places_of(AND, shape)
    if joining:
        classes = word_classes.word_classes()
        apart, persons = classes["apart"], classes["person"]  # before these, "and" is not part of a list
        letters = [*shape]
        for at in joining:
            if at + 1 == len(kept) or not (kept[at + 1] in apart or kept[at + 1] in persons):
                kept[at] = letters[at] = ","
        shape = "".join(letters)
    if joining or "filler" in dropped:  # two marks may have met
        kept, shape = without_outer_marks(kept, shape)
    kept = without_idle_commas(kept, shape)
    behind = told_behind(kept)
    return (kept, dropped) if behind is None else (behind, [*dropped, "time in front"])
