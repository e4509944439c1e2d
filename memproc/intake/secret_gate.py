"""The gate for secrets: what the settings make of accepted and rejected records that hold some.

Rules: a secret is looked for in every text of a record, also in names and tags. A record whose own names hold one (its id, its
namespace, its source, whom it is about, its conversation) is rejected where it would be redacted: without it, it would be taken for
another. E-mail addresses and telephone numbers often are such names, and stay there. The raw bytes of a rejected record are read as
JSON if they are, and then again as text, as some JSON cannot be read.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

import orjson

from memproc.config import DEEPEST, Settings
from memproc.dedup.preparing import Accepted
from memproc.intake.rejections import internal
from memproc.intake.riding import SECRET, Counts
from memproc.records import Category, Plain, Rejected, encode
from memproc.sources.counting import depth_of
from memproc.validation import fault, redacted
from memproc.validation.secrets import hidden, instead_of, kind_named, may_hold_secrets, secrets_in

CODE = "secret"
NAMING = ("id", "namespace", "source", "subject", "conversation")
_LEFT = ("created_at", "updated_at", "valid_from", "valid_to", "kind", *NAMING)
_IN_PLACE = "[secret: "
_CARD_NUMBERS = range(10**13, 10**19)
Found = list[tuple[str, str]]  # the kind and the text of each secret


def _value_of(raw: bytes) -> object:
    """Return the value of JSON bytes, also of those with NaN or half a character. Raises ValueError on others."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError:
        return json.loads(raw)


def _written(value: object) -> bytes:
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value).encode()


class Sifted(NamedTuple):
    """What becomes of accepted records, by their places, and the secrets in them."""

    accepted: dict[int, Accepted]
    rejected: list[tuple[int, Rejected]]
    secrets: dict[int, Counts]


@dataclass(frozen=True, slots=True)
class SecretGate:
    """The gate of a run. `fields` are those of the schema."""

    settings: Settings
    fields: Iterable[str] = ()
    _last: dict[bytes, tuple[bytes, Found]] = field(
        default_factory=dict, compare=False
    )  # the raw bytes that were looked through last

    def sifted(self, records: Iterable[tuple[int, Accepted]], raw_at: Callable[[int], bytes]) -> Sifted:
        """Return what becomes of accepted records, each with its place; `raw_at` gives the raw bytes at one."""
        sifted = Sifted({}, [], {})
        for place, record in records:
            kept, sifted.secrets[place] = self.checked(record, partial(raw_at, place))
            if isinstance(kept, Rejected):
                sifted.rejected.append((place, kept))
            else:
                sifted.accepted[place] = kept
        return sifted

    def checked(self, accepted: Accepted, raw: Callable[[], bytes]) -> tuple[Accepted | Rejected, Counts]:
        """Return what becomes of an accepted record, and how many secrets of each kind it holds. Never raises."""
        try:
            return self._checked(accepted, raw)
        except Exception as error:  # noqa: BLE001 - other records must not be lost, and what was not looked through is not kept
            return internal(b"", error), {}

    def _checked(self, accepted: Accepted, raw: Callable[[], bytes]) -> tuple[Accepted | Rejected, Counts]:
        record, json_text, is_identity, as_of = accepted
        if not may_hold_secrets(json_text.decode(), self.settings.secret_kinds):
            return accepted, {}
        found: Found = []
        clean = {name: value if name in _LEFT else self._hidden(value, found, name) for name, value in record.items()}
        if self.settings.hides_secrets and (name := next((name for name in NAMING if _IN_PLACE in record.get(name, "")), None)):
            told = fault(name, CODE, "was redacted: without it the record would be taken for another")
            return Rejected(Category.VALIDATION, (told,), self._without(raw(), found)), {}
        named = [one for name in NAMING for one in self._in_name(record.get(name))]
        if not (found or named):
            return accepted, {}
        counts = Counter(kind for kind, _ in (*found, *named))
        if self.settings.secrets == "tag":
            clean = {**record, "tags": [*dict.fromkeys((*record.get("tags", ()), *(SECRET + kind for kind in sorted(counts))))]}
        elif self.settings.secrets == "quarantine" or named:
            told = fault("", CODE, f"holds a secret: {', '.join(sorted(counts))}")
            return Rejected(Category.VALIDATION, (told,), self._without(raw(), [*found, *named])), counts
        return (clean, encode(clean), is_identity, as_of), counts

    def rejected(self, one: Rejected) -> tuple[Rejected, Counts]:
        """Return a rejected record as it may be kept, and how many secrets of each kind it holds."""
        if one.raw not in self._last:  # all rejected parts of a record have its bytes
            self._last.clear()
            found_there: Found = []
            self._last[one.raw] = (self._without(one.raw, found_there), found_there)
        raw, found = self._last[one.raw]
        told = any(self._found(f"{fault_found.path} {fault_found.message}") for fault_found in one.faults)
        counts = Counter(kind for kind, _ in found)
        if not self.settings.hides_secrets or not (found or told):
            return one, counts
        return replace(one, raw=raw, faults=tuple(redacted(fault_found, self.fields) for fault_found in one.faults)), counts

    def _found(self, text: str) -> Sequence[Any]:
        return secrets_in(text, self.settings.secret_kinds)

    def _in_name(self, name: object) -> Found:
        if not isinstance(name, str):
            return []
        return [(one.kind, name[one.start : one.end]) for one in secrets_in(name)]

    def _without(self, raw: bytes, found: Found) -> bytes:
        """Return raw bytes without the secrets that are `found`, and without those in them, which are added."""
        known, own = {*found}, list[tuple[str, str]]()
        with suppress(ValueError, RecursionError):
            if depth_of(value := _value_of(raw)) <= DEEPEST:  # what is nested deeper is looked through as text only
                clean = self._hidden(value, own)
                raw = _written(clean) if own else raw
        text = self._hidden_text(raw.decode("utf-8", "surrogateescape"), own)
        for kind, secret in sorted(known - {*own}):  # those that only the record shows, by a name that is not in the bytes
            for written in (secret, json.dumps(secret, ensure_ascii=False)[1:-1]):
                text = text.replace(written, instead_of(kind))
        found += own
        return text.encode("utf-8", "surrogateescape")

    def _hidden(self, value: Any, found: Found, name: str = "") -> Any:
        """Return a JSON value without secrets, each of which is added to `found`; `name` is that of the field it is in."""
        if isinstance(value, str):
            kind = kind_named(name, value)
            if kind is None:
                return self._hidden_text(value, found)
            found.append((kind, value))
            return instead_of(kind)
        if isinstance(value, list):
            return [self._hidden(item, found, name) for item in value]
        if isinstance(value, dict):
            clean: Plain = {}
            for inner, item in value.items():
                own = self._hidden_text(inner, found)
                while own != inner and own in clean:
                    own += "_"
                clean[own] = self._hidden(item, found, inner)
            return clean
        if type(value) is int and value in _CARD_NUMBERS and self._found(str(value)):
            return self._hidden_text(str(value), found)
        return value

    def _hidden_text(self, text: str, found: Found) -> str:
        if not (secrets := self._found(text)):
            return text
        found += [(one.kind, text[one.start : one.end]) for one in secrets]
        return hidden(text, secrets)
