"""Models that are served, asked over real HTTP."""

import functools
import time

import numpy as np
import pytest

from provenance import scoring, suspects, tokenizers
from provenance.errors import InputError, SuspectError
from provenance.records import Record, Window
from provenance.suspects import completions, preflight
from provenance.suspects.terms import Patience, Terms

LOOKS = len(preflight.PROBES)
"""Requests before the first text is asked."""
QUICK = Patience(attempts=7, timeout=5.0, pause=0.002)
TEXTS = [f"Text {row} says that boat {row * 7 % 31} waits for tide {row * 13 % 17}" for row in range(200)]
PROSE = (
    "An expression is evaluated before the statement that holds it.",
    "The naïve café — “quoted” — costs 5 €.",
    "A class 日本 definition",
    "x",
    "",
)


def _quiet(_done, _total):
    """Show nothing."""


ALL = {"window": None, "progress": _quiet}


def _records(texts):
    return [Record(id=str(row), text=text) for row, text in enumerate(texts)]


def _load(server, **terms):
    return completions.load(f"{server.url}#m", terms=Terms(**{"patience": QUICK, **terms}))


def _answer(server, records, *, window=None, **terms):
    return list(_load(server, **terms).score(records, window=window, progress=_quiet))


@pytest.fixture
def plain(serving):
    """Serve the closed-form model without a BOS."""
    with serving.serve(lambda body, _headers: serving.echo(body)) as server:
        yield server


@pytest.fixture(scope="module")
def ours(serving, trained):
    """Serve a trained model behind the protocol; gives the server and the model's folder."""
    folder = trained.model("ours").removeprefix("hf:")
    with serving.serve(serving.modelled(folder)) as server:
        yield server, folder


def test_texts_get_the_numbers_of_the_model_itself(ours):
    """Behind the protocol a trained model gives the same log-probabilities, ends and starts as in this process."""
    server, folder = ours
    records = [Record(id=str(row), text=text, context="Once. " * (row % 2)) for row, text in enumerate(PROSE)]
    for window in (None, Window(start=2, length=4)):
        own = suspects.load(folder).score(records, window=window, progress=_quiet)
        for one, two in zip(own, _answer(server, records, window=window), strict=True):
            np.testing.assert_allclose(one.logprob, two.logprob, atol=1e-4)
            assert (one.start, one.id) == (two.start, two.id)
            assert two.mean is None
            assert two.sd is None
            if one.logprob.size and "日" not in records[int(one.id)].text:
                assert one.ends == two.ends


def test_token_ids_are_asked_where_they_are_taken(ours, serving):
    """With the served tokenizer ids are scored as they are; a server that refuses ids is asked by text."""
    server, folder = ours
    tokenizer = tokenizers.identify(tokenizers.load(folder), name=folder)
    rows = [Record(id=str(row), tokens=tuple(range(5 + row, 45 + row))) for row in range(6)]
    said = [
        scoring.score(rows, suspect=suspect, window=Window(start=8, length=24), tokenizer=tokenizer)
        for suspect in (suspects.load(folder), _load(server, tokenizer=folder))
    ]
    assert [scores.rendering for scores in said] == ["tokens", "tokens"]
    for one, two in zip(*(scores.rows for scores in said), strict=True):
        np.testing.assert_allclose(one.logprob, two.logprob, atol=1e-4)
        assert (one.start, one.tokens) == (two.start, two.tokens)
    with serving.serve(serving.modelled(folder, ids=False)) as other:
        assert _load(other, tokenizer=folder).tokenizer is None


class _Trouble:
    """Answer every second text only the second time: after a 429, a 500, a dropped connection, or too late.

    Texts whose number leaves 0, 1, 2 when divided by 5 meet the first three; 3 and 8 are answered too late, the other
    3s slowly. What was read is counted, whether or not the answer arrives.
    """

    LATE = (3, 8)

    def __init__(self, serving, server):
        self.serving, self.server = serving, server
        self.met = dict.fromkeys(TEXTS, 0)
        self.read = self.now = self.most = 0

    def __call__(self, body, _headers):
        """Answer, or do worse."""
        if body["prompt"] not in TEXTS:
            return self.serving.echo(body)
        row, answer = TEXTS.index(body["prompt"]), self.serving.echo(body)
        with self.server.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.met[body["prompt"]] += 1
            fault = row % 5 if self.met[body["prompt"]] == 1 else 4
            self.read += answer["usage"]["total_tokens"] if fault > 1 else 0
        time.sleep(1.3 if fault == 3 and row in self.LATE else 0.01 * (fault == 3))
        with self.server.lock:
            self.now -= 1
        busy = (429, {"error": {"message": "slow down"}}, {"Retry-After": "0"})
        return (busy, (500, b"<html>", {}), self.serving.DROP)[fault] if fault < 3 else answer

    def asked_again(self):
        """Give the texts that had to be asked twice."""
        return {text for row, text in enumerate(TEXTS) if row % 5 < 3 or row in self.LATE}


def _load_into_trouble(serving, server, **terms):
    trouble = _Trouble(serving, server)
    server.reply = trouble
    suspect = _load(server, concurrency=16, patience=Patience(attempts=7, timeout=1.0, pause=0.002), **terms)
    return trouble, suspect, suspect.endpoint.budget


def test_every_text_is_scored_once_in_order_whatever_happens_on_the_way(serving):
    """Of 200 texts most meet a 429, a 500, a dropped connection or a time-out; each is answered once, in order.

    The budget is that of the worst case, in which every lost answer was paid for, and is not exceeded.
    """
    with serving.serve(serving.echo) as server:
        trouble, suspect, budget = _load_into_trouble(serving, server, max_tokens=7_000)
        opened = budget.spent
        scores = list(suspect.score(_records(TEXTS), **ALL))
    assert [score.id for score in scores] == [str(row) for row in range(200)]
    for text, score in zip(TEXTS, scores, strict=True):
        np.testing.assert_allclose(score.logprob, serving.likelihoods(serving.words(text))[0][1:], atol=1e-6)
    assert trouble.met == {text: 2 if text in trouble.asked_again() else 1 for text in TEXTS}
    assert trouble.most <= 16 + len(trouble.LATE)
    assert trouble.read <= budget.spent - opened
    assert (budget.spent <= 7_000, budget.promised) == (True, 0)


def test_a_budget_is_not_exceeded_whatever_happens_on_the_way(serving):
    """With the same trouble on the way a budget ends the run in time; what was answered comes in order, and no more."""
    with serving.serve(serving.echo) as server:
        trouble, suspect, budget = _load_into_trouble(serving, server, max_tokens=2_500)
        opened, scores = budget.spent, []
        with pytest.raises(SuspectError, match=r"the budget of 2,500 tokens is used up"):
            scores.extend(suspect.score(_records(TEXTS), **ALL))
    assert [score.id for score in scores] == [str(row) for row in range(len(scores))]
    assert 0 < trouble.read <= budget.spent - opened
    assert (budget.spent <= 2_500, budget.promised) == (True, 0)
    assert all(times <= 2 for times in trouble.met.values())


@pytest.mark.parametrize(
    "terms",
    [{"max_tokens": 1500}, {"max_cost": 0.003, "price": 2.0}, {"max_tokens": 10**9, "max_cost": 3.0, "price": 2e3}],
)
def test_a_budget_is_never_exceeded(serving, terms):
    """What a server has read, lost answers included, stays within the budget; what was paid for is handed over."""
    read, seen = [0], set()

    def reply(body, _headers):
        answer = serving.echo(body)
        with server.lock:
            read[0] += answer["usage"]["total_tokens"]
            first = body["prompt"] not in seen
            seen.add(body["prompt"])
        return serving.DROP if first and TEXTS.index(body["prompt"]) % 9 == 0 else answer

    with serving.serve(serving.echo) as server:
        server.reply = lambda body, headers: reply(body, headers) if body["prompt"] in TEXTS else serving.echo(body)
        suspect, scores = _load(server, concurrency=16, **terms), []
        before = suspect.endpoint.budget.spent
        with pytest.raises(
            SuspectError, match=r"the budget of 1,500 tokens is used up: .* 1,\d+ tokens are spent"
        ) as caught:
            scores.extend(suspect.score(_records(TEXTS), **ALL))
    assert caught.value.exit_code == 4
    assert 0 < before + read[0] <= suspect.endpoint.budget.spent <= 1500
    assert suspect.endpoint.budget.promised == 0
    assert ("cost 0.00" in str(caught.value)) == (terms.get("price") == 2.0)


def test_answers_paid_for_are_given_before_the_budget_is_used_up(plain):
    """Every answer within the budget reaches the caller, in order."""
    answers, scores = _load(plain, concurrency=4, max_tokens=400).score(_records(TEXTS), **ALL), []
    with pytest.raises(SuspectError, match="is used up") as caught:
        scores.extend(score.id for score in answers)
    assert scores == [str(row) for row in range(len(scores))]
    assert f"{len(scores)} of the 200 texts in hand were answered" in str(caught.value)
    assert len(plain.asked) == LOOKS + len(scores)


def test_a_budget_without_a_price_is_told(plain):
    """Money can only be limited at a price."""
    with pytest.raises(InputError, match="--max-cost without a price; expected --price-per-million-tokens"):
        _load(plain, max_cost=1.0)


def test_a_server_that_stays_ill_is_given_up(serving):
    """After the last attempt the message of the server is said, with the text it was asked about."""
    with serving.serve(lambda body, _: serving.echo(body)) as server:
        suspect = _load(server, patience=Patience(attempts=3, timeout=5, pause=0.001))
        server.reply = lambda _body, _headers: (503, {"error": {"message": "model is loading"}}, {})
        with pytest.raises(SuspectError, match=r"answered 503 .*\(model is loading\), asked about record '0'"):
            list(suspect.score(_records(TEXTS[:1]), **ALL))
        assert len(server.asked) == LOOKS + 3


def test_a_server_that_asks_for_hours_is_not_waited_for(serving):
    """Retry-After of more than ten minutes is an error with the number."""
    busy = functools.partial(lambda *_: (429, {}, {"Retry-After": "7200"}))
    with serving.serve(busy) as server, pytest.raises(SuspectError, match="left alone for 7,200 seconds"):
        _load(server)


def test_retry_after_is_honoured(serving):
    """A server that asks for a second gets it."""
    times = []

    def reply(body, _headers):
        times.append(time.monotonic())
        return (429, {}, {"Retry-After": "1"}) if len(times) == 1 else serving.echo(body)

    with serving.serve(reply) as server:
        _load(server)
    assert times[1] - times[0] >= 1


def _bent(serving, change):
    """Answer the probes as they are, and change what is said of every other text."""

    def reply(body, _headers):
        answer = serving.echo(body)
        if body["prompt"] in TEXTS:
            change(answer["choices"][0]["logprobs"])
        return answer

    return reply


def _refusal(serving, reply, texts):
    """Give what is said of a server whose answers are refused."""
    with serving.serve(reply) as server, pytest.raises(SuspectError) as caught:
        _answer(server, _records(texts))
    return str(caught.value)


def _lower(said):
    said["tokens"] = [token.lower() for token in said["tokens"]]


def _swap(said):
    said["tokens"][2:4] = said["tokens"][3:1:-1]


def _truncate(said):
    for column in said.values():
        del column[-3:]


def _truncate_left(said):
    for column in said.values():
        del column[:2]


@pytest.mark.parametrize("change", [_lower, _swap, _truncate, _truncate_left])
def test_answers_about_other_tokens_are_refused(serving, change):
    """A server that rewrites, mixes up or cuts a text is refused, with the record at which it was seen."""
    said = _refusal(serving, _bent(serving, change), TEXTS[:1])
    assert "the answer about record '0' is about other tokens than its own" in said


def test_answers_that_went_to_another_are_refused(serving):
    """A server that answers one request with the answer to another is refused."""
    mixed = dict(zip(TEXTS, TEXTS[1:] + TEXTS[:1], strict=True))

    def reply(body, _headers):
        return serving.echo({**body, "prompt": mixed.get(body["prompt"], body["prompt"])})

    assert "other tokens than its own" in _refusal(serving, reply, TEXTS)


@pytest.mark.parametrize("value", [None, "NaN", 0.5, "-Infinity"])
def test_a_token_without_a_log_probability_is_refused(serving, value):
    """A hole, or a number that is no log-probability, is said with its place."""

    def change(said):
        said["token_logprobs"][3] = float(value) if isinstance(value, str) else value

    said = _refusal(serving, _bent(serving, change), TEXTS[:1])
    assert "no log-probability came back for token 3 of record '0'" in said


def test_half_a_character_is_refused(plain):
    """A lone surrogate cannot be sent, and the record that has it is named."""
    with pytest.raises(SuspectError, match="record '0' holds half a character"):
        _answer(plain, [Record(id="0", text="a\ud800")])


def test_leaving_early_ends_all_requests(plain):
    """A caller that has enough is not billed for the rest."""
    scores = _load(plain, concurrency=2).score(_records(TEXTS), **ALL)
    next(scores)
    scores.close()
    assert len(plain.asked) <= LOOKS + 2 * 8 + 2


def test_identity_says_who_was_asked_and_how(plain):
    """The identity holds address, model and manner, and stays the same for the same address."""
    one, two = (suspects.load(f"openai:{plain.url}#m").identity for _ in range(2))
    assert one == two
    assert one["suspect"] == f"openai:{plain.url}#m"
    assert one["kind"] in suspects.KINDS
    assert len(one["weights"]) == 64
    assert (one["backend"], one["bos"], one["first_token"], one["place_checked"]) == (
        "completions, echo",
        False,
        "null",
        True,
    )
