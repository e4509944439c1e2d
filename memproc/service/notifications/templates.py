"""The texts of messages, from Jinja2 templates in its sandbox.

A template is given `notices` (of each the rule, and what is told of its job: see the reference of payloads), `count`, `first` (the
first of them) and `store` (where the store is, without passwords). It has the bounds of documents: see `documents.templates`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memproc.documents.templates import DocumentLimits, Written, environment_class
from memproc.integrations.extras import told_which_extra

SUBJECT = """\
memproc: {% if count == 1 %}job {{ first.job }} {{ first.end }} ({{ first.rule }}){% else %}{{ count }} jobs\
{% for end in notices | map(attribute="end") | unique %}, \
{{ notices | selectattr("end", "equalto", end) | list | length }} {{ end }}\
{% endfor %}{% endif %}
"""
TEXT = """\
{% for one in notices[:50] -%}
Job {{ one.job }}{% if one.name %} ({{ one.name }}){% endif %} {{ one.end }}\
{% if one.status not in ("done", one.end) %}: {{ one.status }}{% endif %} at {{ one.ended_at }}.
  {{ one.read }} read = {{ one.stored }} stored + {{ one.duplicate }} duplicate + {{ one.merged }} merged + \
{{ one.quarantined }} quarantined\
{% if one.quarantined %} ({{ "%.1f" | format(100 * one.quarantined / one.read) }} %){% endif %}
  rule: {{ one.rule }}
{% endfor -%}
{% if count > 50 %}and {{ count - 50 }} more
{% endif -%}
store: {{ store }}
"""
MOST_CHARS = 20_000
LIMITS = DocumentLimits(seconds=2.0)
SAMPLE: Mapping[str, Any] = {
    "rule": "failures",
    "job": 1,
    "end": "failed",
    "status": "failed",
    "run": 1,
    "format": "json",
    "name": None,
    "schedule": None,
    "began_at": "2026-01-31T12:00:00.000000Z",
    "ended_at": "2026-01-31T12:00:01.000000Z",
    "share": 1.0,
    "seconds_left": None,
    "batches": 1,
    "read": 1,
    "stored": 0,
    "duplicate": 0,
    "merged": 0,
    "quarantined": 1,
    "sequence": 1,
}


def rendered(template: str, notices: Sequence[Mapping[str, Any]], store: str) -> str:
    """Return the text that a template makes of notices. Raises jinja2's TemplateError where it cannot, LimitError where it takes
    too long or becomes too large.
    """
    with told_which_extra("notify"):
        import jinja2  # noqa: F401, PLC0415 - an extra, loaded when it is first used
    environment = environment_class()()
    filled = [{**SAMPLE, "name": None, "schedule": None, **one} for one in notices]
    told = {"notices": filled, "count": len(filled), "first": filled[0], "store": store}
    text = Written("a template", "", environment.from_string(template), environment).render(told, LIMITS).decode()
    return text if len(text) <= MOST_CHARS else text[:MOST_CHARS] + "\n..."


def template_fault(template: str) -> str | None:
    """Return why a template cannot be used, None if it can: it is tried with one notice and with two."""
    try:
        for many in (1, 2):
            rendered(template, [SAMPLE] * many, "sqlite:///memories.db")
    except ModuleNotFoundError:
        raise
    except Exception as error:  # noqa: BLE001 - a template may fail in any way
        line = getattr(error, "lineno", None)
        return f"the template fails{'' if line is None else f' in its line {line}'}: {error}"
    return None
