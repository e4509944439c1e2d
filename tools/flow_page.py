"""Write `docs/reference/flow-file.md` and `flow.schema.json` from the options of steps. Run: `python tools/flow_page.py`."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import orjson
from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from memproc.flows.flow import Flow, Parameter
from memproc.flows.schema import flow_schema
from memproc.flows.step import Options, Retry
from memproc.flows.steps import STEPS
from memproc.flows.steps.enrich import Endpoint
from memproc.flows.steps.notify import Mail

FOLDER = Path(__file__).resolve().parents[1] / "docs/reference"
PAGE, SCHEMA = FOLDER / "flow-file.md", FOLDER / "flow.schema.json"
_PARTS: dict[str, type[BaseModel]] = {"by": Endpoint, "mail": Mail}
GIVES = {
    "fetch": "`path`, `bytes`, `sha256`",
    "ingest": "`job`, `outcome` (done, rehearsed), `read`, `stored`, `duplicate`, `merged`, `quarantined` and of these "
    "each `..._rate` (0 to 1), `review`, `errors` by category",
    "migrate": "as `ingest`, and `rows`, `fields_changed`, `verified`",
    "validate": "`read`, `valid`, `invalid`, `invalid_rate`, `broken` (files), `fields` by path; of the store `errors`, `warnings` "
    "(codes), `is_whole`, `memories`",
    "gate": "`met`, and by the names of rules `rules` (met, failed, warned, open) and `values`",
    "transform": "`path`, `written`, `rejected`",
    "enrich": "as `ingest`, and `enriched`: by name `records`, `kept`, `answered`, `changed`, `failed`, `wrong`, `calls`, `cost`",
    "review": "`decided` (by the policy), `open`, `approved`, `by`, `note`",
    "export": "`path`, `lines`",
    "report": "`path`, `job`, `read`, `stored`, `duplicate`, `merged`, `quarantined`, and each `..._rate`",
    "notify": "`sent`, and `failed` by channel",
    "forget": "`memories`, `observations`, `reviews`, `quarantine`, `expired`, `unclear`, `made_at`",
    "run": "`code`, and with `parse` `values`",
}
_HEAD = """# The file of a flow

<!-- Written by tools/flow_page.py: change the options of the steps in memproc/flows/, and run it. -->

A flow is a file in YAML, or in JSON where its name ends so: [how to run one](../how-to/run-a-flow.md).
Its JSON Schema, for editors, is [flow.schema.json](flow.schema.json); `memproc flow schema` prints it.
A name that is not below is refused, with its line and the nearest right word: `memproc flow check FLOW`.

| name | meaning | by default |
|---|---|---|
"""
_EXPRESSIONS = """
## Expressions

Expressions are [JMESPath](https://jmespath.org): they read values and run nothing.
In a text they stand in `${...}`; a text that is nothing else keeps the kind of the value.
`when`, `for_each` and `approve_when` are expressions by themselves, without `${}`.

| name | what it is |
|---|---|
| `parameters.NAME` | a parameter |
| `steps.ID` | what a step above gave, its `status` and its `error`; of one with `for_each` `items`, `count`, `failed` |
| `run`, `flow` | the number of the run, the name of the flow |
| `item`, `index` | in a step with `for_each` what it is taken for, and its number from 0 |
| `secrets.NAME` | a secret, and only in the fields that are for one |

Numbers stand in backticks, texts in single quotes: ``steps.load.stored > `0` && parameters.kind == 'fact'``.
A condition is true or false; one that compares with what is not there is false, and a number by itself is refused.
An expression has at most 1,000 characters, and takes at most 100,000 steps.
JMESPath does not divide, so shares are given too: `steps.load.quarantined_rate`.

## Steps

Each step has `id` and `do`, and may have:

"""


def page() -> str:
    """Return the text of the page."""
    parts = [_HEAD, _rows(Flow), "\n## Parameters\n\n", _table(Parameter), _EXPRESSIONS, _table(Options)]
    parts += ["\n### Retry\n\nThe parts of `retry`:\n\n", _table(Retry)]
    for name, step in STEPS.items():
        own = {field for field in step.options.model_fields if field not in Options.model_fields and field != "do"}
        parts.append(f"\n### {name}\n\n{_in_one_line(step.options.__doc__)}\nIt gives {GIVES[name]}.\n\n")
        parts.append(_table(step.options, own))
        parts += [f"\nThe parts of `{field}`:\n\n{_table(part)}" for field, part in _PARTS.items() if field in own]
    return "".join(parts)


def schema() -> bytes:
    """Return the published schema."""
    return orjson.dumps(flow_schema(), option=orjson.OPT_INDENT_2) + b"\n"


def _table(model: type[BaseModel], names: set[str] | None = None) -> str:
    return "| name | meaning | by default |\n|---|---|---|\n" + _rows(model, names)


def _rows(model: type[BaseModel], names: set[str] | None = None) -> str:
    rows = []
    for name, field in model.model_fields.items():
        if names is None or name in names:
            words = ", ".join(f"`{word}`" for word in _words(field.annotation))
            told = f"{field.description} One of {words}." if words else field.description
            rows.append(f"| `{field.alias or name}` | {told} | {_default(field)} |\n")
    return "".join(rows)


def _words(annotation: Any) -> list[str]:
    """Return the words that a value may be, where it is one of some."""
    if get_origin(annotation) is Literal:
        return [word for word in get_args(annotation) if isinstance(word, str)]
    return [word for part in get_args(annotation) for word in _words(part)]


def _default(field: Any) -> str:
    if field.is_required():
        return "needed"
    value = field.default if field.default is not PydanticUndefined else field.default_factory()
    if value is None or value in ([], {}):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _in_one_line(text: str | None) -> str:
    return " ".join((text or "").split())


if __name__ == "__main__":
    PAGE.write_text(page())
    SCHEMA.write_bytes(schema())
