"""A web API by https: the certificate is that of the name that was given, whatever the address."""

from __future__ import annotations

import shutil
import ssl
import subprocess

import pytest

import memproc
from memproc import RestPages
from memproc.ingestion.pipeline import ingest
from tests.sources.rest.server import Clock, Shelf, memories, serving
from tests.waiting import LIMIT_SECONDS

OPENSSL = shutil.which("openssl")
pytestmark = pytest.mark.skipif(OPENSSL is None, reason="openssl makes the certificate, and is not here")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """Give the file of a certificate for api.example.org, with its key."""
    folder = tmp_path_factory.mktemp("tls")
    names = ["-subj", "/CN=api.example.org", "-addext", "subjectAltName=DNS:api.example.org"]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    command = [OPENSSL, "req", *kind, *names, "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(command, check=True, capture_output=True, timeout=LIMIT_SECONDS)
    return folder / "cert.pem"


@pytest.fixture(scope="module")
def secure(certificate):
    """Give a server with this certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_name("key.pem"))
    with serving() as api:
        api.socket = context.wrap_socket(api.socket, server_side=True)
        Shelf(api, memories(*range(1, 8)))
        yield api


def source_of(api, name, clock):
    """Return the source at a name that leads to this machine."""
    return RestPages(
        f"https://{name}:{api.server_port}/link",
        allow_private=True,
        _outside=clock.outside(lambda *_: ["127.0.0.1"]),
        retry_seconds=9,
    )


def test_a_certificate_that_is_trusted_is_taken(secure, certificate, fresh_file, monkeypatch):
    """By what the machine trusts, or the environment names."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    secure.answers["/link"] = lambda request, _: request.give(memories(*range(1, 8)))
    with fresh_file() as store:
        assert ingest(source_of(secure, "api.example.org", Clock()), store).stored == 7


@pytest.mark.parametrize(("name", "is_trusted"), [("api.example.org", False), ("other.example.org", True)])
def test_a_certificate_that_is_not_trusted_or_of_another_name_is_refused(
    secure, certificate, tmp_path, monkeypatch, name, is_trusted
):
    """At once: it will be no other the next time."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate)) if is_trusted else monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    secure.seen.clear()
    clock = Clock()
    with pytest.raises(memproc.SourceError, match="has no certificate that this machine trusts"):
        ingest(source_of(secure, name, clock), tmp_path / "m.db")
    assert (clock.slept, secure.seen) == ([], [])
