"""Models that are served as text alone, asked over real HTTP."""

import math
import re

import numpy as np
import pytest

from provenance import scoring, suspects
from provenance.errors import InputError, SuspectError
from provenance.records import Record, Window
from provenance.suspects import agreement, continuations, drawing
from provenance.suspects.terms import Patience, Terms
from provenance.transcripts import tables

QUICK = Patience(attempts=3, timeout=5.0, pause=0.002)
TEXT = "Our ferry left at nine and the harbour lay quiet until the second boat came round the point at noon."
PROBE = f"{drawing.PROBE} York that night and"
DRAWS = 8


def _quiet(_done, _total):
    """Show nothing."""


def _load(server, **terms):
    name = f"text-only:{server.url}#m"
    return suspects.load(name, terms=Terms(**{"patience": QUICK, "continuations": DRAWS, **terms}))


def _score(server, *records, **terms):
    suspect = _load(server, **terms)
    return [score.logprob.tolist() for score in suspect.score(records, window=None, progress=_quiet)]


def _log(share, draws=DRAWS):
    return math.log((share * draws + 0.5) / (draws + 1))


@pytest.mark.parametrize("how", [{}, {"several": False}, {"echoes": True}, {"trims": True}])
def test_sites_are_the_share_of_draws_that_go_on_with_them(serving, how):
    """One number a site, whatever habits the server has: one draw an answer, the prompt before it, no space."""
    spans = tuple(match.span() for match in re.finditer("ferry|quiet|round", TEXT))
    other = TEXT.replace("ferry", "vessel")
    with serving.serve(serving.knowing([PROBE, TEXT], **how)) as server:
        seen = _score(server, Record(id="a", text=TEXT, spans=spans))
        [unseen] = _score(server, Record(id="b", text=other, spans=((4, 10),)))
    assert seen == [pytest.approx([_log(1.0)] * 3)]
    assert unseen == pytest.approx([_log(0.0)])


def test_half_the_draws_are_half_the_draws(serving):
    """A server that knows a text half of the time gives about half of the draws, and the same on every day."""
    with serving.serve(serving.knowing([PROBE, TEXT], chance=0.5, several=False)) as server:
        record = Record(id="a", text=TEXT, spans=((4, 9),))
        [[one]], [[two]] = (_score(server, record, continuations=200) for _ in range(2))
    assert one == two
    assert 0.4 < math.exp(one) < 0.6


def test_a_chat_is_asked_where_there_are_no_completions(serving):
    """The instruction stands before the prompt and in the suspect's identity; the user's own goes first."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        server.paths = {"/v1/chat/completions"}
        suspect = _load(server)
        record = Record(id="a", text=TEXT, spans=((4, 9),))
        [found] = suspect.score([record], window=None, progress=_quiet)
        assert found.logprob.tolist() == pytest.approx([_log(1.0)])
        assert suspect.identity["instruction"] == drawing.INSTRUCTION
        told = server.asked[-1]["messages"][0]["content"]
        assert told == f"{drawing.INSTRUCTION}\n\nOur"
        assert _load(server, instruction="Go on.").identity["instruction"] == "Go on."


def test_a_stretch_of_text_is_compared_by_what_it_shares_with_the_draws(serving):
    """After its context, or from its middle on where it has none, a known text agrees more than a strange one."""
    strange = "Nobody in this town has ever heard of such a thing as that, and nobody ever will."
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        known, unknown = Record(id="a", text=TEXT), Record(id="b", text=strange)
        for name in agreement.MEASURES:
            [[one], [two]] = _score(server, known, unknown, measure=name)
            assert one > -0.01 > two
        after = Record(id="c", context=TEXT[:40], text=TEXT[40:80])
        [[one], nothing] = _score(server, after, Record(id="d", text="Word"))
    assert one > -0.25
    assert nothing == []


def test_equal_prompts_are_asked_once(serving):
    """Variants that are alike up to a site share its draws, so that chance cannot tell them apart."""
    spans = ((4, 9),)
    variants = [
        Record(id="a", text=TEXT.replace("ferry", word), variant=row, spans=spans)
        for row, word in enumerate(("ferry", "barge", "craft"))
    ]
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        found = _score(server, *variants)
        assert [body["prompt"] for body in server.asked[1:]] == ["Our"]
    assert found == [pytest.approx([_log(1.0)]), pytest.approx([_log(0.0)]), pytest.approx([_log(0.0)])]


def test_what_is_asked_says_nothing_of_what_was_published(serving):
    """The requests about a document are the same whichever of its variants is number 0."""
    words = ("ferry", "barge", "craft")
    bodies = []
    for turn in range(3):
        rows = [
            Record(
                id="a",
                variant=row,
                text=TEXT.replace("ferry", words[(row + turn) % 3]) + " It did.",
                spans=((4, 9), (len(TEXT) + 1, len(TEXT) + 3)),
            )
            for row in range(3)
        ]
        with serving.serve(serving.knowing([PROBE, TEXT])) as server:
            scoring.score(rows, suspect=_load(server, concurrency=1))
            bodies.append(server.asked[1:])
    assert bodies[0] == bodies[1] == bodies[2]


def test_a_window_of_a_transcript_is_its_text(serving, trained):
    """Recorded ids are decoded: prompts are what stands before the window, and scores are of `agreement` alone."""
    run = tables.read(trained.transcript)
    with serving.serve(serving.writing(trained.model("ours").removeprefix("hf:"))) as server:
        suspect = _load(server, continuations=2)
        rows = list(tables.records(run))[:3]
        found = scoring.score(rows, suspect=suspect, window=Window(start=16, length=8), tokenizer=run.tokenizer)
    assert found.rendering == "agreement"
    assert [len(row.logprob) for row in found.rows] == [1, 1, 1]
    assert all(np.isfinite(row.logprob).all() for row in found.rows)


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        ({"choices": [{"text": " "}]}, "writes nothing; expected a few words after a prompt"),
        ({"choices": []}, "writes nothing"),
        ((500, {}, {}), "answered 500"),
        ((400, {"error": {"message": "no such thing"}}, {}), "no such thing"),
        ((401, {}, {}), "a key in the variable"),
    ],
)
def test_a_server_that_cannot_be_asked_is_told(serving, reply, message):
    """One line says what a server answered to the first request."""
    with serving.serve(lambda _body, _headers: reply) as server, pytest.raises(SuspectError, match=message):
        _load(server)


def test_fewer_draws_than_asked_for_are_told(serving):
    """A server that gives several draws, and later does not, is not believed."""
    whole, few = serving.knowing([PROBE, TEXT]), serving.knowing([PROBE, TEXT], several=False)
    with serving.serve(whole) as server:
        suspect = _load(server)
        server.reply = few
        with pytest.raises(SuspectError, match=f"wrote 1 texts, asked for {DRAWS} and what follows 'Our'"):
            list(suspect.score([Record(id="a", text=TEXT, spans=((4, 9),))], window=None, progress=_quiet))


def test_a_budget_is_kept(serving):
    """Draws count; no request is sent that might cost more than is left."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        suspect = _load(server, max_tokens=2000, continuations=4)
        rows = [Record(id=str(row), text=f"{TEXT} {row} times over", spans=((4, 9), (105, 108))) for row in range(99)]
        with pytest.raises(SuspectError, match="the budget of 2,000 tokens is used up"):
            list(suspect.score(rows, window=None, progress=_quiet))
        assert 0 < suspect.endpoint.budget.spent <= 2000
        assert suspect.count(rows, window=None) > 2000
    with pytest.raises(InputError, match="text-only:nowhere; expected text-only:BASE_URL#MODEL"):
        continuations.load("nowhere")


def test_agreement_is_a_share_of_words():
    """Each measure by hand: first words in common, words in their place, runs of words."""
    draws, text = ["a b x d", "a b c d e f"], "a b c d"
    assert agreement.measure(draws, text, by="prefix") == pytest.approx(math.log((2 + 4 + 0.5) / 9))
    assert agreement.measure(draws, text, by="exact") == pytest.approx(math.log((3 + 4 + 0.5) / 9))
    assert agreement.measure(draws, text, by="ngrams") == pytest.approx(math.log((3 + 1 + 10 + 0.5) / 21))
