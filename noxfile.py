"""What who works on memproc does, one session each: `nox -l` lists them, `nox -s tests` runs one, `nox` runs those of every change.

Rules: each session has an environment of its own with what it needs, kept for the next time (`nox -R` uses it as it is). What
stands behind `--` goes to the command: `nox -s tests -- tests/test_laws.py`. `.ci/run` runs the same commands in one environment.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "types", "docs", "tests"]
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = True

PYTEST = ("python", "-m", "pytest", "-n", "2")
SERVERS = {
    "MEMPROC_TEST_POSTGRES_URL": "postgresql://postgres@127.0.0.1:5432/test",
    "MEMPROC_TEST_MYSQL_URL": "mysql://root@127.0.0.1:3306/test",
}
WITHOUT_SERVERS = dict.fromkeys(SERVERS)  # None takes a variable away


def _install(session: nox.Session, *groups: str, extras: str = "") -> None:
    """Install memproc as it lies here, with extras of users and groups of `pyproject.toml`."""
    session.install("pip>=25.1")  # the first that reads groups
    asked = [word for group in groups for word in ("--group", group)]
    session.install("-e", f".[{extras}]" if extras else ".", *asked)


@nox.session
def tests(session: nox.Session) -> None:
    """Run the quick tests, as the README does."""
    _install(session, "tests")
    session.run(*PYTEST, *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def slow(session: nox.Session) -> None:
    """Run the tests that take long, as CI does."""
    _install(session, "tests")
    session.run(*PYTEST, "-m", "(slow or costly) and not engine and not long", *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def long(session: nox.Session) -> None:
    """Run the tests that take too long for CI: most cases of tests that have hundreds."""
    _install(session, "tests")
    session.run(*PYTEST, "-m", "long", *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def engines(session: nox.Session) -> None:
    """Run the tests that need Dask or Ray, or begin many processes."""
    _install(session, "tests", extras="dask,ray")
    session.run(*PYTEST, "-m", "engine", *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def servers(session: nox.Session) -> None:
    """Run the tests on PostgreSQL and MariaDB: those that the variables name, or both on this machine."""
    _install(session, "tests")
    env = {name: os.environ.get(name, url) for name, url in SERVERS.items()} | {"MEMPROC_HYPOTHESIS": "few"}
    session.run(*PYTEST, "-m", "server and not slow", *session.posargs, env=env)


@nox.session
def programs(session: nox.Session) -> None:
    """Let the programs whose stores memproc reads write them, and delete from them: this installs some gigabytes."""
    _install(session, "tests", "programs")
    session.run(*PYTEST, "-m", "long", "tests/sources/live", *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def browser(session: nox.Session) -> None:
    """Open reports in Chromium, which has to be installed, and let axe look at them."""
    _install(session, "tests", "browser")
    session.run("python", "-m", "pytest", "-m", "browser", *session.posargs, env=WITHOUT_SERVERS)


@nox.session
def laws(session: nox.Session) -> None:
    """Run the laws and all other properties with more examples."""
    _install(session, "tests")
    where = session.posargs or ["tests/test_laws.py", "tests/dedup", "tests/sources"]
    env = WITHOUT_SERVERS | {"MEMPROC_HYPOTHESIS": "more"}
    session.run(*PYTEST, "-o", "timeout=900", "-m", "hypothesis and not slow", *where, env=env)


@nox.session
def faults(session: nox.Session) -> None:
    """Do on purpose what can go wrong, in the short form of every suite that needs no atheris."""
    _install(session, "tests")
    session.run("python", "-m", "faults", *(session.posargs or ["all", "--short"]))


@nox.session
def fuzz(session: nox.Session) -> None:
    """Let atheris look for bytes that break the pure part, some seconds for each target."""
    _install(session, "fuzz")
    session.run("python", "-m", "faults", "atheris", *(session.posargs or ["--seconds", "60"]))


@nox.session
def lint(session: nox.Session) -> None:
    """Check the rules and the format; `nox -s lint -- --fix` mends what can be mended."""
    session.install("pip>=25.1")
    session.install("--group", "lint")
    session.run("ruff", "check", ".", *session.posargs)
    session.run("ruff", "format", *([] if "--fix" in session.posargs else ["--check"]), ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check the types."""
    _install(session, "types")
    session.run("mypy", *session.posargs)
    session.run("pyright", "tests/typing")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; a broken link or anchor fails. `nox -s docs -- serve` shows it."""
    _install(session, "docs")
    session.run("mkdocs", *(session.posargs or ["build", "--strict", "--site-dir", f"{session.create_tmp()}/site"]))


@nox.session
def wheel(session: nox.Session) -> None:
    """Build the wheel, and use it away from the source."""
    session.install("pip>=25.1")
    session.install("--group", "wheel")
    dist = Path(session.create_tmp()).resolve() / "dist"
    shutil.rmtree(dist, ignore_errors=True)
    session.run("python", "-m", "build", "--outdir", str(dist), ".")
    session.run("bash", ".ci/wheel", str(dist), "python", external=True)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Measure memproc beside what one could use in its place, on a few records."""
    _install(session, "peers")
    session.run("python", "-m", "benchmarks", *(session.posargs or ["peers", "--records", "2000", "--rounds", "1"]))


@nox.session
def coverage(session: nox.Session) -> None:
    """Run the quick tests and show which lines and branches of memproc none of them reaches."""
    _install(session, "tests")
    session.run(*PYTEST, "--cov", "--cov-report=term", *session.posargs, env=WITHOUT_SERVERS)
