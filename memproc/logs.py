"""What memproc logs, given to the standard library's `logging`.

Facts: memproc logs by loguru, under the name `memproc`, and is silent until a host enables that. loguru gives a handler of
`logging` a record with the name of the module, the level and the traceback; the logger of that name then decides.
"""

from __future__ import annotations

import logging

from loguru import logger


class _ToLogging(logging.Handler):
    """Gives a record to the logger of its name, if that takes its level."""

    def emit(self, record: logging.LogRecord) -> None:
        target = logging.getLogger(record.name)
        if target.isEnabledFor(record.levelno):
            target.handle(record)


def log_to_logging() -> int:
    """Give what memproc logs to the loggers of the standard library whose names begin with `memproc`: their levels and handlers
    decide. Call it once.

    Return the number of the handler: `loguru.logger.remove(number)` ends it. The handler that loguru itself begins with prints to
    standard error; an application that does not use loguru removes it by `loguru.logger.remove(0)`.
    """
    number = logger.add(_ToLogging(), level=0, format="{message}", filter="memproc", backtrace=False, diagnose=False)
    logger.enable("memproc")
    return number
