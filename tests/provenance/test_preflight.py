"""What a first look at an endpoint finds out, and what makes it useless for an audit."""

import socket

import numpy as np
import pytest

from provenance import suspects, training
from provenance.errors import InputError, SuspectError
from provenance.records import Record
from provenance.suspects import completions, preflight
from provenance.suspects.terms import Patience, Terms

QUICK = Terms(patience=Patience(attempts=2, timeout=5.0, pause=0.001))


def _quiet(_done, _total):
    """Show nothing."""


def _load(server):
    return completions.load(f"{server.url}#m", terms=QUICK)


def _refusal(serving, reply, address="{url}#m"):
    """Give the one line that is said of a server that answers so."""
    with serving.serve(reply) as server, pytest.raises(SuspectError) as caught:
        completions.load(address.format(url=server.url), terms=QUICK)
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    return str(caught.value).replace(server.url, "URL").replace(server.url.removesuffix("/v1"), "HOST")


@pytest.fixture(autouse=True)
def _no_keys(monkeypatch):
    """Keep whatever keys this machine has out of the tests."""
    for name in ("PROVTOOL_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


def test_nothing_is_asked_that_fills_a_context(serving):
    """No request has ``max_tokens`` 0, a list of prompts, or a temperature."""
    with serving.serve(lambda body, _: serving.echo(body)) as server:
        list(_load(server).score([Record(id="0", text="a b")], window=None, progress=_quiet))
    assert len(server.asked) == len(preflight.PROBES) + 1
    assert {(body["max_tokens"], body["temperature"], type(body["prompt"])) for body in server.asked} == {(1, 0, str)}


def test_a_bos_that_is_shown_predicts_the_first_token(serving):
    """Behind a BOS the first token of a text is scored, as the second of what the server reads."""
    records = [Record(id="0", text="One two"), Record(id="1", text="two three", context="One ")]
    with serving.serve(lambda body, _: serving.echo(body, bos="<s>")) as server:
        first, second = _load(server).score(records, window=None, progress=_quiet)
    likely = serving.likelihoods(["<s>", "One", " two"])[0]
    np.testing.assert_allclose(first.logprob, likely[1:], atol=1e-6)
    assert (first.start, first.ends) == (1, (3, 7))
    assert (second.start, second.ends) == (2, (3, 9))


def test_a_first_number_is_not_believed(serving):
    """A server that puts a number where nothing predicts a token is told apart, and the number left out."""

    def reply(body, _headers):
        answer = serving.echo(body)
        answer["choices"][0]["logprobs"]["token_logprobs"][0] = 0.0
        return answer

    with serving.serve(reply) as server:
        suspect = _load(server)
        score = next(suspect.score([Record(id="0", text="One two")], window=None, progress=_quiet))
    assert suspect.manner.first == "number"
    assert (score.start, len(score.logprob)) == (1, 1)


def test_log_probabilities_of_the_place_after_are_refused(serving):
    """A server that looks one token too far, as llama-cpp-python did for models without BOS, cannot serve an audit."""
    said = _refusal(serving, lambda body, _: serving.echo(body, late=True))
    assert "gives each token the log-probability of a place further on" in said


def test_a_place_that_cannot_be_checked_is_kept_in_the_identity(serving):
    """A server that names no likelier tokens is believed, and the identity says so."""

    def reply(body, _headers):
        answer = serving.echo(body)
        answer["choices"][0]["logprobs"]["top_logprobs"] = None
        return answer

    with serving.serve(reply) as server:
        assert not _load(server).identity["place_checked"]


def _only_generated(serving, body):
    """Answer as llama.cpp's own server does: what is generated has a log-probability, the prompt has none."""
    answer = serving.echo(body)
    said = answer["choices"][0]["logprobs"]
    for name, column in said.items():
        said[name] = column[-1:]
    return answer


def test_endpoints_without_prompt_log_probabilities_are_told(serving):
    """Whoever scores only what it generates, or nothing, is told which servers give more."""

    def bare(body, _headers):
        return {"choices": [{"index": 0, "text": "x", "logprobs": None}], "usage": serving.usage(["a", body["model"]])}

    def holes(body, _headers):
        answer = serving.echo(body)
        said = answer["choices"][0]["logprobs"]
        said["token_logprobs"] = [None] * len(said["tokens"])
        return answer

    for reply in (bare, holes, lambda body, _: _only_generated(serving, body)):
        said = _refusal(serving, reply)
        assert said.startswith("openai:URL#m: returns no log-probabilities of the prompt; expected log-probabilities")
        assert said.endswith("llama-cpp-python with --logits_all true)")


def test_an_endpoint_that_cuts_or_rewrites_is_told_at_once(serving):
    """The first sentence shows whether prompts come back as they were sent."""
    for reply in (
        lambda body, _: serving.echo(body, cut=4),
        lambda body, _: serving.echo({**body, "prompt": body["prompt"].upper()}),
    ):
        assert "returns log-probabilities of other tokens than those it was asked about" in _refusal(serving, reply)


def test_a_refusal_of_echo_is_said_in_the_servers_words(serving):
    """An endpoint that takes neither dialect is told with its own message, and what an audit needs."""
    no = (400, {"error": {"message": "Setting 'echo' and 'logprobs' at the same time is not supported"}}, {})
    said = _refusal(serving, lambda *_: no)
    assert "answered 400 Bad Request (Setting 'echo' and 'logprobs' at the same time is not supported)" in said
    assert "--logits_all true" in said


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            (200, b"<!doctype html><p>Welcome", {"Content-Type": "text/html; charset=utf-8"}),
            "answered with text/html, not",
        ),
        ((200, b"[]", {}), "answered with application/json, not a JSON object"),
        (
            (401, {"error": {"message": "no key"}}, {}),
            "401 Unauthorized (no key); expected a key in the variable PROVTOOL",
        ),
        ((403, b"<html>", {"Content-Type": "text/html"}), "answered 403 Forbidden; expected a key"),
        (
            (404, {"object": "error", "message": "The model `m` does not exist."}, {}),
            "(The model `m` does not exist.); expe",
        ),
        ((302, b"", {"Location": "http://elsewhere/"}), "answered 302 Found"),
        ((500, {"detail": [{"msg": "boom"}]}, {}), '500 Internal Server Error ([{"msg": "boom"}])'),
        ((429, {}, {"Retry-After": "nonsense"}), "answered 429 Too Many Requests"),
    ],
)
def test_what_is_no_answer_is_one_line(serving, answer, said):
    """A page, a refusal, a wrong model, a server that is ill: each is one line with what to try."""
    assert said in _refusal(serving, lambda *_: answer)


def test_a_wrong_model_is_told_with_those_there_are(serving):
    """A server that lists its models shows which name was meant."""
    missing = (404, {"error": {"message": "The model `m` does not exist."}}, {})
    with serving.serve(lambda *_: missing) as server:
        server.models = ("pythia-1b", "pythia-2.8b")
        with pytest.raises(SuspectError, match=r"#m: serves no model 'm'; expected one of pythia-1b, pythia-2\.8b"):
            _load(server)


def test_another_tokenizer_than_the_served_one_is_refused(serving, trained, tmp_path):
    """Ids that the server reads as other words are never asked about."""
    folder = trained.model("ours").removeprefix("hf:")
    training.train_tokenizer(["Once upon a time the train was in a new station."] * 4, vocabulary=300, out=tmp_path)
    with serving.serve(serving.modelled(folder)) as server:
        terms = Terms(patience=QUICK.patience, tokenizer=str(tmp_path))
        with pytest.raises(SuspectError, match="reads other tokens in them than the tokenizer that was named"):
            completions.load(f"{server.url}#m", terms=terms)


def test_a_forgotten_v1_is_guessed(serving):
    """The usual mistake in an address is named as something to try."""
    said = _refusal(serving, lambda body, _: serving.echo(body), address="{url}/nowhere#m")
    assert said.endswith("try openai:URL/nowhere/v1#m")


def test_a_server_that_is_not_there_is_told():
    """Nobody listens: one line, within moments."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(SuspectError, match="cannot be reached"):
        completions.load(f"http://127.0.0.1:{port}/v1#m", terms=QUICK)


@pytest.mark.parametrize(
    "name", ["", "http://h/v1", "#m", "h:8000/v1#m", "ftp://h#m", "http://h:x/v1#m", "http:///v1#m"]
)
def test_no_address_is_the_users_mistake(name):
    """What is no BASE_URL#MODEL is told before anything is sent."""
    with pytest.raises(InputError, match="expected openai:"):
        suspects.load(f"openai:{name}")


@pytest.mark.parametrize("name", ["http://me:secret-word@h/v1#m", "http://h/v1?key=secret-word#m"])
def test_secrets_in_an_address_are_refused_unseen(name):
    """An address is kept in scores and evidence, so it may hold no key, and the message repeats none."""
    with pytest.raises(InputError, match="expected a key in PROVTOOL_API_KEY") as caught:
        suspects.load(f"openai:{name}")
    assert "secret-word" not in str(caught.value)


def test_the_key_is_sent_and_never_said(serving, monkeypatch):
    """The server gets the key; no message or identity has it, even where the server repeats it."""
    monkeypatch.setenv("PROVTOOL_API_KEY", "sk-secret-word\n")
    with serving.serve(lambda body, _: serving.echo(body)) as server:
        suspect = _load(server)
    assert {headers["Authorization"] for headers in server.headers} == {"Bearer sk-secret-word"}
    assert "secret-word" not in repr(suspect)
    bad = (401, {"error": {"message": "Incorrect API key provided: sk-secret-word"}}, {})
    assert "(Incorrect API key provided: [key]); expected another key" in _refusal(serving, lambda *_: bad)
    monkeypatch.setenv("PROVTOOL_API_KEY", "sk secret-word")
    with pytest.raises(InputError, match="PROVTOOL_API_KEY is no key") as caught:
        suspects.load("openai:http://h/v1#m")
    assert "secret-word" not in str(caught.value)


def test_a_key_for_openai_is_not_given_to_the_suspect(serving, monkeypatch):
    """OPENAI_API_KEY goes to OpenAI and to whom OPENAI_BASE_URL names, and to nobody who is merely audited."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-theirs")
    with serving.serve(lambda body, _: serving.echo(body)) as server:
        _load(server)
        assert not any("Authorization" in headers for headers in server.headers)
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/")
        _load(server)
        assert server.headers[-1]["Authorization"] == "Bearer sk-theirs"
