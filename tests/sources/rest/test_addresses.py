"""Where a request may go."""

from __future__ import annotations

import pytest

from memproc.sources.rest.addresses import RefusedError, check_address, check_url, host_of

PRIVATE = [
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "127.0.0.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "255.255.255.255",
    "224.0.0.1",
    "192.0.2.1",
    "198.18.0.1",
    "::1",
    "::",
    "fe80::1",
    "fe80::1%eth0",
    "fc00::1",
    "ff02::1",
    "2001:db8::1",
    "::ffff:10.0.0.1",
    "::ffff:127.0.0.1",
    "2002:0a00:0001::",
    "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe",
    "fec0::1",
    "::7f00:1",
    "64:ff9b:1::7f00:1",
    "5f00::1",
]
PUBLIC = ["93.184.215.14", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_public_is_refused(address):
    """Unless it is allowed. Addresses of version 4 are found in those of version 6 too."""
    with pytest.raises(RefusedError, match=r"api.example.org leads to .*allow_private"):
        check_address(address, "api.example.org", allow_private=False, is_plain=False)
    check_address(address, "api.example.org", allow_private=True, is_plain=False)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_taken(address):
    """By https alone."""
    check_address(address, "api.example.org", allow_private=False, is_plain=False)
    with pytest.raises(RefusedError, match="not this machine"):
        check_address(address, "localhost", allow_private=True, is_plain=True)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.org/v1",
        "ftp://api.example.org",
        "file:///etc/passwd",
        "https://",
        "https:///v1",
        "https://[::1",
        "https://a:x/",
        "https://a b.example/",
        "https://a.example/\\@b.example",
        "https://a.example/\nX: y",
        "https://exämple.org/",
        "https://a:0/",
    ],
)
def test_what_is_no_url_of_the_web_is_refused(url):
    """Also what programs read in different ways."""
    with pytest.raises(RefusedError, match="give a URL"):
        host_of(url)


def test_a_url_with_a_password_is_refused_without_showing_it():
    """It would be kept with the job."""
    with pytest.raises(RefusedError) as caught:
        host_of("https://ann:tiger@api.example.org")
    assert "ENV:TOKEN" in str(caught.value)
    assert "tiger" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "is_allowed"),
    [
        ("https://api.example.org/x", True),
        ("https://API.EXAMPLE.ORG.:443/x", True),
        ("https://api.example.org:8443/x", False),
        ("https://example.org/x", False),
        ("https://api.example.org.evil.example/x", False),
        ("http://api.example.org:443/x", False),
        ("http://127.0.0.1:8000/x", True),
        ("http://127.0.0.1:8001/x", False),
    ],
)
def test_requests_go_to_hosts_that_were_given_alone(url, is_allowed):
    """By name and port."""
    hosts = [("api.example.org", 443), ("127.0.0.1", 8000)]
    if is_allowed:
        check_url(url, hosts, allow_private=True)
        return
    with pytest.raises(RefusedError, match=r"was not given|in the clear"):
        check_url(url, hosts, allow_private=True)


def test_http_is_for_this_machine_and_only_where_that_is_allowed():
    """Keys would be sent in the clear."""
    with pytest.raises(RefusedError, match=r"in the clear.*--allow-private"):
        check_url("http://localhost/", [("localhost", 80)], allow_private=False)
    check_url("http://localhost/", [("localhost", 80)], allow_private=True)
