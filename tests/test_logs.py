"""What memproc logs, in the loggers of the standard library."""

from __future__ import annotations

import logging

import pytest
from loguru import logger

import memproc


@pytest.fixture
def bridge():
    """Give what memproc logs to `logging`, and end that."""
    number = memproc.log_to_logging()
    yield number
    logger.remove(number)
    logger.disable("memproc")


def test_records_have_their_names_levels_and_words(bridge, caplog, tmp_path):  # noqa: ARG001 - it is the setting
    """As if memproc had logged there."""
    caplog.set_level(logging.DEBUG, logger="memproc")
    memproc.ingest([{"content": "Prefers tea"}], tmp_path / "m.db")
    told = [(one.name, one.levelname) for one in caplog.records]
    assert told == [("memproc.ingestion.run", "DEBUG"), ("memproc.ingestion.run", "INFO")]
    assert caplog.records[-1].getMessage() == "job 1: done"


def test_levels_of_loggers_decide(bridge, caplog, tmp_path):  # noqa: ARG001 - it is the setting
    """Of the application, and of one part of memproc."""
    caplog.set_level(logging.DEBUG, logger="memproc")
    caplog.set_level(logging.WARNING, logger="memproc.ingestion")
    memproc.ingest([{"content": "Prefers tea"}], tmp_path / "m.db")
    assert caplog.records == []


def test_what_others_log_by_loguru_stays_theirs(bridge, caplog):  # noqa: ARG001 - it is the setting
    """Only what memproc logs is given."""
    caplog.set_level(logging.DEBUG)
    logger.info("of another")
    assert caplog.records == []
