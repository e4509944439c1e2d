"""Sends a message to a channel: by SMTP, or by apprise to a chat service.

Rules: what a reference stands for is used for this message only, and never shown: whatever a server or a package says of a failure
has the reference in its place again.
"""

from __future__ import annotations

import logging
import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import NamedTuple

from memproc.errors import UsageError
from memproc.integrations.extras import told_which_extra
from memproc.service.notifications.rules import Channel
from memproc.sources.rest.secrecy import Secrets
from memproc.times import parse_time
from memproc.waiting import waiting

TIMEOUT_SECONDS = 30.0
MOST_TOLD = 300  # characters of why a message was not sent


class Message(NamedTuple):
    """What is sent: its mark, when it was made, and its texts."""

    mark: str
    made_at: str
    subject: str
    text: str


def send(channel: Channel, message: Message) -> str | None:
    """Send a message; return why it was not sent, None if it was."""
    try:
        secrets = Secrets.of([one for one in (channel.url, channel.user, channel.password) if one])
    except UsageError as error:
        return str(error)
    try:
        with waiting():
            if channel.url is None:
                _by_mail(channel, message, secrets)
                return None
            why = _by_chat(channel.url, message, secrets)
    except (OSError, smtplib.SMTPException, ssl.SSLError, ValueError) as error:
        where = "" if channel.url is not None else f", at {channel.host}:{channel.port}"
        why = f"{type(error).__name__}: {error}{where}"
    return None if why is None else secrets.hidden(why)[:MOST_TOLD]


def _by_mail(channel: Channel, message: Message, secrets: Secrets) -> None:
    mail = EmailMessage()
    mail["From"], mail["To"] = channel.sender, ", ".join(channel.to)
    mail["Subject"] = " ".join(message.subject.split())
    if (made_at := parse_time(message.made_at)) is not None:
        mail["Date"] = format_datetime(made_at)
    mail["Message-ID"] = f"<{message.mark}@memproc>"
    mail["Auto-Submitted"] = "auto-generated"  # so that nobody's absence answers it (RFC 3834)
    mail.set_content(message.text)
    context = ssl.create_default_context()
    if channel.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(channel.host, channel.port, timeout=TIMEOUT_SECONDS, context=context)
    else:
        server = smtplib.SMTP(channel.host, channel.port, timeout=TIMEOUT_SECONDS)
    with server:
        if channel.security == "starttls":
            server.starttls(context=context)
        if channel.user and channel.password:
            server.login(secrets.revealed(channel.user), secrets.revealed(channel.password))
        server.send_message(mail)


def _by_chat(url: str, message: Message, secrets: Secrets) -> str | None:
    with told_which_extra("notify"):
        import apprise  # noqa: PLC0415 - an extra, loaded when it is first used
    service = apprise.Apprise()
    if not service.add(secrets.revealed(url)):
        return "the URL is none of a service that apprise knows"
    told = _Told()
    logger = logging.getLogger("apprise")
    logger.addHandler(told)
    try:
        is_sent = service.notify(title=message.subject, body=message.text, body_format=apprise.NotifyFormat.TEXT)
    finally:
        logger.removeHandler(told)
    return None if is_sent else told.last or "the service did not take it"


class _Told(logging.Handler):
    """Keeps what apprise says of a failure, which it does not raise."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = record.getMessage()
