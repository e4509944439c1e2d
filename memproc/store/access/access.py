"""What a service asks of a store beside its memories: tokens, the log, answers and counts that are kept, files that were sent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from memproc.report.figures import Pace
from memproc.store.access import audit, calls, replies, sessions, tokens, uploads
from memproc.store.access.audit import Line
from memproc.store.access.calls import Window
from memproc.store.access.replies import Asked, Reply, Standing
from memproc.store.access.tokens import Token, Wanted
from memproc.store.access.uploads import Upload
from memproc.store.jobs.batches import BatchRow, batches_of, pace_of_job
from memproc.store.jobs.days import Day, Minute, days_since, minutes_since
from memproc.store.jobs.owners import Owner
from memproc.store.sql.transactions import Transactions
from memproc.store.sql.tx import Tx


class Access:
    """The part of an open store that only who serves it needs. Safe to use from several threads."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def create_token(self, wanted: Wanted) -> tuple[Token, str]:
        """Write a new token, and return it and its secret, which is shown only here."""
        secret = tokens.new_secret()
        return self._transactions.write(lambda tx: tokens.create(tx, wanted, secret)), secret

    def tokens(self) -> list[Token]:
        """Return all tokens, the oldest first."""
        return self._transactions.read(tokens.listed)

    def revoke_token(self, number: int) -> Token:
        """Let a token be refused from now on. Raises NotFoundError."""
        return self._transactions.write(lambda tx: tokens.revoke(tx, number))

    def valid_token(self, secret: str) -> Token | None:
        """Return the token of a secret, None if there is none that can be used now."""

        def found(tx: Tx) -> Token | None:
            token = tokens.by_secret(tx, secret)
            return token if token is not None and token.is_valid(tx.now) else None

        return self._transactions.read(found)

    def begin_session(self, token: int) -> str:
        """Begin a session of the token of a number, and return its secret, which is known only here."""
        return self._transactions.write(lambda tx: sessions.begin(tx, token))

    def token_of_session(self, secret: str) -> Token | None:
        """Return the token of the session of a secret, None if there is none that goes on now."""
        return self._transactions.read(lambda tx: sessions.token_of(tx, secret))

    def end_session(self, secret: str) -> None:
        """End a session; one that is not there is as good as ended."""
        self._transactions.write(lambda tx: sessions.end(tx, secret))

    def counts(self, windows: Sequence[Window]) -> dict[Window, int]:
        """Return the counts of calls in windows."""
        return self._transactions.read(lambda tx: calls.counts(tx, windows))

    def note(self, lines: Sequence[Line], more: Mapping[Window, int], now: float) -> dict[Window, int]:
        """Write lines of the log and count calls; return how many calls each of the windows has then."""

        def noted(tx: Tx) -> dict[Window, int]:
            if lines:
                audit.write(tx, lines)
            return calls.add(tx, more, now) if more else {}

        return self._transactions.write(noted)

    def log(self, *, before: int | None = None, limit: int = 100) -> list[Line]:
        """Return lines of the log, the newest first: at most so many, older than the line of a number."""
        return self._transactions.read(lambda tx: audit.lines_before(tx, before, limit))

    def begin_reply(self, asked: Asked, owner: Owner) -> tuple[Standing, Reply | None]:
        """Note that a request is being answered, unless it was before: see `replies.begin`."""
        return self._transactions.write(lambda tx: replies.begin(tx, asked, owner))

    def keep_reply(self, asked: Asked, reply: Reply | None) -> None:
        """Keep the answer to a request; None where nothing was done, so that it may be sent again."""
        self._transactions.write(lambda tx: replies.drop(tx, asked) if reply is None else replies.keep(tx, asked, reply))

    def batches(self, job: int, *, after: int = 0, limit: int = 100) -> list[BatchRow]:
        """Return at most so many batches of a job, in their order, behind the one of a number."""
        return self._transactions.read(lambda tx: batches_of(tx, job, after, limit))

    def pace(self, job: int) -> Pace:
        """Return how fast the batches of a job went, with what was held meanwhile."""
        return self._transactions.read(lambda tx: pace_of_job(tx, job))

    def minutes(self, since: str, namespaces: Sequence[str] | None) -> list[Minute]:
        """Return what landed by minute: see `days.minutes_since`."""
        return self._transactions.read(lambda tx: minutes_since(tx, since, namespaces))

    def days(self, since: str, namespaces: Sequence[str] | None) -> list[Day]:
        """Return what landed by day: see `days.days_since`."""
        return self._transactions.read(lambda tx: days_since(tx, since, namespaces))

    def note_upload(self, what: Mapping[str, Any]) -> Upload:
        """Write what is known of a file that was sent: see `uploads.note`."""
        return self._transactions.write(lambda tx: uploads.note(tx, what))

    def uploads(self) -> list[Upload]:
        """Return the files that were sent, the oldest first."""
        return self._transactions.read(uploads.listed)

    def upload(self, number: int) -> Upload | None:
        """Return a file that was sent; None where there is none of that number."""
        return self._transactions.read(lambda tx: uploads.by_number(tx, number))

    def delete_uploads(self, numbers: Sequence[int]) -> None:
        """Forget of files that they were there."""
        self._transactions.write(lambda tx: uploads.delete(tx, numbers))
