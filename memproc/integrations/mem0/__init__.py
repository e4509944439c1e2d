"""The shape of mem0 over a memproc store: `Memory`. It needs no package beside memproc."""

from memproc.integrations.mem0.memory import Memory

__all__ = ["Memory"]
