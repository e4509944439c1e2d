"""Make the picture of the terminal that the README shows: `python tools/terminal_picture.py docs/terminal.svg`.

The commands are run as they stand, in an empty folder beside the fixtures, and what they print is drawn by rich.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).resolve().parents[1]
COLUMNS = 84
FONTS_ELSEWHERE = re.compile(r"@font-face {.*?}\s*", re.DOTALL)
"""rich names fonts on another host, and this page asks none for anything: any font of equal widths will do."""
COMMANDS = (
    "memproc ingest chatgpt.json memories.jsonl --namespace ann --into memories.db",
    "memproc find memories.db 'green tea'",
    "memproc report memories.db --to report.html",
)


def picture() -> str:
    """Return the picture as SVG."""
    console = Console(record=True, width=COLUMNS, file=StringIO(), force_terminal=True, legacy_windows=False)
    with TemporaryDirectory() as folder:
        for name in ("chatgpt.json", "memories.jsonl"):
            shutil.copy(ROOT / "fixtures" / name, folder)
        for command in COMMANDS:
            console.print(Text("$ ", "bold green") + Text(command, "bold"))
            console.print(Text(_told_by(command, folder)), soft_wrap=False)
    return FONTS_ELSEWHERE.sub("", console.export_svg(title="memproc", unique_id="terminal"))


def _told_by(command: str, folder: str) -> str:
    """Return what a command prints on both streams, in the order in which it prints."""
    called = [sys.executable, "-m", *shlex.split(command)]
    environment = {**os.environ, "COLUMNS": str(COLUMNS), "NO_COLOR": "1", "PYTHONPATH": str(ROOT)}
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.run(called, cwd=folder, env=environment, text=True, check=True, **both).stdout  # type: ignore[call-overload,no-any-return]  # noqa: S603


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(picture())
