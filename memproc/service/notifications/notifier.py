"""Reads what was told of jobs, and tells people what rules find in it. Any number of processes may do so at once.

Rules: what comes while a channel waits (quiet hours, the time between two messages, a server that is down) goes out in one message.
What was sent is noted, so a restart sends it no more; who is killed between sending and noting leaves a message that is sent again
under the mark that it had.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import groupby
from typing import NamedTuple

import orjson
from loguru import logger

from memproc.errors import NotFoundError, UsageError
from memproc.records import M
from memproc.service.durations import seconds_of
from memproc.service.notifications.channels import Message, send
from memproc.service.notifications.rules import Rules, read_rules
from memproc.service.notifications.templates import rendered
from memproc.store.outbox.kinds import EndpointKind
from memproc.store.outbox.notices import (
    Notice,
    claim,
    give_up,
    keep_rules,
    kept_rules,
    last_sent,
    listed_notices,
    note_message,
    open_notices,
    prune_notices,
    read_events,
    write_notices,
)
from memproc.store.outbox.sending import next_due
from memproc.store.outbox.waits import MICROS, Waits
from memproc.store.sql.tx import Tx
from memproc.store.store import Store, opened_by
from memproc.times import from_micros, to_text

LEASE_MICROS = 120 * MICROS
MOST_SHOWN = 50
POLL_SECONDS = 1.0
KEPT_DAYS = 30


class Clock(NamedTuple):
    """What a notifier asks of the machine: seconds since 1970, and sleep."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], object] = time.sleep


@dataclass(slots=True)
class Notified:
    """What was sent: messages, the notices in them, and messages that failed."""

    messages: int = 0
    notices: int = 0
    failed: int = 0


def set_rules(store: Store[M], text: str | None, name: str = "rules") -> Rules | None:
    """Keep rules, given as TOML, in the store, in place of those that it has; None keeps none any more. What happens from now on is
    told by them. `name` is what the text is called in messages. Raises UsageError, which names the line that is wrong.
    """
    rules = None if text is None else read_rules(text, name)
    opened_by(store).transactions.write(lambda tx: keep_rules(tx, text))
    return rules


def rules_of(store: Store[M]) -> str | None:
    """Return the rules that a store keeps, as they were given, None where it keeps none."""
    return opened_by(store).transactions.read(kept_rules) or None


def notices(store: Store[M], *, limit: int = MOST_SHOWN) -> list[Notice]:
    """Return what was or is to be told, the newest first."""
    return opened_by(store).transactions.read(lambda tx: listed_notices(tx, limit))


def try_channel(store: Store[M], name: str) -> str | None:
    """Send a message to a channel now, whatever the hour; return why it was not sent, None if it was. Raises NotFoundError if there
    is no such channel.
    """
    rules = _required(rules_of(store))
    if name not in rules.channels:
        raise NotFoundError(f"no channel {name!r}: there are {', '.join(rules.channels)}")
    subject, text = "memproc: a test", f"This is a test of the channel {name}.\nstore: {store.url}\n"
    return send(
        rules.channels[name], Message(f"test-{random.getrandbits(64):016x}", from_micros(_micros(time.time())), subject, text)
    )


def notify(
    store: Store[M],
    *,
    until: Callable[[], bool] = lambda: False,
    until_empty: bool = False,
    clock: Clock | None = None,
    done: Notified | None = None,
) -> Notified:
    """Send what is due by the rules of a store until `until` says so, which is asked about once a second, or with `until_empty`
    until nothing can be sent now: what waits for the end of quiet hours is left to the next run. Return what was sent, which is
    counted in `done` meanwhile.

    Raises UsageError where the store keeps no rules.
    """
    used, counted = clock or Clock(), Notified() if done is None else done
    _required(rules_of(store))
    before = to_text(datetime.now(UTC) - timedelta(days=KEPT_DAYS))
    while opened_by(store).transactions.write(lambda tx: prune_notices(tx, before)):
        pass
    while not until():
        has_read = opened_by(store).transactions.write(_read) if _has_unread(store) else False
        has_sent = _send_due(store, used, counted)
        if not has_read and not has_sent:
            if until_empty:
                break
            used.sleep(POLL_SECONDS)
    return counted


def due(rules: Rules, waiting: Iterable[Notice], last: Mapping[str, int], now: float) -> list[list[Notice]]:
    """Return what is to be sent now, one list a message: by channel what is due, if its last message is old enough, in quiet hours
    only what is urgent. What was in a message that failed goes out in one again, and before it nothing else of its channel.
    """
    is_quiet = rules.quiet is not None and rules.quiet.holds(datetime.fromtimestamp(now, UTC))
    every, moment = _micros(seconds_of(rules.digest.every, "every")), _micros(now)
    waiting, messages = [*waiting], []
    failed = {one.channel for one in waiting if one.message}
    able = [one for one in waiting if (one.due_at or 0) <= moment and (one.is_urgent or not is_quiet)]
    for (channel, message), group in groupby(sorted(able, key=_message_of), key=_message_of):
        if message or (channel not in failed and moment - last.get(channel, -every) >= every):
            messages.append([*group])
    return messages


def _message_of(notice: Notice) -> tuple[str, str]:
    return notice.channel, notice.message or ""


def _has_unread(store: Store[M]) -> bool:
    return opened_by(store).transactions.read(lambda tx: next_due(tx, EndpointKind.NOTICES)) is not None


def _read(tx: Tx) -> bool:
    """Write notices of what rules find in events that nobody has read yet; return whether there were any."""
    rules, events = read_rules(kept_rules(tx) or ""), read_events(tx)
    for event in events:
        write_notices(tx, event.event, rules.found_in(event.type, orjson.loads(event.payload)["data"]))
    return bool(events)


def _send_due(store: Store[M], clock: Clock, done: Notified) -> bool:
    """Send each message that is due; return whether one came through."""
    transactions = opened_by(store).transactions
    rules = _required(rules_of(store))

    def claimed(tx: Tx) -> list[list[Notice]]:
        waiting = open_notices(tx)
        homeless = [one for one in waiting if one.channel not in rules.channels]
        give_up(tx, homeless, "the rules have no such channel any more")
        found = due(rules, [one for one in waiting if one not in homeless], last_sent(tx), clock.now())
        return [claim(tx, message, LEASE_MICROS) for message in found]

    if not transactions.read(open_notices):
        return False
    sent = 0
    for message in transactions.write(claimed):
        why = _sent(rules, message, store.url)
        transactions.write(partial(note_message, notices=message, why=why, waits=Waits(), chance=random.random()))  # noqa: S311
        if why is None:
            done.messages, done.notices, sent = done.messages + 1, done.notices + len(message), sent + 1
        else:
            done.failed += 1
            logger.warning("notices to {} were not sent: {}", message[0].channel, why)
    return sent > 0


def _sent(rules: Rules, message: list[Notice], where: str) -> str | None:
    """Send a message of these notices; return why it was not sent, None if it was."""
    facts = [one.facts for one in message]
    try:
        subject, text = (rendered(one, facts, where) for one in (rules.templates.subject, rules.templates.text))
    except ModuleNotFoundError as error:
        return str(error)
    except Exception as error:  # noqa: BLE001 - a template may fail in any way
        return f"the template fails: {error}"
    return send(rules.channels[message[0].channel], Message(message[0].message or "", message[0].told_at, subject, text))


def _required(text: str | None) -> Rules:
    if text is None:
        raise UsageError("the store keeps no rules of notifications: give them by `memproc notify rules DB FILE`")
    return read_rules(text)


def _micros(seconds: float) -> int:
    return int(seconds * MICROS)
