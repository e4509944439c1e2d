"""Claude.ai's data export: `conversations.json`, and the memories Claude keeps (`memories.json`, `memories/<account>.json`).

Anthropic publishes no schema: what each module says of its file was seen in exports.
"""

from memproc.formats.claude.conversations import CONVERSATIONS
from memproc.formats.claude.memories import MEMORIES

__all__ = ["CONVERSATIONS", "MEMORIES"]
