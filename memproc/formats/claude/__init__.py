"""Claude.ai's data export: `conversations.json`, the memories Claude keeps (`memories.json`,
`memories/<account>.json`), and projects.

Anthropic publishes no schema: what each module says of its file was seen in exports.
"""

from memproc.formats.claude.conversations import CONVERSATIONS
from memproc.formats.claude.memories import MEMORIES
from memproc.formats.claude.projects import PROJECTS

__all__ = ["CONVERSATIONS", "MEMORIES", "PROJECTS"]
