"""ChatGPT's data export: `conversations.json`, or its shards. OpenAI publishes no schema: what is said here was seen in exports."""

from memproc.formats.chatgpt.conversations import FORMAT

__all__ = ["FORMAT"]
