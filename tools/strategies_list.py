"""Write the lists of files that `memproc.testing` draws into the documentation. Run: `python tools/strategies_list.py`."""

from __future__ import annotations

from pathlib import Path

from memproc.testing import EXPORTS

_DOCS = Path(__file__).resolve().parents[1] / "docs"
_BEGIN = "<!-- Written by tools/strategies_list.py: change memproc/testing/exports, and run it. -->\n"
_END = "<!-- end of the list -->\n"


def names() -> str:
    """Return the names of all, in a sentence."""
    *first, last = (f"`{name}`" for name in sorted(EXPORTS))
    return f"There are {', '.join(first)} and {last}.\n"


def table() -> str:
    """Return a table of all: the file, the format, and what is drawn in it beside plain pieces."""
    rows = []
    for name, system in sorted(EXPORTS.items()):
        sorts = [*system.odd, *system.partly, *system.left, *(["an empty conversation"] if system.empty else [])]
        told = "" if system.is_told else ", which has to be named"
        rows.append(f"| `{name}` | `{system.file}` | `{system.format or name}`{told} | {', '.join(sorts)} |\n")
    return "| name | file | format | drawn beside plain pieces |\n|---|---|---|---|\n" + "".join(rows)


PAGES = {_DOCS / "how-to/validate-and-property-test.md": names, _DOCS / "reference/api.md": table}


def page(path: Path) -> str:
    """Return the text of a page with its list as it should be."""
    before, begin, behind = path.read_text().partition(_BEGIN)
    _, end, after = behind.partition(_END)
    return f"{before}{begin}\n{PAGES[path]()}\n{end}{after}"


if __name__ == "__main__":
    for each in PAGES:
        each.write_text(page(each))
