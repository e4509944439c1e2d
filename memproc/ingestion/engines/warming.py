"""What a worker loads before its first chunk."""

from __future__ import annotations

from memproc.config import Policy
from memproc.dedup.preparing import prepare
from memproc.records import Memory, plain
from memproc.validation import validate


def warm() -> None:
    """Read the word lists and build the validator, by taking one record through them."""
    memory = validate({"content": "She realy likes the tea, and doesn't mind coffee"}).memory or Memory(content="tea")
    prepare(plain(memory), is_identity=False, as_of=None, policy=Policy())
