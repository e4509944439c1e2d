"""Tokens of an OpenID provider, signed by keys that a server gives."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

import memproc
from memproc.service.rest import openid
from memproc.service.scopes import Scope
from memproc.service.serving import OpenId
from tests.service.rest.conftest import filled, serving
from tests.waiting import LIMIT_SECONDS

SHARED = b"a secret that many may know, as it is given out"
ISSUER, AUDIENCE = "https://login.example.org", "memproc"


class Provider:
    """A server that gives keys, and signs with them."""

    def __init__(self):
        """Make a key."""
        self.key, self.name, self.asked = ec.generate_private_key(ec.SECP256R1()), "one", 0

    def answer(self):
        """Return what it answers."""
        self.asked += 1
        key = ECAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        shared = {"kty": "oct", "k": base64.urlsafe_b64encode(SHARED).rstrip(b"=").decode(), "alg": "HS256", "kid": "shared"}
        return json.dumps({"keys": [{**key, "kid": self.name, "use": "sig"}, shared]}).encode()

    def token(self, key=None, algorithm="ES256", **claims):
        """Return a token with claims."""
        now = time.time()
        whole = {"iss": ISSUER, "aud": AUDIENCE, "sub": "ann", "exp": now + 600, "memproc_namespaces": ["ann"]}
        whole |= {"scope": "memories:read openid", **claims}
        given = {name: value for name, value in whole.items() if value is not None}
        return jwt.encode(
            given, key or self.key, algorithm=algorithm, headers={"kid": "shared" if algorithm == "HS256" else self.name}
        )


@pytest.fixture
def provider():
    """Give a provider that is asked on this machine."""
    made = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(made.answer())

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}/jwks"
    yield made
    server.shutdown()
    thread.join(LIMIT_SECONDS)
    server.server_close()


@pytest.fixture
def asking(provider, fresh_file, tmp_path):
    """Give a function that asks with a token of the provider, and returns the status and the answer."""
    how = OpenId(issuer=ISSUER, audience=AUDIENCE, jwks_url=provider.url)
    with fresh_file() as store, serving(filled(store, tmp_path), tmp_path, openid=how) as served:

        def ask(token, path="/api/v1/memories", method="get", headers=None, **more):
            answer = served.ask(method, path, {"Authorization": f"Bearer {token}", **(headers or {})}, **more)
            return answer.status_code, answer.json()

        yield ask


@pytest.mark.costly
def test_a_token_of_the_provider_reaches_what_its_claims_say(provider, asking):
    """Its namespaces alone, and its scopes."""
    status, page = asking(provider.token())
    assert status == 200
    assert {one["namespace"] for one in page["memories"]} == {"ann"}
    assert asking(provider.token(), "/api/v1/reviews")[1]["code"] == "scope-missing"
    assert len(asking(provider.token(memproc_namespaces="*"))[1]["memories"]) > len(page["memories"])
    assert asking(provider.token(memproc_namespaces=["*", "bob"]))[1]["memories"][0]["namespace"] == "bob"
    assert asking(provider.token(memproc_namespaces=None))[0] == 422
    assert asking(provider.token(scope=[str(Scope.MEMORIES_READ)]))[0] == 200
    assert asking(provider.token(scope=None))[1]["code"] == "scope-missing"


@pytest.mark.costly
def test_a_token_that_is_not_for_this_server_is_refused(provider, asking):
    """Of another issuer, for another audience, over, without an end, signed by another key or by a text."""
    other = ec.generate_private_key(ec.SECP256R1())
    bad = [{"iss": "https://evil.example"}, {"aud": "other"}, {"exp": 1}, {"exp": None}, {"sub": None}, {"nbf": time.time() + 900}]
    for claims in bad:
        assert asking(provider.token(**claims))[0] == 401, claims
    assert asking(provider.token(other))[0] == 401
    assert asking(provider.token(SHARED, "HS256"))[0] == 401
    assert asking(jwt.encode({"iss": ISSUER, "aud": AUDIENCE, "sub": "a", "exp": 9e9}, None, algorithm="none"))[0] == 401
    assert asking("a.b.c")[0] == 401
    assert asking(provider.token())[0] == 200


@pytest.mark.costly
def test_answers_are_kept_for_whoever_asked_and_what_they_reach(provider, asking):
    """A key of idempotency is no way to what another subject was told, nor to a namespace that the token no longer reaches."""

    def added(content, **claims):
        token = provider.token(scope="memories:write", **claims)
        return asking(token, method="post", headers={"Idempotency-Key": "one"}, json={"content": content})

    long = "s" * 250
    assert added("Has a boat", sub=f"{long}-1")[0] == 201
    assert added("Has a boat", sub=f"{long}-2", memproc_namespaces=["bob"])[1]["memory"]["namespace"] == "bob"
    assert added("Has a boat", sub=f"{long}-1", memproc_namespaces=["carl"])[1]["memory"]["namespace"] == "carl"
    assert added("Has a boat", sub=f"{long}-1")[0] == 201  # the answer that was kept: anew it would be 200
    assert added("Has a cat", sub="\0\ud800 of nobody")[0] == 201


@pytest.mark.costly
def test_a_namespace_that_no_memory_can_have_is_none(provider, asking):
    """It is not taken for another one that is written nearly like it."""
    for odd in (" ann", "ann\n", "a\0nn", "\ud800", "a" * 2_000, " "):
        status, told = asking(provider.token(memproc_namespaces=[odd]))
        assert (status, told["code"]) == (422, "namespace-missing"), odd


@pytest.mark.costly
def test_keys_are_fetched_again_when_there_are_new_ones_but_not_for_anybody(provider, asking, monkeypatch):
    """At most every half minute."""
    assert asking(provider.token())[0] == 200
    provider.key, provider.name = ec.generate_private_key(ec.SECP256R1()), "two"
    assert [asking(provider.token())[0] for _ in range(3)] == [401] * 3
    assert provider.asked == 1
    monkeypatch.setattr(openid, "FETCH_EVERY_SECONDS", 0.0)
    assert asking(provider.token())[0] == 200
    assert provider.asked == 2


@pytest.mark.parametrize("url", ["http://login.example.org/jwks", "file:///etc/passwd", "https://", ""])
def test_keys_come_from_the_provider_itself(url):
    """Over https, but from this machine."""
    with pytest.raises(memproc.UsageError, match="jwks_url="):
        OpenId(issuer=ISSUER, audience=AUDIENCE, jwks_url=url)
