"""Asking a time-stamp authority over the network: a real server on this machine."""

import socket

import pytest

from provenance import authorities
from provenance.authorities import Patience
from provenance.errors import InputError

QUICK = Patience(attempts=3, timeout=5, pause=0.01)


@pytest.fixture(autouse=True)
def _direct(monkeypatch):
    """Reach this machine without a proxy."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def test_a_query_is_posted_and_its_answer_given(stamping):
    """Body and content type are those of RFC 3161, and the answer comes back as it is."""
    with stamping.serving(lambda query: query[::-1]) as (url, queries):
        assert authorities.ask(url, b"abc", patience=QUICK) == b"cba"
    assert queries == [(b"abc", "application/timestamp-query")]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_server_in_trouble_is_asked_again(stamping, status):
    """What may pass is tried again, and the answer counts."""
    with stamping.serving(status, lambda _query: b"ok") as (url, queries):
        assert authorities.ask(url, b"abc", patience=QUICK) == b"ok"
    assert len(queries) == 2


@pytest.mark.parametrize(("status", "tries"), [(503, 3), (404, 1), (301, 1), (204, 1)])
def test_a_server_that_will_not_is_told(stamping, status, tries):
    """Trouble that lasts ends after so many attempts; what asking again cannot mend is asked once."""
    with stamping.serving(status) as (url, queries):
        with pytest.raises(
            InputError, match=rf"{url}: answered {status} .*; expected a time-stamp .*; try the same command later"
        ):
            authorities.ask(url, b"abc", patience=QUICK)
        assert len(queries) == tries


def test_silence_ends(stamping):
    """A server that accepts and does not answer is given up, and asked again before that."""
    with stamping.serving(60.0) as (url, queries):
        with pytest.raises(InputError, match=r"no answer within 0\.1 seconds; try the same command later"):
            authorities.ask(url, b"abc", patience=Patience(attempts=2, timeout=0.1, pause=0.01))
        assert len(queries) == 2


def test_a_server_that_is_not_there_is_told():
    """One line with the address and what to try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        with pytest.raises(
            InputError, match=rf"{url}: the time-stamp authority cannot be reached .*; try the same command later"
        ):
            authorities.ask(url, b"abc", patience=QUICK)


def test_an_endless_answer_is_not_swallowed(stamping):
    """More bytes than any token has are refused."""
    with (
        stamping.serving(lambda _query: bytes(authorities.LARGEST + 1)) as (url, _),
        pytest.raises(InputError, match="more than 1,048,576 bytes"),
    ):
        authorities.ask(url, b"abc", patience=QUICK)


def test_a_password_in_the_address_is_not_shown(stamping):
    """Neither what stands before the @ nor the query reaches a message."""
    with stamping.serving(404) as (url, _):
        secret = url.replace("//", "//me:pass@") + "?token=word"
        with pytest.raises(InputError, match="answered 404") as caught:
            authorities.ask(secret, b"abc", patience=QUICK)
    assert "pass" not in str(caught.value)
    assert "word" not in str(caught.value)


@pytest.mark.parametrize("url", ["", "nowhere", "ftp://x/y", "http://", "file:///etc/passwd", "http://a:b:c/"])
def test_what_is_no_address_is_told(url):
    """A mistyped address is one line, and nothing is sent."""
    with pytest.raises(InputError, match=r"--timestamp: .*; expected http://… or https://…"):
        authorities.ask(url, b"abc", patience=QUICK)
