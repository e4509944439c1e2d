"""Values from the environment or a keyring in headers and URLs (`ENV:TOKEN`), and what is shown instead of them.

Rules: the value is in the request alone. Wherever a message, a log or a mark may hold it, it is written as the reference again,
also where the server repeats it, in whatever case; a text is cut only after that. What a record holds is another matter: it is
stored as it was sent, since a value like `anna` may be a word of it. Parameters of a URL whose names are those of keys are shown as
stars.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple, Self
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from memproc.errors import MemprocError
from memproc.references import REFERENCE, referred

HIDDEN = "***"
SHORT = 4  # characters: a shorter secret is hidden only where it stands by itself
_KEY_NAMES = re.compile(
    r"(?:.*[_-])?(?:api[_-]?key|key|subscription[_-]?key|auth|authorization|(?:access|api|auth|private|bearer|refresh|id)[_-]?token"
    r"|token|jwt|secret|password|passwd|pwd|sig|signature|credential|session(?:[_-]?id)?|code)",
    re.IGNORECASE,
)
_OF_PAGES = re.compile(r".*(?:page|next|cursor|continuation|sync).*", re.IGNORECASE)


class Secrets(NamedTuple):
    """The values that references stand for, by these."""

    values: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> Self:
        """Read what texts refer to. Raises UsageError if it is not there."""
        references = dict.fromkeys(one for text in texts for one in REFERENCE.findall(unquote(text)))
        return cls({one: referred(one) for one in references})

    def revealed(self, text: str) -> str:
        """Return a text with the values in place of the references."""
        return REFERENCE.sub(lambda found: self.values.get(found[0], found[0]), text)

    def revealed_url(self, url: str) -> str:
        """Return a URL with the values in its path and its query."""
        parts = urlsplit(url)
        path = REFERENCE.sub(lambda found: quote(self.values.get(found[0], found[0]), ":"), parts.path)
        query = parts.query
        if REFERENCE.search(unquote(query)):
            query = urlencode([(name, self.revealed(value)) for name, value in parse_qsl(query, keep_blank_values=True)])
        return urlunsplit(parts._replace(path=path, query=query))

    def hidden(self, text: str, *, in_any_case: bool = True) -> str:
        """Return a text with the references in place of the values, however much of these is quoted, and in whatever case."""
        flags = re.IGNORECASE if in_any_case else 0
        for reference, value in sorted(self.values.items(), key=lambda one: (-len(one[1]), one)):
            any_form = "".join(map(_quoted_or_not, value))
            text = re.sub(any_form if len(value) >= SHORT else rf"(?<!\w){any_form}(?!\w)", reference, text, flags=flags)
        return text

    @contextmanager
    def hiding(self) -> Iterator[None]:
        """Hide the values in the messages of memproc's own exceptions."""
        try:
            yield
        except MemprocError as error:
            error.args = tuple(self.hidden(one) if isinstance(one, str) else one for one in error.args)
            raise


def _quoted_or_not(mark: str) -> str:
    """Return what matches a character, also as it may be written in a URL."""
    quoted = "".join(f"%{byte:02x}" for byte in mark.encode())
    return rf"(?:{re.escape(mark)}|(?i:{quoted}){'|[+]' if mark == ' ' else ''})"


def is_key_name(name: str) -> bool:
    """Return whether a header or a parameter of a URL is named as those that hold a key.

    >>> [is_key_name(name) for name in ("api_key", "X-Amz-Signature", "page_token", "user")]
    [True, True, False, False]
    """
    return _KEY_NAMES.fullmatch(name) is not None and _OF_PAGES.fullmatch(name) is None


def url_shown(url: str) -> str:
    """Return a URL with stars in place of its keys.

    >>> url_shown("https://api.example.org/v1?user=ann&api_key=sesame"), url_shown("https://api.example.org/?key=ENV:KEY")
    ('https://api.example.org/v1?user=ann&api_key=***', 'https://api.example.org/?key=ENV:KEY')
    """
    return _with_keys(url, lambda _name, value: value if REFERENCE.fullmatch(value) else HIDDEN)


def with_keys_of(start: str, url: str) -> str | None:
    """Return a URL that was shown with the keys of another one in place of the stars, None if that one lacks one of them.

    >>> with_keys_of("https://a.example/?key=sesame", "https://a.example/?key=***&page=2"), with_keys_of("/", "/?key=***")
    ('https://a.example/?key=sesame&page=2', None)
    """
    keys, starred = _keys_of(start), [name for name, value in _keys_of(url).items() if value == HIDDEN]
    if not keys.keys() >= set(starred):
        return None
    return _with_keys(url, lambda name, value: keys[name] if value == HIDDEN else value)


def _keys_of(url: str) -> dict[str, str]:
    return {name: value for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True) if is_key_name(name)}


def _with_keys(url: str, put: Callable[[str, str], str]) -> str:
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    changed = [(name, put(name, value) if is_key_name(name) else value) for name, value in query]
    return url if changed == query else urlunsplit(parts._replace(query=urlencode(changed, safe="*:/")))


class Keeping(NamedTuple):
    """Makes of the cursor or the URL of a page what a mark may hold, and back; `start` is the URL of the first page as given."""

    secrets: Secrets
    start: str

    def shown(self, token: str) -> str:
        """Return a cursor or URL without what is secret, stars if it could not be made whole again."""
        hidden = self.secrets.hidden(token)
        if hidden != self.secrets.hidden(token, in_any_case=False):
            return HIDDEN
        return url_shown(hidden) if "://" in hidden else hidden

    def asked(self, kept: str) -> str | None:
        """Return the cursor or URL of a kept text, None if a key that was in it is not at hand."""
        if "://" not in kept:
            return None if kept == HIDDEN else self.secrets.revealed(kept)
        whole = with_keys_of(self.start, kept)
        return None if whole is None else self.secrets.revealed_url(whole)
