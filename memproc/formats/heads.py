"""The fields in the head of a markdown text.

Rules: most heads are names with values, and are read as that, because much of what stands in heads is no valid YAML. What only YAML
can say (nesting, values of several lines, escapes) is read by PyYAML, all values as text; where that is no YAML either, by lines.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Any

from memproc.records import Fault
from memproc.sources.front_matter import fields_of
from memproc.validation import fault

EXTRA = "markdown"
_NEEDS_YAML = re.compile(r"^(?:[ \t]+(?!- )\S|[ \t]*- [^\n:\"']{0,200}: |[^\n:]*:[ \t]+[|>{&*!]|[^\n]*\"[^\n\"]*\\)", re.MULTILINE)


def fields_of_head(head: str) -> dict[str, Any] | Fault:
    """Return the fields of a head, or the fault that it needs a package that is not there."""
    if not _NEEDS_YAML.search(head):
        return fields_of(head)
    try:
        yaml = import_module("yaml")
    except ImportError:
        needed = f"pip install 'memproc-sdk[{EXTRA}]'"
        return fault("note", "extra_missing", f"has a head that is more than names and values, which needs a package: {needed}")
    try:
        if any(getattr(event, "anchor", None) for event in yaml.parse(head, yaml.SafeLoader)):
            return fields_of(head)  # a head that repeats itself by reference may become as large as it likes
        found = yaml.load(head, yaml.BaseLoader)
    except (yaml.YAMLError, ValueError, RecursionError):
        return fields_of(head)
    named = found if isinstance(found, dict) else {}
    return {name: value for name, value in named.items() if isinstance(name, str) and value not in ("", [], {})}
