"""`render_documents`: the documents of a store by a template, one after another; an error in one stops nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from typing import IO, Any

from memproc.config import Bundle, Per
from memproc.documents.bundles import Named, bundle_of, write_bundle
from memproc.documents.grouping import PERS, Document, Documents, Queries, documents_of
from memproc.documents.templates import MESSAGE_CHARS, DocumentLimits, Written, template_given
from memproc.errors import UsageError
from memproc.records import Memory
from memproc.report.report import counted
from memproc.store.sql.opening import require_store
from memproc.store.store import Store
from memproc.telling import listening, tell
from memproc.times import to_text
from memproc.validation import in_one_line

FAILURES_KEPT = 100
TELL_SECONDS = 0.2
FILTERS = ("namespace", "subject", "conversation", "kind", "tag", "emotion", "relation", "text", "since", "until", "at", "expired")


@dataclass(frozen=True, slots=True)
class DocumentFailure:
    """A document that could not be made: its name, the line of the template (None if it is not known), and why."""

    document: str
    line: int | None
    message: str

    def told(self) -> str:
        """Return it as a line of text.

        >>> DocumentFailure("tea-0a.md", 3, "'dict object' has no attribute 'contnet'").told()
        "tea-0a.md: line 3: 'dict object' has no attribute 'contnet'"
        """
        return f"{self.document}: " + (f"line {self.line}: " if self.line else "") + self.message


@dataclass(frozen=True, slots=True)
class DocumentsRendered:
    """How far it is: documents made, those that failed, their bytes, and how many there will be, None if that is not known."""

    documents: int
    failed: int
    bytes: int
    total: int | None


@dataclass(frozen=True, slots=True)
class Rendered:
    """What was written: documents and their bytes; how many failed, and of the first hundred of these why; the form ("folder",
    "zip" or "file"), and the seconds it took.
    """

    documents: int
    failed: int
    bytes: int
    form: Bundle
    seconds: float
    failures: tuple[DocumentFailure, ...]

    def __str__(self) -> str:
        """Return it as lines of text."""
        lines = [failure.told() for failure in self.failures]
        lines += [f"{self.failed - len(lines)} more failed"] if self.failed > len(lines) else []
        failed = f", {self.failed} failed" if self.failed else ""
        return "\n".join([*lines, f"{counted(self.documents, 'document')}{failed}, {self.bytes:,} bytes in {self.seconds:.2f} s"])


@dataclass(slots=True)
class _Course:
    """What was made so far."""

    template: Written
    limits: DocumentLimits
    documents: int = 0
    failed: int = 0
    bytes: int = 0
    failures: list[DocumentFailure] = field(default_factory=list)
    told_at: float = 0.0

    def each(self, wanted: Documents, made_at: str) -> Iterator[Named]:
        """Yield the documents that can be made, with their names, and tell how far it is."""
        for document in wanted.each:
            made = self._made(document, made_at)
            if made is not None:
                self.documents, self.bytes = self.documents + 1, self.bytes + len(made[1])
                yield made
            self._tell(wanted.total)
        self._tell(wanted.total, is_last=True)

    def _made(self, document: Document, made_at: str) -> Named | None:
        name = document.stem + self.template.ending
        try:
            return name, self.template.render({**document.context, "made_at": made_at}, self.limits)
        except Exception as error:  # noqa: BLE001 - a template may raise anything
            self.failed += 1
            if len(self.failures) < FAILURES_KEPT:
                message = in_one_line(f"{error}" or type(error).__name__, MESSAGE_CHARS)
                self.failures.append(DocumentFailure(name, self.template.line_of(error), message))
            return None

    def _tell(self, total: int | None, *, is_last: bool = False) -> None:
        if is_last or monotonic() - self.told_at > TELL_SECONDS:
            self.told_at = monotonic()
            tell(DocumentsRendered(self.documents, self.failed, self.bytes, total))


def render_documents(
    store: Store[Memory] | str | Path,
    template: str | Path,
    to: str | Path | IO[bytes],
    *,
    per: Per = "memory",
    queries: Iterable[str] | Mapping[str, Mapping[str, Any]] = (),
    form: Bundle | None = None,
    limits: DocumentLimits | None = None,
    on_event: Callable[[DocumentsRendered], object] | None = None,
    **filters: Any,
) -> Rendered:
    """Write one document for each memory, subject, day, namespace or query, and return how many.

    `template` is a file of Jinja2, or one that ships: "profile" (of a subject), "diary" (of a day), "context" (for a prompt). `to`
    is a new or empty folder, a zip archive (`.zip`), or one file or stream for all (by the ending of the template, as `.md`);
    `form` says which, whatever it is called. `filters` are those of `Store.find`: only what they mean is written. With
    `per="query"` there is a document for each of the `queries`: texts to be found, or by name filters of `find`. `on_event` hears
    how far it is.

    A document in which the template fails, or that goes beyond the `limits`, is told in the result, and stops nothing. Memory is
    bounded, however many memories there are. Raises UsageError on wrong use: a template that is wrong is told with its line.
    """
    if per not in PERS:
        raise UsageError(f"per={per!r}: choose one of {', '.join(PERS)}")
    if unknown := next((name for name in filters if name not in FILTERS), None):
        raise UsageError(f"{unknown!r} is no filter of find: choose from {', '.join(FILTERS)}")
    asked = _queries_of(queries)
    if bool(asked) != (per == "query"):
        raise UsageError("queries (--query) go with per='query' (--per query), which needs some")
    course = _Course(template_given(template), limits or DocumentLimits())
    chosen, started = bundle_of(to, course.template.ending, form), monotonic()
    with ExitStack() as stack:
        if not isinstance(store, Store):
            require_store(store)
            store = stack.enter_context(Store(store))
        stack.enter_context(listening(on_event))
        for wanted in documents_of(store, per, asked, filters):
            write_bundle(to, chosen, course.each(wanted, to_text(datetime.now(UTC))))
    seconds = round(monotonic() - started, 3)
    return Rendered(course.documents, course.failed, course.bytes, chosen, seconds, tuple(course.failures))


def _queries_of(given: Iterable[str] | Mapping[str, Mapping[str, Any]]) -> Queries:
    if isinstance(given, Mapping):
        for name, more in given.items():
            if not isinstance(more, Mapping) or not {*more} <= {*FILTERS}:
                raise UsageError(f"queries={name!r}: give filters of find, as in {{'tag': 'tea'}}: {', '.join(FILTERS)}")
        return given
    texts = [given] if isinstance(given, str) else [*given]
    if not all(isinstance(text, str) and text.strip() for text in texts):
        raise UsageError(f"queries={texts!r}: give texts to be found")
    return {text: {"text": text} for text in texts}
