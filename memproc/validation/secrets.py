"""Finds secrets in texts: keys, tokens, passwords, private keys, card and account numbers, and on request personal data.

Facts: services give their keys a prefix, so that they can be found; the patterns are published by the services and by gitleaks
(https://github.com/gitleaks/gitleaks, config/gitleaks.toml) and detect-secrets (https://github.com/Yelp/detect-secrets). Card
numbers and IBANs carry check digits. A password is found by the name before it, and if it looks like none of the words of a
language.

Rules: every expression is linear: it begins where no such run of characters goes on, and its repetitions do not nest. A rule is
tried only on texts that contain one of its hints. What is put in place of a secret is no secret.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from math import log2
from typing import NamedTuple

from memproc.validation.checked_numbers import IBAN_SHAPES, is_card, is_iban, is_phone

LEAST_ENTROPY = 2.5  # bits a character: detect-secrets takes 3 for hex and 4.5 for base64, which are longer than passwords
_FIRST = r"(?:(?<![\w-])|(?<=\\[nrt]))"  # at the beginning of a word, or behind an escaped line end
_NAMES = {
    "password": r"passwor[dt]|passwd|passphrase|passcode|pwd|kennwort|contraseña|mot de passe",
    "api-key": r"api[ _-]?key|access[ _-]?key|secret[ _-]?key|private[ _-]?key|signing[ _-]?key|encryption[ _-]?key"
    r"|client[ _-]?secret|auth[ _-]?token|access[ _-]?token|refresh[ _-]?token|api[ _-]?token|bot[ _-]?token|secret|token",
}
_PLACEHOLDERS = ("[", "<", "{", "$", "%", "*", "...")  # what begins like this stands for a secret
_CLASSES = (str.islower, str.isupper, str.isdigit, lambda mark: mark in "!@#$%^&*+=?~|")


class Rule(NamedTuple):
    """How secrets of a kind are found. The secret is the group `secret` of the pattern, else all of it. `hints` are lower-case."""

    kind: str
    hints: tuple[str, ...]
    pattern: re.Pattern[str]
    is_one: Callable[[str], bool] = lambda _found: True


class Secret(NamedTuple):
    """A secret in a text."""

    start: int
    end: int
    kind: str


def _is_mixed(value: str, least: int = 2) -> bool:
    """Return whether a value looks like a password: letters with digits or signs, unlike each other, and no placeholder."""
    classes = [any(map(is_of, value)) for is_of in _CLASSES]
    is_word = not any(classes[2:]) or not any(classes[:2])
    return sum(classes) >= least and not is_word and not value.startswith(_PLACEHOLDERS) and _entropy(value) >= LEAST_ENTROPY


def _entropy(value: str) -> float:
    """Return the entropy of the characters of a text, in bits a character (Shannon 1948)."""
    return -sum(count / len(value) * log2(count / len(value)) for count in Counter(value).values())


def _assigned(kind: str) -> Iterator[Rule]:
    """Yield the rules of a value behind a name: assigned to it, or told in a sentence, where more must speak for a password."""
    hints = ("pass", "pwd", "kennwort", "contrase", "passe") if kind == "password" else ("key", "secret", "token")
    name = rf"(?<![^\W_])(?!(?<=\[)secret: )(?:{_NAMES[kind]})"
    bare = r"""["'`]?(?P<bare>[^\s"'`,;:)}\]](?:[^\s"'`]|["'`](?![\s,;:.)}\]]|$)){5,})"""  # a quote that ends nothing is part of it
    value = rf"""(?:"(?P<double>[^"\n]{{6,}})"|'(?P<single>[^'\n]{{6,}})'|{bare})"""
    assigned = rf"""{name}\\?["'`]?\s{{0,3}}(?:=>|:=|[=:])\s{{0,3}}\\?{value}"""
    yield Rule(kind, hints, re.compile(assigned, re.IGNORECASE), _is_mixed)
    told = r"\s{1,3}(?:is|was|ist|es|est)\s{1,3}" + bare
    yield Rule(kind, hints, re.compile(name + told, re.IGNORECASE), lambda value: _is_mixed(value, least=3))


def _own(kind: str, hint: str, pattern: str) -> Rule:
    """Return the rule of a key that its service gave a prefix, the hint."""
    return Rule(kind, (hint.lower(),), re.compile(_FIRST + pattern))


_KEY_BLOCK = (
    r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?:\\[nr]|\s){0,4}"
    r"(?:(?:Proc-Type|DEK-Info|Version|Comment): ?[^\n\\]{0,200}(?:\\[nr]|\s){1,4}){0,4}"
    r"[A-Za-z0-9+/=\\\s]{40,}(?:-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)?"
)
_BASE64 = re.compile(r"[A-Za-z0-9+/]{24}")

RULES: tuple[Rule, ...] = (
    # RFC 7468 (PEM), RFC 4880 (OpenPGP); gitleaks private-key
    Rule("private-key", ("private key",), re.compile(_KEY_BLOCK), lambda block: bool(_BASE64.search(block.partition("KEY")[2]))),
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids; gitleaks aws-access-token
    *(_own("aws-key", prefix, rf"{prefix}[A-Z0-9]{{16}}(?!\w)") for prefix in ("AKIA", "ASIA", "ABIA", "ACCA")),
    # https://github.blog/engineering/platform-security/behind-githubs-new-authentication-token-formats/; gitleaks github-*
    Rule("github-token", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(_FIRST + r"gh[pousr]_[A-Za-z0-9]{36,255}")),
    _own("github-token", "github_pat_", r"github_pat_[A-Za-z0-9_]{22,255}"),
    # https://docs.gitlab.com/security/tokens/#token-prefixes; gitleaks gitlab-pat
    _own("gitlab-token", "glpat-", r"glpat-[\w-]{20,255}"),
    # gitleaks anthropic-api-key
    _own("anthropic-key", "sk-ant-", r"sk-ant-[a-z]{2,12}\d{2}-[\w-]{20,255}"),
    # gitleaks openai-api-key
    Rule(
        "openai-key", ("sk-",), re.compile(_FIRST + r"sk-(?:(?:proj|svcacct|admin)-[\w-]{20,255}|[A-Za-z0-9]{32,255})"), _is_mixed
    ),
    # https://docs.slack.dev/authentication/tokens; gitleaks slack-*
    _own("slack-token", "xox", r"xox[abceoprs](?:\.xox[bp])?-[A-Za-z0-9-]{10,255}"),
    _own("slack-token", "xapp-", r"xapp-\d-[A-Za-z0-9-]{10,255}"),
    Rule("slack-token", ("hooks.slack.com",), re.compile(r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+-]{20,255}")),
    # https://docs.cloud.google.com/docs/authentication/api-keys; gitleaks gcp-api-key
    _own("google-key", "AIza", r"AIza[\w-]{35}"),
    # https://docs.stripe.com/keys#obtain-api-keys; gitleaks stripe-access-token
    *(_own("stripe-key", f"{way}_", rf"[sr]k_{way}_[A-Za-z0-9]{{10,255}}") for way in ("live", "test")),
    # https://huggingface.co/docs/hub/security-tokens, npm and PyPI; gitleaks huggingface-*, npm-access-token, pypi-upload-token
    _own("huggingface-token", "hf_", r"hf_[A-Za-z0-9]{34,64}(?!\w)"),
    _own("npm-token", "npm_", r"npm_[A-Za-z0-9]{36}(?!\w)"),
    _own("pypi-token", "pypi-", r"pypi-AgE[\w-]{50,500}"),
    # RFC 7519: header and payload are JSON objects in base64url; gitleaks jwt
    _own("jwt", "eyJ", r"eyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]{10,}"),
    # RFC 6750
    Rule("api-key", ("bearer ",), re.compile(rf"{_FIRST}bearer (?P<bare>[\w.~+/=-]{{20,}})", re.IGNORECASE), _is_mixed),
    # RFC 3986, userinfo; detect-secrets BasicAuthDetector
    Rule(
        "password",
        ("://",),
        re.compile(r"://[^\s:@/]{0,100}:(?P<bare>[^\s@/]{3,200})@"),
        lambda value: not value.startswith(_PLACEHOLDERS),
    ),
    # gitleaks generic-api-key, detect-secrets KeywordDetector
    *_assigned("password"),
    *_assigned("api-key"),
    # ISO 13616; the lengths by country are those of the SWIFT registry
    Rule("iban", (), re.compile(rf"(?<![\w-])(?=[A-Z]{{2}}\d{{2}})(?:{IBAN_SHAPES})(?!\w)"), is_iban),
    # ISO/IEC 7812: issuer ranges and the check digit of Luhn
    Rule("card-number", (), re.compile(r"(?<![\w.+-])\d{4}([ \xa0.-]?)\d{4}\1\d{4}\1\d{1,7}(?![\w-])"), is_card),
    Rule("card-number", (), re.compile(r"(?<![\w.+-])3\d{3}([ \xa0.-]?)\d{6}\1\d{4,5}(?![\w-])"), is_card),
)
ON_REQUEST: tuple[Rule, ...] = (
    Rule("email", ("@",), re.compile(r"(?<![\w.+%-])[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")),  # RFC 5321, lengths
    # ITU-T E.164: 15 digits at most
    Rule("phone", (), re.compile(r"(?<![\w+./:-])(?:\+|\(?0)[\d ()./-]{7,24}\d(?![\w/-])"), is_phone),
    Rule("phone", (), re.compile(r"(?<![\w+./:-])(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w/-])")),
)
_NAMED = {kind: re.compile(rf"(?:.*[\W_])?(?:{names})", re.IGNORECASE | re.DOTALL) for kind, names in _NAMES.items()}
_DIGIT = re.compile(r"\d")
_LONG_NUMBER = re.compile(r"\d{4}[ \xa0.-]?\d{4}|[A-Z]{2}\d{2}")  # every card number and IBAN has one
LONGEST_NAME = 100


@cache
def rules_for(more: tuple[str, ...]) -> tuple[Rule, ...]:
    """Return the rules of all usual kinds, and of those that are found on request."""
    return RULES + tuple(rule for rule in ON_REQUEST if rule.kind in more)


@cache
def _hints_for(more: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hint for rule in rules_for(more) for hint in rule.hints))


def may_hold_secrets(json: str, more: Iterable[str] = ()) -> bool:
    """Return whether the JSON text of a record holds a hint, or a number as secrets are: quick, and false of most records."""
    lowered, kinds = json.lower(), tuple(more)
    has_number = _DIGIT if "phone" in kinds else _LONG_NUMBER
    return any(hint in lowered for hint in _hints_for(kinds)) or has_number.search(json) is not None


def secrets_in(text: str, more: Iterable[str] = ()) -> list[Secret]:
    """Return the secrets in a text, in order, none of which overlap; `more` names the kinds that are found on request.

    >>> secrets_in("the key AKIAIOSFODNN7EXAMPLE, and api_key = 9f8Zq2xT7")
    [Secret(start=8, end=28, kind='aws-key'), Secret(start=44, end=53, kind='api-key')]
    >>> secrets_in("write to ann@example.org"), secrets_in("write to ann@example.org", ["email"])
    ([], [Secret(start=9, end=24, kind='email')])
    """
    lowered, found = text.lower(), list[tuple[int, int, int, str]]()
    has_digits = _DIGIT.search(text) is not None
    for at, rule in enumerate(rules_for(tuple(more))):
        if any(hint in lowered for hint in rule.hints) if rule.hints else has_digits:
            for match in rule.pattern.finditer(text):
                start, end = _span_of(match)
                if rule.is_one(text[start:end]):
                    found.append((start, at, end, rule.kind))
    return _without_overlaps(found)


def _span_of(match: re.Match[str]) -> tuple[int, int]:
    """Return where the secret of a match is: its named group if it has one."""
    name = next((name for name, value in match.groupdict().items() if value is not None), 0)
    return match.span(name)


def _without_overlaps(found: Iterable[tuple[int, int, int, str]]) -> list[Secret]:
    """Join what overlaps; the kind is that of the one that begins first, and of several the one whose rule is first."""
    joined: list[Secret] = []
    for start, _, end, kind in sorted(found):
        if joined and start < joined[-1].end:
            joined[-1] = joined[-1]._replace(end=max(end, joined[-1].end))
        else:
            joined.append(Secret(start, end, kind))
    return joined


def hidden(text: str, found: Iterable[Secret]) -> str:
    """Return a text with each secret replaced by its kind.

    >>> text = "the key AKIAIOSFODNN7EXAMPLE"
    >>> hidden(text, secrets_in(text))
    'the key [secret: aws-key]'
    """
    parts, behind = list[str](), 0
    for start, end, kind in found:
        parts += [text[behind:start], instead_of(kind)]
        behind = end
    return "".join([*parts, text[behind:]])


def instead_of(kind: str) -> str:
    """Return what is put in place of a secret."""
    return f"[secret: {kind}]"


def kind_named(name: str, value: str) -> str | None:
    """Return the kind of secret that a field of this name holds, or None if the value looks like none.

    >>> kind_named("DB_PASSWORD", "correct9Horse"), kind_named("password", "required"), kind_named("key", "correct9Horse")
    ('password', None, None)
    """
    if len(name) > LONGEST_NAME or len(value) < 6 or not _is_mixed(value):  # noqa: PLR2004 - as of the patterns above
        return None
    return next((kind for kind, pattern in _NAMED.items() if pattern.fullmatch(name)), None)
