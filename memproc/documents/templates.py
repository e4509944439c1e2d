"""Templates of Jinja2, in its sandbox, with limits of time and size.

Facts: the sandbox lets a template call nothing that is marked unsafe, change nothing that it is given, and bounds `range`; it
bounds neither time nor memory. So loops and calls look at the clock, what is written is counted before it is text, and products
and powers are bounded. A filter that makes one enormous text is not: a template is its owner's, and one of a stranger is not to be
rendered.

Rules: a name that is not there is an error, with its line. A template may include those beside it, and those that ship.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

from memproc.errors import UsageError

if TYPE_CHECKING:
    from jinja2 import Template
    from jinja2.sandbox import ImmutableSandboxedEnvironment

SHIPPED: Mapping[str, str] = {"profile": "profile.md.j2", "diary": "diary.md.j2", "context": "context.txt.j2"}
"""The templates that ship, by the names that they are asked for by."""
LARGEST_TEMPLATE_BYTES = 1 << 20
MESSAGE_CHARS = 300
MOST_BITS = 4_096  # of a whole number
_ENDINGS = (".j2", ".jinja", ".jinja2")
_ESCAPED = (".html", ".htm", ".xml", ".svg", ".xhtml")
_PLAIN_ENDING = ".txt"
_WATCHED = "_watched"


@dataclass(frozen=True, slots=True)
class DocumentLimits:
    """How long a document may take, in seconds, and how large it may become, in bytes."""

    seconds: float = 10.0
    bytes: int = 10 << 20

    def __post_init__(self) -> None:
        """Check the values. Raises UsageError."""
        if not isinstance(self.seconds, int | float) or isinstance(self.seconds, bool) or not self.seconds > 0:
            raise UsageError(f"seconds={self.seconds!r}: give more than 0 seconds for a document")
        if not isinstance(self.bytes, int) or isinstance(self.bytes, bool) or self.bytes < 1:
            raise UsageError(f"bytes={self.bytes!r}: give at least 1 byte for a document")


class LimitError(Exception):
    """A document takes too long, or becomes too large."""


@dataclass(frozen=True, slots=True)
class Written:
    """A template: what it is called, how the names of its documents end, and what renders it."""

    name: str
    ending: str
    template: Template
    environment: Any

    def render(self, context: Mapping[str, Any], limits: DocumentLimits) -> bytes:
        """Return a document. Raises whatever the template does, and LimitError."""
        self.environment.ends_at = monotonic() + limits.seconds
        self.environment.limits = limits
        parts, size = [], 0
        for piece in self.template.generate(context):
            part = piece.encode("utf-8", "replace")
            size += len(part)
            if size > limits.bytes:
                raise LimitError(f"the document has more than {limits.bytes:,} bytes")
            self.environment.look_at_the_clock()
            parts.append(part)
        return b"".join(parts)

    def line_of(self, error: BaseException) -> int | None:
        """Return the line of the template, or of one that it includes, in which an error was raised, None if it is not known."""
        if hasattr(error, "lineno"):
            return int(error.lineno)
        frames = traceback.extract_tb(error.__traceback__)
        return next((frame.lineno for frame in reversed(frames) if frame.filename in self.environment.read_files), None)


def template_given(given: str | Path) -> Written:
    """Return the template of a file, or one that ships by its name. Raises UsageError if there is none, or it is wrong."""
    made = environment_class()
    shipped = Path(str(files("memproc.documents") / "templates"))
    path = shipped / SHIPPED[given] if isinstance(given, str) and given in SHIPPED else Path(given)
    try:
        if path.stat().st_size > LARGEST_TEMPLATE_BYTES:
            raise UsageError(f"the template {given} is larger than 1 MiB: is it a template?")
        path.read_text("utf-8")
    except OSError as error:
        ships = ", ".join(SHIPPED)
        raise UsageError(
            f"the template {given} cannot be read: {error.strerror}: give a file, or one that ships: {ships}"
        ) from None
    except UnicodeDecodeError:
        raise UsageError(f"the template {given} is not UTF-8: save it as UTF-8") from None
    from jinja2 import ChoiceLoader, FileSystemLoader, TemplateError, TemplateSyntaxError  # noqa: PLC0415 - an extra

    loader = ChoiceLoader([FileSystemLoader(path.parent), FileSystemLoader(shipped)])
    ending = _ending_of(path.name)
    blocks = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True}
    environment = made(loader=loader, autoescape=ending in _ESCAPED, **blocks)
    try:
        return Written(str(given), ending, environment.get_template(path.name), environment)
    except TemplateSyntaxError as error:
        raise UsageError(f"{error.filename or given}, line {error.lineno}: {error.message}") from None
    except TemplateError as error:
        raise UsageError(f"{given}: {error}") from None


def _ending_of(name: str) -> str:
    """Return how the names of documents end.

    >>> _ending_of("profile.md.j2"), _ending_of("page.html"), _ending_of("note.j2")
    ('.md', '.html', '.txt')
    """
    path = Path(name)
    if path.suffix.lower() in _ENDINGS:
        path = Path(path.stem)
    return path.suffix or _PLAIN_ENDING


def _is_enormous(operator: str, left: Any, right: Any) -> bool:
    """Tell whether a product or a power is more than a document can need."""
    bits = [one.bit_length() if isinstance(one, int) else 0 for one in (left, right)]
    if operator == "**":
        return isinstance(left, int) and isinstance(right, int) and bits[0] * abs(right) > MOST_BITS
    sizes = [_weight(one, LARGEST_TEMPLATE_BYTES) for one in (left, right) if isinstance(one, str | bytes | list | tuple)]
    times = next((abs(one) for one in (left, right) if isinstance(one, int)), 0)
    return sum(sizes) * times > LARGEST_TEMPLATE_BYTES or sum(bits) > MOST_BITS


def _weight(value: Any, most: int) -> int:
    """Return the characters and members of a value, counted wherever it holds them again, which its text does too; no further than
    it takes to see that there are more than `most`.

    >>> ten = [0] * 10
    >>> _weight("tea", 99), _weight([ten] * 3, 99), _weight([ten] * 100, 99) > 99
    (3, 33, True)
    """
    weight, waiting = 0, [value]
    while waiting and weight <= most:
        one = waiting.pop()
        if isinstance(one, str | bytes):
            weight += len(one)
        elif isinstance(one, Mapping):
            weight += len(one)
            waiting += [*one.keys(), *one.values()]
        elif isinstance(one, list | tuple | set | frozenset):
            weight += len(one)
            waiting += one
    return weight


def environment_class() -> type[ImmutableSandboxedEnvironment]:
    """Return the environment. Raises UsageError where Jinja2 is not installed."""
    try:
        from jinja2 import StrictUndefined, nodes  # noqa: PLC0415 - an extra
        from jinja2.sandbox import ImmutableSandboxedEnvironment  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        raise UsageError("documents by template need a package: pip install 'memproc-sdk[report]'") from error

    class Timed(ImmutableSandboxedEnvironment):
        """A sandbox whose loops and calls look at the clock."""

        intercepted_binops = frozenset(("*", "**"))  # one of them may take all memory, or hours, at once

        def __init__(self, **options: Any) -> None:
            super().__init__(undefined=StrictUndefined, finalize=self._checked, **options)
            self.filters[_WATCHED] = self._watched
            self.limits = DocumentLimits()
            self.ends_at = float("inf")
            self.read_files: set[str] = set()

        def look_at_the_clock(self) -> None:
            """Raise LimitError where the time is over."""
            if monotonic() > self.ends_at:
                raise LimitError(f"the document takes more than {self.limits.seconds:g} s")

        def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
            self.look_at_the_clock()
            if _is_enormous(operator, left, right):
                raise LimitError(f"{operator} makes something enormous")
            return super().call_binop(context, operator, left, right)

        def call(self, context: Any, called: Any, /, *args: Any, **kwargs: Any) -> Any:
            self.look_at_the_clock()
            return super().call(context, called, *args, **kwargs)

        def _checked(self, value: Any) -> Any:
            """Return what is about to become text. Raises LimitError where it holds lists in lists whose text has no end."""
            if not isinstance(value, str) and _weight(value, self.limits.bytes) > self.limits.bytes:
                raise LimitError(f"the document has more than {self.limits.bytes:,} bytes")
            return value

        def _watched(self, values: Iterable[Any]) -> Iterator[Any]:
            for value in values:
                self.look_at_the_clock()
                yield value

        def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
            tree = super()._parse(source, name, filename)
            self.read_files |= {filename} if filename else set()
            for loop in tree.find_all(nodes.For):
                loop.iter = nodes.Filter(loop.iter, _WATCHED, [], [], None, None, lineno=loop.iter.lineno)
            return tree

    return Timed
