"""A database that refuses rows: by a rule of its own, put in behind memproc's back."""

from __future__ import annotations

from typing import Final

import memproc


def refuse(store: memproc.Store, word: str) -> None:
    """Let the database refuse observations that hold a word."""
    database = store._opened.database  # noqa: SLF001 - the rule is put in behind its back
    percent = "%%" if "+" in database.url.drivername else "%"
    with database.write() as tx:
        for statement in _RULES[database.backend.driver]:
            tx.exec_driver_sql(statement.replace("poison", word).replace("%", percent))


_RULES: Final = {
    "sqlite": (
        """CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations WHEN new.record LIKE '%poison%'
        BEGIN SELECT RAISE(ABORT, 'refused by a trigger'); END""",
    ),
    "postgresql+psycopg": (
        """CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.record LIKE '%poison%' THEN
        RAISE EXCEPTION 'refused by a trigger' USING ERRCODE = '23514'; END IF; RETURN NEW; END $$""",
        "CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations FOR EACH ROW EXECUTE FUNCTION refuse()",
    ),
    "mysql+pymysql": (
        """CREATE TRIGGER refuse BEFORE INSERT ON memproc_observations FOR EACH ROW BEGIN IF NEW.record LIKE '%poison%' THEN
        SIGNAL SQLSTATE '23000' SET MESSAGE_TEXT = 'refused by a trigger', MYSQL_ERRNO = 1048; END IF; END""",
    ),
}
_RULES["mariadb+pymysql"] = _RULES["mysql+pymysql"]
