"""A page as HTML: one file that holds all it needs, by a template of Jinja2 that escapes what it is given.

Rules: the policy of the page allows its own style and script by their hashes, and nothing else: no other script, no request. What
came from records stands in elements that isolate its direction of writing. Jinja2 is imported when a page is made.
"""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from memproc.errors import UsageError
from memproc.report.pages.charts import drawn
from memproc.report.pages.parts import Page, shown

_FOLDER = "templates"


def html_of(page: Page) -> str:
    """Return a page as HTML. Raises UsageError where Jinja2 is not installed."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415 - an extra
        from markupsafe import Markup  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise UsageError("a page of HTML needs a package: pip install jinja2, or choose md, csv or json") from error
    made = Environment(
        loader=FunctionLoader(template), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    made.filters["shown"] = shown
    made.globals["drawn"] = drawn
    style, script = template("report.css"), template("report.js")
    own = {"style": Markup(style), "script": Markup(script)}  # noqa: S704 - both are files of this package
    return made.get_template("report.html").render(page=page, policy=_policy(style, script), **own)


def template(name: str) -> str:
    """Return a file of the templates of reports by its name: `parts.html` holds what draws charts and tables."""
    return (files("memproc.report.pages") / _FOLDER / name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Return the policy of the page: its own style and script, and nothing from anywhere."""
    return f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
