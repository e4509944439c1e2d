"""Notes and lists in plain text or markdown, and the memories that Claude keeps in it."""

from __future__ import annotations

import csv
import io
from typing import Any

from memproc.testing.exports.drawn import Built, Group, Groups, Piece, Said, System, fact, iso, pieces_of

_DIGITS = "0123456789abcdef0123456789abcde"  # of a page of Notion, but for the last
_TASKS = {"task": "[ ] ", "done": "[x] "}
_TAGS = {"task": "task", "done": "task-done"}
_PARAGRAPH = {"paragraph": "paragraphs"}


def _item(piece: Piece) -> str:
    """Return an item of a list, with a paragraph below it if the piece has one beside."""
    before = {"category": "[habit] ", "dated": f"[{piece.at:%Y-%m-%d}] - ", **_TASKS}.get(piece.sort, "")
    behind = {"category": " #tea (from Ann)", "tagged": " #tea", "linked": ", says [[Zoë|she]]", "nested": "\n  - each day"}
    below = "\n\nIt is said beside the list.\n" if piece.sort == "paragraph" else ""
    return f"- {before}{piece.text}{behind.get(piece.sort, '')}\n{below}"


def _items(group: Group) -> str:
    return "".join(map(_item, group.pieces))


def _note(group: Group) -> str:
    head = f"title: Talk\ntype: note\ntags: [garden, home]\ncreated: {iso(group.head.begun)}"
    links = "\n## Relations\n\n- part_of [[Garden club#2025]]\n" if group.number else ""
    return f"---\n{head}\n---\n# Talk\n\n## Observations\n\n{_items(group)}{links}"


def _from_item(piece: Piece, *more: str) -> Said:
    """Return what is read of an item of a list, with the tags that all have."""
    own = {"category": ("habit", "tea"), "tagged": ("tea",), **{sort: (tag,) for sort, tag in _TAGS.items()}}.get(piece.sort, ())
    ends = {"linked": ", says she", "nested": "\n- each day"}.get(piece.sort, "")
    links = (("links_to", "Zoë"),) if piece.sort == "linked" else ()
    return Said(f"{piece.text}{ends}", tags=(*own, *more), relations=links)


def _from_note(piece: Piece) -> Said:
    said = _from_item(piece, "garden", "home")
    above = (("part_of", "Garden club"),) if piece.group else ()
    return said._replace(created_at=piece.begun, relations=(*above, *said.relations))


def _list(found: Groups) -> Built:
    return "\n".join(("## Food & drink\n\n" if group.number else "") + _items(group) for group in found)


def _from_list(piece: Piece) -> Said:
    said = _from_item(piece, *(("food-drink",) if piece.group else ()))
    return said._replace(created_at=piece.at.replace(hour=0, minute=0) if piece.sort == "dated" else None)


def _memfs(found: Groups) -> Built:
    head = '---\ndescription: "What I know"\nlimit: 20000\n---\n'
    blocks = {
        f"system/label-{group.number}.md": head + ("## Food\n\n" if group.number else "") + "\n".join(map(_in_block, group.pieces))
        for group in found
    }
    return {**blocks, "system/persona.md": f"{head}I am a helper.\n"}


def _in_block(piece: Piece) -> str:
    return f"\n{piece.text}\n" if piece.sort == "paragraph" else f"- {piece.text}"


def _okf_concept(piece: Piece) -> str:
    status = "deprecated" if piece.sort == "deprecated" else "stable"
    dated = (
        f"timestamp: {piece.iso}\ndescription: Of tea"
        if piece.sort == "older"
        else f"generated: {{ by: an-agent/1, at: {piece.iso} }}"
    )
    link = "\n\nSee [the stove](/parts/stove.md#hinges)." if piece.sort == "linked" else ""
    return f"---\ntype: Play book\ntitle: {piece.id}\ntags: [food]\nstatus: {status}\n{dated}\n---\n\n{piece.text}{link}\n"


def _okf(found: Groups) -> Built:
    pieces = pieces_of(found)
    index = "# Notes\n\n" + "".join(f"- [{piece.id}]({piece.id}.md) - of tea\n" for piece in pieces)
    return {"index.md": index, **{f"{piece.id}.md": _okf_concept(piece) for piece in pieces}}


def _from_concept(piece: Piece) -> Said:
    said = fact(piece, namespace="default", id=None, subject=piece.id, tags=("play-book", "food"))
    link = "\n\nSee [the stove](/parts/stove.md#hinges)."
    is_linked = piece.sort == "linked"
    return said._replace(content=f"{piece.text}{link}", relations=(("links_to", "parts/stove"),)) if is_linked else said


def _notion(found: Groups) -> Built:
    return {f"Talk {_DIGITS}{group.number}.md": f"# Talk\n\nCreated: March 21, 2025 10:00 AM\n\n{_items(group)}" for group in found}


def _notion_table(found: Groups) -> Built:
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(("Name", "Created", "Tags", "Status"))
    for piece in pieces_of(found):
        writer.writerow((piece.text, f"{piece.at:%B} {piece.at.day}, {piece.at:%Y %I:%M %p}", "food, drink", "Open"))
    return "\ufeff" + stream.getvalue()


def _claude_memories(found: Groups) -> Built:
    accounts = []
    for group in found:
        listed = [piece for piece in group.pieces if piece.sort in ("", "paragraph")]
        memory = "**Work context**\n\n" + "\n".join(map(_in_block, listed))
        projects = {piece.id: piece.text for piece in group.pieces if piece.sort == "project"}
        files = [
            {"path": f"{piece.id}.md", "created_at": piece.iso, "content": f"---\nname: tea\n---\n- [stated] {piece.text}"}
            for piece in group.pieces
            if piece.sort == "file"
        ]
        kept = {"conversations_memory": memory, "project_memories": projects, "memory_files": files}
        accounts.append({**kept, "account_uuid": group.head.owner})
    return accounts


def _from_claude(piece: Piece) -> Said:
    said = Said(piece.text, namespace=piece.owner, tags=("work-context",))
    differing: dict[str, dict[str, Any]] = {"project": {"tags": ()}, "file": {"tags": ("stated",), "created_at": piece.at}}
    return said._replace(**differing.get(piece.sort, {}))


def _claude_place(piece: Piece) -> tuple[int, int]:
    return piece.group, ("", "project", "file").index(piece.sort.replace("paragraph", ""))


def _claude_projects(found: Groups) -> Built:
    projects = []
    for group in found:
        asked, *others = group.pieces
        docs = [
            {"uuid": piece.id, "filename": "a.md", "content": "" if piece.sort == "empty" else piece.text, "created_at": piece.iso}
            for piece in others
        ]
        times = {"created_at": iso(group.head.begun), "updated_at": iso(group.head.begun)}
        about = {"uuid": group.head.talk, "name": "Talk", "description": "", "prompt_template": asked.text, **times}
        projects.append({**about, "creator": {"uuid": group.head.owner, "full_name": "Ann"}, "docs": docs})
    return projects


def _from_project(piece: Piece) -> Said:
    if piece.number:
        return fact(piece, tags=("project-doc",))
    return fact(piece, id=None, subject="assistant", tags=("custom-instructions",), created_at=piece.begun)


NOTES: dict[str, System] = {
    "markdown": System(
        "vault.zip",
        lambda found: {f"Talk {group.number}.md": _note(group) for group in found},
        _from_note,
        odd=("category", "tagged", "linked", "nested", *_TASKS),
        partly=_PARAGRAPH,
        has_lines=False,
    ),
    "text": System("memories.txt", _list, _from_list, odd=("dated", "nested"), partly=_PARAGRAPH, has_lines=False),
    "text-lines": System(
        "lines.txt",
        lambda found: "".join(f"{piece.text}\n" for piece in pieces_of(found)),
        lambda piece: Said(piece.text),
        is_told=False,
        has_lines=False,
    ),
    "letta-memfs": System(
        "memory.zip",
        _memfs,
        lambda piece: Said(piece.text, subject=f"label-{piece.group}", tags=("food",) if piece.group else ()),
        odd=("paragraph",),
        once={"persona": 1},
        has_lines=False,
    ),
    "okf": System(
        "knowledge.zip",
        _okf,
        _from_concept,
        odd=("older", "linked"),
        left={"deprecated": "deprecated"},
        once={"companions": 1},
    ),
    "notion": System(
        "notion.zip",
        _notion,
        lambda piece: _from_item(piece)._replace(created_at=piece.begun.replace(hour=10)),
        odd=("nested", *_TASKS),
        partly=_PARAGRAPH,
        has_lines=False,
    ),
    "notion-table": System(
        f"Tasks {_DIGITS}0.csv",
        _notion_table,
        lambda piece: Said(piece.text, created_at=piece.at, tags=("food", "drink")),
        has_lines=False,
    ),
    "claude-memories": System(
        "memories.json",
        _claude_memories,
        _from_claude,
        odd=("paragraph", "project", "file"),
        order=_claude_place,
        has_lines=False,
    ),
    "claude-projects": System("projects.json", _claude_projects, _from_project, left={"empty": "empty"}),
}
