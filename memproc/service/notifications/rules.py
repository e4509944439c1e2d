"""The rules of notifications, as a file says them. Pure but for what a time zone is.

Rules: what is wrong is told with its line and what would be right. Secrets are references (`ENV:NAME`, `KEYRING:service/user`), so
that rules can be shown and kept; a file that holds one in the clear is refused.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from difflib import get_close_matches
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from memproc.amounts import tolerance
from memproc.errors import UsageError
from memproc.references import REFERENCE
from memproc.service.durations import seconds_of
from memproc.service.notifications.lines import line_at, lines_of
from memproc.service.notifications.quiet import is_quiet
from memproc.service.notifications.templates import SUBJECT, TEXT, template_fault
from memproc.sources.rest.addresses import is_this_machine
from memproc.store.outbox.notices import Found

End = Literal["completed", "failed", "paused", "cancelled"]
ENDINGS: tuple[End, ...] = ("completed", "failed", "paused", "cancelled")
SMTP_PORTS = {"starttls": 587, "tls": 465, "none": 25}


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Channel(_Part):
    """Where messages go: a `url` as apprise has it for a chat service, or an `smtp` server and addresses."""

    url: str | None = None
    smtp: str | None = None
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    password: str | None = None
    sender: str | None = Field(None, alias="from")
    to: list[str] = Field(default_factory=list)

    @field_validator("url")
    @classmethod
    def _is_reference(cls, given: str | None) -> str | None:
        if given is not None and not REFERENCE.search(given):
            raise ValueError(
                'a URL of a chat service holds its key: put it where url = "ENV:NAME" or "KEYRING:service/user" finds it'
            )
        return given

    @field_validator("password")
    @classmethod
    def _is_secret(cls, given: str | None) -> str | None:
        if given is not None and not REFERENCE.fullmatch(given):
            raise ValueError('give a reference, as in "ENV:SMTP_PASSWORD" or "KEYRING:mail/memproc", and not the password itself')
        return given

    @field_validator("to")
    @classmethod
    def _are_addresses(cls, given: list[str]) -> list[str]:
        if wrong := [one for one in given if "@" not in one or any(mark.isspace() for mark in one)]:
            raise ValueError(f"{wrong[0]!r} is no address of mail")
        return given

    @model_validator(mode="after")
    def _is_one_kind(self) -> Self:
        if (self.url is None) == (self.smtp is None):
            raise ValueError("give either url (a chat service) or smtp (a mail server)")
        if self.url is None and not (self.sender and self.to):
            raise ValueError("a mail needs from and to")
        if self.url is not None and (self.user or self.password or self.sender or self.to):
            raise ValueError("user, password, from and to go with smtp")
        if self.security == "none" and not is_this_machine(self.host):
            raise ValueError(
                f'security = "none" sends what is told, and the password, in the clear to {self.host}: give starttls or tls'
            )
        if (self.user is None) != (self.password is None):
            raise ValueError("give user and password together")
        return self

    @property
    def host(self) -> str:
        """The mail server."""
        return (self.smtp or "localhost").rpartition(":")[0] or (self.smtp or "localhost")

    @property
    def port(self) -> int:
        """The port of the mail server."""
        port = (self.smtp or "").rpartition(":")[2]
        return int(port) if port.isdigit() else SMTP_PORTS[self.security]


class Rule(_Part):
    """Of which jobs a person is told, and by which channels: all that it says has to hold."""

    name: str = Field(min_length=1, max_length=100)
    channels: list[str] = Field(min_length=1)
    on: list[End] | None = None
    quarantined_above: str | int | None = None
    schedule: str | None = None
    urgent: bool = False

    @field_validator("quarantined_above")
    @classmethod
    def _is_amount(cls, given: str | int | None) -> str | int | None:
        if isinstance(given, str) and not 0 <= tolerance(given, "quarantined_above") <= (
            1 if given.endswith("%") else float("inf")
        ):
            raise ValueError('give a share of what was read, as in "2%", or a number of records')
        return given

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.on is None and self.quarantined_above is None and self.schedule is None:
            raise ValueError(
                f'the rule {self.name!r} says not when: give on = ["failed"], quarantined_above = "2%" or schedule = "*"'
            )
        return self

    def means(self, end: str, data: Mapping[str, Any]) -> bool:
        """Tell whether a job that ended so, of which this is told, is one of those."""
        if end not in (self.on or ENDINGS):
            return False
        schedule = data.get("schedule")
        if self.schedule is not None and (schedule is None or self.schedule not in ("*", str(schedule), data.get("name"))):
            return False
        if self.quarantined_above is None:
            return True
        most = tolerance(str(self.quarantined_above), "quarantined_above")
        quarantined, read = data.get("quarantined", 0), data.get("read", 0)
        return bool(quarantined > (most * read if isinstance(most, float) else most))


class Quiet(_Part):
    """Hours in which only what is urgent is sent."""

    begins: str = Field(alias="from")
    ends: str = Field(alias="until")
    zone: str

    @field_validator("begins", "ends")
    @classmethod
    def _is_time(cls, given: str) -> str:
        try:
            time.fromisoformat(given)
        except ValueError:
            raise ValueError(f'{given!r} is no time of day: give one as in "22:00"') from None
        return given

    @field_validator("zone")
    @classmethod
    def _is_zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(f'{given!r} is no time zone: give one as in "Europe/Berlin"') from None
        return given

    def holds(self, moment: datetime) -> bool:
        """Tell whether a moment is in these hours."""
        return is_quiet(moment, time.fromisoformat(self.begins), time.fromisoformat(self.ends), ZoneInfo(self.zone))


class Digest(_Part):
    """How often a channel is sent something at most: what comes in between goes out in one message."""

    every: str = "10m"

    @field_validator("every")
    @classmethod
    def _is_span(cls, given: str) -> str:
        seconds_of(given, "every")
        return given


class Templates(_Part):
    """The texts of messages, in Jinja2."""

    subject: str = SUBJECT
    text: str = TEXT

    @field_validator("subject", "text")
    @classmethod
    def _is_template(cls, given: str) -> str:
        if (fault := template_fault(given)) is not None:
            raise ValueError(fault)
        return given


class Rules(_Part):
    """All that a file of rules says."""

    channels: dict[str, Channel] = Field(min_length=1)
    rules: list[Rule] = Field(min_length=1)
    quiet: Quiet | None = None
    digest: Digest = Digest()
    templates: Templates = Templates()

    def found_in(self, event: str, data: Mapping[str, Any]) -> list[Found]:
        """Return what is to be told of an event, once for each rule and channel."""
        end = event.rpartition(".")[2]
        facts = {"end": end, **data}
        return [
            Found(rule.name, channel, rule.urgent, {**facts, "rule": rule.name})
            for rule in self.rules
            if rule.means(end, data)
            for channel in dict.fromkeys(rule.channels)
        ]


def read_rules(text: str, name: str = "rules") -> Rules:
    """Return the rules that a TOML text says; `name` is what it is called in messages. Raises UsageError, which names the line."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{name}: is no TOML: {error}") from None
    lines = lines_of(text)
    try:
        rules = Rules.model_validate(given)
    except ValidationError as error:
        faults = [f"{name}, line {line_at(lines, path)}: {told}" for path, told in map(_told, error.errors(include_url=False))]
        raise UsageError("\n".join(faults)) from None
    for at, rule in enumerate(rules.rules):
        for channel in rule.channels:
            if channel not in rules.channels:
                known = ", ".join(rules.channels)
                line = line_at(lines, ("rules", at, "channels"))
                raise UsageError(f"{name}, line {line}: there is no channel {channel!r}: choose among {known}")
        if rule.name in {one.name for one in rules.rules[:at]}:
            raise UsageError(
                f"{name}, line {line_at(lines, ('rules', at, 'name'))}: another rule is named {rule.name!r}: rename one"
            )
    return rules


_KEYS: dict[str, type[_Part]] = {"channels": Channel, "rules": Rule, "quiet": Quiet, "digest": Digest, "templates": Templates}


def _told(error: Any) -> tuple[Sequence[str | int], str]:
    """Return the path of a fault, and what is told of it."""
    path, kind = error["loc"], error["type"]
    if kind == "extra_forbidden":
        part = Rules if len(path) == 1 else _KEYS.get(str(path[0]), Rules)
        known = [one.alias or name for name, one in part.model_fields.items()]
        near = get_close_matches(str(path[-1]), known, 1)
        advice = f"did you mean {near[0]}?" if near else f"choose among {', '.join(known)}"
        return path, f"{path[-1]!r} is no key here: {advice}"
    if kind == "missing":
        return path[:-1], f"{path[-1]} is missing"
    if kind == "value_error":
        return path, str(error["ctx"]["error"])
    shown = "" if kind in ("too_short", "model_type") else f", and it is {error['input']!r}"
    return path, f"{path[-1] if path else 'rules'}: {error['msg'].removeprefix('Value error, ')}{shown}"[:300]
