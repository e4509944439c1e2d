"""`notify`: a message to people, by mail or chat.

Rules: a message is sent at least once: where the process is killed between sending and writing that, it is sent again, with the
same mark, by which a mail is known. A channel that fails does not keep the others from being told.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from memproc.errors import UsageError
from memproc.flows.step import At, Options, Part, Step, StepError, Switch, Text
from memproc.service.notifications.channels import TIMEOUT_SECONDS, Message, send
from memproc.service.notifications.notifier import rules_of
from memproc.service.notifications.rules import Channel, read_rules
from memproc.store.sql.tx import time_now


class Mail(Part):
    """A mail server, and addresses."""

    smtp: Text = Field(description="The server, with its port behind a colon where it is not the usual one.")
    security: Literal["starttls", "tls", "none"] = Field("starttls", description="none only to this machine.")
    from_: Text = Field(alias="from", description="The address that it comes from.")
    to: list[Text] = Field(min_length=1, description="The addresses that it goes to.")
    user: Text | None = Field(None, description="The user; may hold `${secrets.NAME}`.")
    password: Text | None = Field(None, description="The password: `${secrets.NAME}`.")


class Notify(Options):
    """Send a message to people."""

    do: Literal["notify"]
    subject: Text = Field(description="What it is about.")
    text: Text = Field(description="What is told.")
    channels: list[Text] = Field(default_factory=list, description="Channels of the rules that the store keeps (`memproc notify`).")
    chat: Text | None = Field(None, description="The URL of a chat service, as apprise has it: `${secrets.NAME}`.")
    mail: Mail | None = Field(None, description="A mail server, and addresses.")
    strict: Switch = Field(False, description="Fail where a channel did not take it. Without it `failed` tells.")


def notify(options: Notify, at: At) -> dict[str, Any]:
    """Send the message by each channel that did not take it before a kill."""
    channels = _channels(options, at)
    if not channels:
        raise UsageError(f"{options.id}: say whom to tell: give channels, chat or mail")
    sent: list[str] = list(at.noted.get("sent", ()))
    made_at = str(at.noted.get("made_at") or time_now())
    at.note({"made_at": made_at})
    failed = {}
    for name, channel in channels.items():
        if name in sent:
            continue
        mark = f"flow-{at.flow}-{at.run}-{options.id}-{len(sent)}"
        if why := send(channel, Message(mark, made_at, options.subject, options.text)):
            failed[name] = why
        else:
            sent.append(name)
            at.note({"sent": sent})
    if failed and (options.strict or not sent):
        raise StepError("; ".join(f"{name}: {why}" for name, why in failed.items()))
    return {"sent": sent, "failed": failed}


def _channels(options: Notify, at: At) -> dict[str, Channel]:
    """Return the channels by name. Raises UsageError where one cannot be."""
    found = {}
    if options.channels:
        text = rules_of(at.store)
        kept = {} if text is None else read_rules(text).channels
        for name in options.channels:
            if name not in kept:
                raise UsageError(f"the store keeps no channel {name!r}: it has {', '.join(kept) or 'none'} (`memproc notify`)")
            found[name] = kept[name]
    if options.chat is not None:
        found["chat"] = _channel({"url": at.secrets.reference(options.chat)})
    if options.mail is not None:
        said = options.mail.model_dump(by_alias=True, exclude_none=True)
        for name in ("user", "password"):
            if name in said:
                said[name] = at.secrets.reference(said[name])
        found["mail"] = _channel(said)
    return found


def _channel(said: dict[str, Any]) -> Channel:
    try:
        return Channel.model_validate(said)
    except ValueError as error:
        told = str(error).partition("Value error, ")[2].partition(" [")[0] or str(error)
        raise UsageError(told) from None


STEP = Step(Notify, notify, ("chat", "mail"), lambda options: TIMEOUT_SECONDS * 3 * (2 + len(options.channels)))
