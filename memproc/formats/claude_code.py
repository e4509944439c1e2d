"""Sessions of Claude Code: `~/.claude/projects/<folder>/<session>.jsonl`, a line for all that happened.

Facts: nothing is published; this was seen in files. Lines of the type `user` and `assistant` hold a `message` with `role` and
`content`: text, or blocks of text, thinking, calls of tools and their results (which a "user" gives). Each has a `uuid`, its
`sessionId` and a `timestamp`. Other lines are snapshots of files, titles (`summary`), the queue and the state of the program.
`isMeta` marks what the program tells the model, `isCompactSummary` its own summary of what went before, `isSidechain` what a
subagent did. Commands and what they printed stand in tags, as words of the user.

Rules: a message is an event under its uuid, in the conversation of its session. Thinking, tools, subagents, and words that nobody
said are read on request. Other lines are counted.

Left out: fields about the state of the program; the folder, the branch and the model go to the metadata.
"""

from __future__ import annotations

from collections.abc import Iterator

from memproc.formats import messages
from memproc.formats.draft import Broken, Context, Format, Item, LeftOut, Part, without_nones
from memproc.formats.messages import Message, Talk
from memproc.validation import fault

_OTHERS = ("summary", "file-history-snapshot", "queue-operation", "system", "progress", "attachment", "custom-title", "last-prompt")
_MARKS = ("leafUuid", "messageId", "sessionId")
_COMMANDS = ("<command-", "<local-command-", "<bash-input>", "<bash-stdout>", "<system-reminder>")
_KINDS = {"isSidechain": "sidechains", "isCompactSummary": "summaries", "isMeta": "hidden"}


def _matches(item: Item, _fields: frozenset[str]) -> bool:
    message = item.get("message")
    if isinstance(message, dict):
        is_identified = "uuid" in item and ("sessionId" in item or "parentUuid" in item)
        return item.get("type") in ("user", "assistant") and is_identified and "role" in message and "content" in message
    if item.get("type") in _OTHERS:
        return any(name in item for name in _MARKS)
    is_state = isinstance(item.get("type"), str) and "sessionId" in item and not messages.has_text(item)
    return is_state or ("parentUuid" in item and "uuid" in item and "sessionId" in item)


def _read(item: Item, context: Context) -> Iterator[Part]:
    message = item.get("message")
    if item.get("type") not in ("user", "assistant"):
        yield LeftOut("other")
        return
    if not isinstance(message, dict):
        yield Broken(fault("message", "dict_type", "a line of Claude Code has its message in an object"))
        return
    kind = _kind(item, message.get("content"))
    if kind is not None and kind not in context.include:
        yield LeftOut(kind)
        return
    talk = Talk(messages.name_of(item.get("sessionId")))
    notes = without_nones({"cwd": item.get("cwd"), "git_branch": item.get("gitBranch") or None, "model": message.get("model")})
    said = Message(
        message.get("role", item["type"]),
        message.get("content"),
        id=item.get("uuid"),
        created_at=item.get("timestamp"),
        notes=notes,
        path="message",
    )
    yield from messages.read_message(said, talk, context)


def _kind(item: Item, content: object) -> str | None:
    """Return the kind that `include` must name for a line to be read; None if it is read anyway."""
    kind = next((kind for mark, kind in _KINDS.items() if item.get(mark) is True), None)
    if kind is None and isinstance(content, str) and content.lstrip().startswith(_COMMANDS):
        return "commands"
    return kind


FORMAT = Format(
    name="claude-code",
    about="sessions of Claude Code: JSON lines",
    matches=_matches,
    read=_read,
    options=("thinking", "tool", "sidechains", "summaries", "hidden", "commands"),
)
