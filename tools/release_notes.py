"""Print what the changelog says of a release, or tell what does not fit: the tag, the package and the changelog name one version.

Run: `python tools/release_notes.py v1.2.3`. It needs nothing installed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def notes(tag: str, package: str, changelog: str) -> str:
    """Return the section of a tag's version. Raises ValueError where package or changelog name another version or say nothing."""
    found = re.search(r'^__version__ = "(.+)"$', package, re.MULTILINE)
    version = found[1] if found else "none"
    if tag != f"v{version}":
        raise ValueError(f"the tag is {tag}, and the package has version {version}: the tag should be v{version}")
    head = rf"^## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d$"
    section = re.search(rf"{head}\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError(f"CHANGELOG.md has no heading `## [{version}] - YYYY-MM-DD`")
    if "- " not in section[1]:
        raise ValueError(f"CHANGELOG.md says nothing of {version}")
    return section[1].strip()


def main() -> None:
    """Print the notes of the tag that is given."""
    if len(sys.argv) != 2:  # noqa: PLR2004 - the script and the tag
        raise SystemExit("usage: python tools/release_notes.py vX.Y.Z")
    try:
        print(notes(sys.argv[1], (ROOT / "memproc/__init__.py").read_text(), (ROOT / "CHANGELOG.md").read_text()))
    except ValueError as error:
        raise SystemExit(str(error)) from error


if __name__ == "__main__":
    main()
