"""Templates: whole flows to begin with."""

from __future__ import annotations

from importlib.resources import files
from typing import NamedTuple

from memproc.errors import UsageError


class Template(NamedTuple):
    """A template: its name, and what it is for."""

    name: str
    about: str


TEMPLATES = (
    Template("nightly-import", "fetch an export, look at it, take it in, judge the result, and report"),
    Template("migration", "rehearse, let a person approve, migrate, and verify"),
    Template("quality-audit", "check the store, report on it, and fail where it is not whole"),
    Template("subject-access", "give a person what is kept of them, and erase it where they ask for that"),
    Template("evaluation-set", "let policies decide what is clear, and export a sample that is always the same"),
)


def template(name: str) -> str:
    """Return the text of a template. Raises UsageError where there is none of this name."""
    if name not in {one.name for one in TEMPLATES}:
        raise UsageError(f"no template {name!r}: there are {', '.join(one.name for one in TEMPLATES)}")
    return files("memproc.flows").joinpath("templates", f"{name}.yaml").read_text(encoding="utf-8")
