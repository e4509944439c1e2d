"""Notifications: people are told what rules find, once, not at night, and not a hundred times."""

from __future__ import annotations

import email
import json
import shutil
import socket
import ssl
import subprocess
import textwrap
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

import memproc
from faults.receiver import Receiver
from memproc.errors import NotFoundError, UsageError
from memproc.service.notifications.channels import Message, send
from memproc.service.notifications.notifier import Clock, notices, notify, rules_of, set_rules, try_channel
from memproc.service.notifications.rules import Channel, read_rules
from memproc.service.webhooks.registering import deliveries, webhooks
from memproc.store.outbox.notices import prune_notices
from tests.databases import all_text
from tests.service.test_webhooks import ONE_A_BATCH, texts
from tests.waiting import LIMIT_SECONDS

LATER = datetime(2099, 7, 1, 12, tzinfo=UTC).timestamp()  # than all that a test does
HOUR = 3_600
NEWLINE = "\n"


class Mailbox:
    """Keeps what a mail server is given; refuses while `is_down`."""

    def __init__(self):
        """Begin with nothing."""
        self.mails, self.is_down = [], False

    async def handle_DATA(self, _server, _session, envelope):  # noqa: N802 - the name is aiosmtpd's
        """Take a mail."""
        if self.is_down:
            return "451 try later"
        self.mails.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        return "250 OK"


@contextmanager
def served(box, **given):
    """Let a real server put mails into a mailbox."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        box.port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=box.port, **given)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@pytest.fixture
def mailbox():
    """Give a mailbox behind a server that knows one user."""
    box = Mailbox()
    box.users = []

    def known(_server, _session, _envelope, _mechanism, data):
        box.users.append((data.login, data.password))
        return AuthResult(success=data.password == b"sesame", handled=False, message=f"535 wrong: {data.password}")

    with served(box, authenticator=known, auth_require_tls=False):
        yield box


@pytest.fixture
def chat(monkeypatch):
    """Give a receiver to which a chat service leads whose URL is in the environment."""
    with Receiver() as there:
        monkeypatch.setenv("CHAT_URL", f"json://127.0.0.1:{there.port}/hidden-key")
        yield there


def rules(port=25, more="", rule='on = ["failed"]'):
    """Return rules that tell a mailbox, and a chat of failures."""
    return textwrap.dedent(f"""\
        [channels.mail]
        smtp = "127.0.0.1:{port}"
        security = "none"
        from = "memproc@example.org"
        to = ["ops@example.org", "ann@example.org"]

        [channels.chat]
        url = "ENV:CHAT_URL"

        [[rules]]
        name = "ends"
        {rule}
        channels = ["mail"]
        """) + textwrap.dedent(more)


def fail(store, count=1):
    """Let jobs fail: each has a record that is none, and bears no error."""
    for _ in range(count):
        memproc.ingest([{"content": ""}], store, settings=memproc.Settings(on_error="stop"))


def at(moment):
    """Return a clock that stands."""
    return Clock(now=lambda: moment, sleep=lambda _seconds: pytest.fail("it should have ended"))


def sent_at(store, moment=LATER):
    """Send what is due at a moment, and return how many messages and notices that was."""
    done = notify(store, until_empty=True, clock=at(moment))
    return done.messages, done.notices


def test_a_failure_is_told_by_mail_once(fresh, mailbox):
    """A restart sends it no more, and what ended before there were rules is not told at all."""
    with fresh("off") as store:
        fail(store)
        set_rules(store, rules(mailbox.port))
        assert rules_of(store) == rules(mailbox.port)
        assert webhooks(store) == deliveries(store) == []
        fail(store)
        memproc.ingest(texts(1), store)
        for _ in range(2):
            notify(store, until_empty=True)
        [mail] = mailbox.mails[:]
        [told] = notices(store)
        assert store.doctor() == ()
        assert deliveries(store) == []
        fail(store)
        prune = store._opened.transactions.write
        sent_at(store)
        assert prune(lambda tx: prune_notices(tx, "2020-01-01T00:00:00.000000Z")) == 0
        assert prune(lambda tx: prune_notices(tx, "9999-01-01T00:00:00.000000Z")) == 1
        assert [one.number for one in notices(store)] == [2]
    assert (told.status, told.rule, told.channel) == ("sent", "ends", "mail")
    assert mail["To"] == "ops@example.org, ann@example.org"
    assert mail["Subject"] == "memproc: job 2 failed (ends)"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"] == f"<{told.message}@memproc>"
    lines = mail.get_content().splitlines()
    assert lines[0].startswith("Job 2 failed: stopped at 2")
    assert lines[1] == "  1 read = 0 stored + 0 duplicate + 0 merged + 1 quarantined (100.0 %)"
    assert lines[-1] == f"store: {store.url}"


def test_a_hundred_failures_are_one_message(fresh_file, mailbox):
    """And what comes soon after it waits for the next."""
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port))
        fail(store, 8)
        assert sent_at(store) == (1, 8)
        assert mailbox.mails[0]["Subject"] == "memproc: 8 jobs, 8 failed"
        fail(store, 2)
        now = datetime.now(UTC).timestamp()
        assert notify(store, until_empty=True, clock=at(now + 60)).messages == 0
        assert notify(store, until_empty=True, clock=at(now + 11 * 60)).notices == 2
    assert len(mailbox.mails) == 2


def test_nobody_is_disturbed_in_quiet_hours(fresh_file, mailbox):
    """But by what is urgent; in the morning comes the rest, in one message."""
    quiet = """
        [[rules]]
        name = "urgent"
        on = ["failed"]
        channels = ["mail"]
        urgent = true
        [quiet]
        from = "22:00"
        until = "07:00"
        zone = "Europe/Berlin"
        """
    night = datetime(2099, 12, 31, 23, tzinfo=UTC).timestamp()
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port, quiet, 'on = ["completed"]'))
        fail(store)
        memproc.ingest(texts(1), store)
        memproc.ingest(texts(2), store)
        assert notify(store, until_empty=True, clock=at(night)).notices == 1
        assert "urgent" in mailbox.mails[0]["Subject"]
        assert notify(store, until_empty=True, clock=at(night + 6 * HOUR)).notices == 0
        assert notify(store, until_empty=True, clock=at(night + 8 * HOUR)).notices == 2


@pytest.mark.parametrize(
    ("rule", "is_told"),
    [
        ('quarantined_above = "2%"', True),
        ('quarantined_above = "25%"', False),
        ("quarantined_above = 0", True),
        ("quarantined_above = 1", False),
        ('quarantined_above = "2%"\non = ["failed"]', False),
        ('schedule = "*"', False),
        ('on = ["completed"]', True),
    ],
)
def test_a_rule_finds_what_it_says(fresh_file, mailbox, rule, is_told):
    """Of a job of four records of which one is none."""
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port, rule=rule))
        memproc.ingest([*texts(3), {"content": ""}], store)
        assert sent_at(store) == (int(is_told), int(is_told))


@pytest.mark.parametrize(("said", "is_meant"), [("*", True), ("nightly", True), ("weekly", False)])
def test_a_schedule_that_is_finished_is_told(said, is_meant):
    """By its name, or any."""
    found = read_rules(rules(rule=f'on = ["completed"]\nschedule = "{said}"'))
    data = {"job": 1, "schedule": "nightly"}
    assert bool(found.found_in("batch.job.completed", data)) is is_meant
    assert not found.found_in("batch.job.failed", data)


def test_a_server_that_is_down_is_tried_again(fresh_file, mailbox):
    """With the same mail, whatever comes in between, and not for ever."""
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port))
        fail(store)
        mailbox.is_down = True
        done = notify(store, until_empty=True)
        [waits] = notices(store)
        assert (done.failed, waits.status) == (waits.attempts, "waiting")
        assert done.failed > 0
        assert waits.why.startswith("SMTPDataError: (451, b'try later')")
        mailbox.is_down = False
        fail(store)
        now = datetime.now(UTC).timestamp()
        assert sent_at(store, now + 60) == (1, 1)
        assert mailbox.mails[0]["Message-ID"] == f"<{waits.message}@memproc>"
        assert sent_at(store) == (1, 1)


@pytest.mark.costly
@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # which apprise imports
def test_a_chat_service_is_told_and_its_key_is_shown_nowhere(fresh_file, chat, monkeypatch):
    """Neither in the store nor where it fails."""
    with fresh_file("off") as store:
        set_rules(store, rules(rule='on = ["failed"]').replace('channels = ["mail"]', 'channels = ["chat"]'))
        fail(store)
        assert sent_at(store) == (1, 1)
        told = json.loads(chat.accepted[0].body)
        assert (told["title"], told["message"].splitlines()[0][:18]) == ("memproc: job 1 failed (ends)", "Job 1 failed: stop")
        assert try_channel(store, "chat") is None
        chat._answer = lambda: 500
        why = try_channel(store, "chat")
        assert why is not None
        assert "500" in why
        assert "hidden-key" not in why + all_text(store)
        monkeypatch.delenv("CHAT_URL")
        assert try_channel(store, "chat").startswith("ENV:CHAT_URL: the environment variable CHAT_URL is not set")
        with pytest.raises(NotFoundError, match="no channel 'post': there are mail, chat"):
            try_channel(store, "post")


@pytest.mark.parametrize(("password", "is_sent"), [("sesame", True), ("tahini", False)])
def test_a_mail_server_may_want_a_password(mailbox, monkeypatch, password, is_sent):
    """Which is in the environment, and not in what is told of a failure."""
    monkeypatch.setenv("SMTP_PASSWORD", password)
    given = {"smtp": f"127.0.0.1:{mailbox.port}", "security": "none", "from": "a@example.org", "to": ["b@example.org"]}
    channel = Channel.model_validate({**given, "user": "memproc", "password": "ENV:SMTP_PASSWORD"})
    why = send(channel, Message("mark", "2026-01-31T12:00:00.000000Z", "two\nlines", "Grüße"))
    assert {*mailbox.users} == {(b"memproc", password.encode())}
    assert (why is None) is is_sent
    if is_sent:
        assert (mailbox.mails[0]["Subject"], mailbox.mails[0].get_content().split()) == ("two lines", ["Grüße"])
    else:
        assert password not in why


def test_a_message_says_what_its_template_says(fresh_file, mailbox):
    """A sandbox of Jinja2 makes it."""
    templates = """
        [templates]
        subject = "{{ count }} x {{ first.end }}"
        text = '''
        {% for one in notices %}{{ one.job }} of {{ store }}
        {% endfor %}'''
        """
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port, templates))
        fail(store, 2)
        assert sent_at(store) == (1, 2)
        assert mailbox.mails[0]["Subject"] == "2 x failed"
        assert mailbox.mails[0].get_content().split() == f"1 of {store.url} 2 of {store.url}".split()


def test_rules_that_change_hold_for_what_waits(fresh_file, mailbox):
    """What goes to a channel that is gone is given up; without rules nothing is read."""
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port))
        fail(store)
        mailbox.is_down = True
        notify(store, until_empty=True)
        set_rules(store, rules(mailbox.port).replace("mail]", "post]").replace('"mail"', '"post"'))
        assert sent_at(store) == (0, 0)
        assert [(one.status, one.why) for one in notices(store)] == [("dead", "the rules have no such channel any more")]
        set_rules(store, None)
        fail(store)
        with pytest.raises(UsageError, match="keeps no rules of notifications"):
            notify(store, until_empty=True)
        set_rules(store, rules(mailbox.port))
        assert sent_at(store) == (0, 0)


WRONG = [
    ('chanels = ["mail"]', 1, "'chanels' is no key here: did you mean channels?"),
    ("quiet = true", 1, "choose among|did you mean"),
    ('urgent = "yes"', 1, "urgent: Input should be a valid boolean, and it is 'yes'"),
    ('[quiet]\nfrom = "25:00"\nuntil = "07:00"\nzone = "Europe/Berlin"', 2, "'25:00' is no time of day"),
    ('[quiet]\nfrom = "22:00"\nuntil = "07:00"\nzone = "Berlin"', 4, "'Berlin' is no time zone"),
    ('[quiet]\nfrom = "22:00"\nuntil = "07:00"', 1, "zone is missing"),
    ('[digest]\nevery = "often"', 2, "every 'often': give a number with s, m, h or d"),
    ('[[rules]]\nname = "other"\nchannels = ["post"]\non = ["failed"]', 3, "no channel 'post': choose among mail, chat"),
    ('[[rules]]\nname = "ends"\nchannels = ["mail"]\non = ["failed"]', 2, "another rule is named 'ends'"),
    ('[[rules]]\nname = "other"\nchannels = ["mail"]', 1, "the rule 'other' says not when"),
    ('[[rules]]\nname = "other"\nchannels = ["mail"]\non = ["done"]', 4, "Input should be 'completed', 'failed'"),
    ('[channels.post]\nurl = "slack://secret/key"', 2, "holds its key: put it where url"),
    (
        '[channels.post]\nsmtp = "mail.example.org"\nsecurity = "none"\nfrom = "a@b"\nto = ["c@d"]',
        1,
        "in the clear to mail.example",
    ),
    ('[channels.post]\nsmtp = "mail.example.org"\nfrom = "a@b"\nto = ["c d"]', 4, "'c d' is no address"),
    ('[channels.post]\nsmtp = "mail.example.org"', 1, "a mail needs from and to"),
    ('[channels.post]\nuser = "a"', 1, "give either url"),
    ('[channels.post]\nsmtp = "x"\nuser = "a"\npassword = "tiger"', 4, "give a reference"),
    ('[templates]\ntext = "{{ nobody }}"', 2, "the template fails: 'nobody' is undefined"),
    ('[templates]\ntext = "{{ 7 ** 9999999 }}"', 2, "makes something enormous"),
    ('[templates]\ntext = "{% for %}"', 2, "the template fails in its line 1"),
    ('[templates]\ntext = "{{ notices.__class__.__mro__ }}"', 2, "unsafe"),
]


@pytest.mark.parametrize(("line", "number", "told"), WRONG)
def test_what_is_wrong_in_rules_is_told_with_its_line(line, number, told):
    """And what would be right."""
    with pytest.raises(UsageError, match=told) as refused:
        read_rules(rules() + line + "\n", "notify.toml")
    assert str(refused.value).startswith(f"notify.toml, line {rules().count(NEWLINE) + number}: ")
    assert "tiger" not in str(refused.value)


def test_what_is_no_toml_is_refused():
    """With the line too."""
    with pytest.raises(UsageError, match=r"rules: is no TOML: .* \(at line 2"):
        read_rules("[quiet]\nfrom = \n")
    with pytest.raises(UsageError, match="rules, line 1: channels is missing"):
        read_rules("")


def test_a_job_of_many_batches_is_one_notice(fresh_file, mailbox):
    """Nothing is kept for notices but ends."""
    with fresh_file("off") as store:
        set_rules(store, rules(mailbox.port, rule='on = ["completed"]'))
        memproc.ingest(texts(5), store, settings=ONE_A_BATCH)
        assert sent_at(store) == (1, 1)


@pytest.mark.costly
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate, and is not here")
def test_a_mail_goes_over_tls_to_whom_the_machine_trusts(tmp_path, monkeypatch):
    """By STARTTLS unless said otherwise; to no other server."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    made = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate]
    subprocess.run([*made, *named], check=True, capture_output=True, timeout=LIMIT_SECONDS)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    for security, given in (("starttls", {"tls_context": context, "require_starttls": True}), ("tls", {"ssl_context": context})):
        box = Mailbox()
        with served(box, **given):
            described = {"smtp": f"localhost:{box.port}", "security": security, "from": "a@example.org", "to": ["b@example.org"]}
            channel = Channel.model_validate(described)
            message = Message("mark", "2026-01-31T12:00:00.000000Z", "subject", "text")
            monkeypatch.delenv("SSL_CERT_FILE", raising=False)
            assert "CERTIFICATE_VERIFY_FAILED" in send(channel, message)
            monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
            assert send(channel, message) is None
        assert len(box.mails) == 1
