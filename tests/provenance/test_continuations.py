"""Models that are served as text alone, asked over real HTTP."""

import math
import re

import numpy as np
import pytest

from provenance import scoring, suspects
from provenance.errors import InputError, SuspectError
from provenance.records import Record, Span, Window
from provenance.suspects import agreement, continuations, drawing
from provenance.suspects.terms import Patience, Terms
from provenance.transcripts import tables

QUICK = Patience(attempts=3, timeout=5.0, pause=0.002)
TEXT = "Our ferry left at nine and the harbour lay quiet until the second boat came round the point at noon."
PROBE = f"{drawing.PROBE} York that night and"
DRAWS = 8
LOOKS = 3
"""Requests that find out how completions are asked: for texts, and in two ways for one of a few wordings."""


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


@pytest.mark.parametrize(
    "how", [{}, {"several": False}, {"echoes": True}, {"trims": True}, {"strict": ["n"]}, {"strict": ["n", "seed"]}]
)
def test_sites_are_the_share_of_draws_that_go_on_with_them(serving, how):
    """One number a site, whatever habits the server has: one draw an answer, the prompt before it, no space."""
    spans = tuple(Span(*match.span()) for match in re.finditer("ferry|quiet|round", TEXT))
    other = TEXT.replace("ferry", "vessel")
    with serving.serve(serving.knowing([PROBE, TEXT], **how)) as server:
        seen = _score(server, Record(id="a", text=TEXT, spans=spans))
        [unseen] = _score(server, Record(id="b", text=other, spans=(Span(4, 10),)))
    assert seen == [pytest.approx([_log(1.0)] * 3)]
    assert unseen == pytest.approx([_log(0.0)])


def test_half_the_draws_are_half_the_draws(serving):
    """A server that knows a text half of the time gives about half of the draws, and the same on every day."""
    with serving.serve(serving.knowing([PROBE, TEXT], chance=0.5, several=False)) as server:
        record = Record(id="a", text=TEXT, spans=(Span(4, 9),))
        [[one]], [[two]] = (_score(server, record, continuations=200) for _ in range(2))
    assert one == two
    assert 0.4 < math.exp(one) < 0.6


def test_a_chat_is_asked_where_there_are_no_completions(serving):
    """The instruction stands before the prompt and in the suspect's identity; the user's own goes first."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        server.paths = {"/v1/chat/completions"}
        suspect = _load(server)
        record = Record(id="a", text=TEXT, spans=(Span(4, 9),))
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
    spans = (Span(4, 9),)
    variants = [
        Record(id="a", text=TEXT.replace("ferry", word), variant=row, spans=spans)
        for row, word in enumerate(("ferry", "barge", "craft"))
    ]
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        found = _score(server, *variants)
        assert [body["prompt"] for body in server.asked[LOOKS:]] == ["Our"]
    assert found == [pytest.approx([_log(1.0)]), pytest.approx([_log(0.0)]), pytest.approx([_log(0.0)])]


@pytest.mark.parametrize("holds", [None, "structured_outputs"])
def test_what_is_asked_says_nothing_of_what_was_published(serving, holds):
    """The requests about a document are the same whichever of its variants is number 0."""
    words = ("barge", "craft", "ferry")
    bodies = []
    for turn in range(3):
        rows = [
            Record(
                id="a",
                variant=row,
                text=TEXT.replace("ferry", words[(row + turn) % 3]) + " It did.",
                spans=(Span(4, 9, words), Span(len(TEXT) + 1, len(TEXT) + 3, ("He", "It"))),
            )
            for row in range(3)
        ]
        with serving.serve(serving.knowing([PROBE, TEXT], holds=holds)) as server:
            suspect = _load(server, concurrency=1)
            looks = len(server.asked)
            scoring.score(rows, suspect=suspect)
            bodies.append(server.asked[looks:])
    assert bodies[0] == bodies[1] == bodies[2]
    assert {body["n"] for body in bodies[0]} == {DRAWS}
    assert len(bodies[0]) == 1 + len(words)


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


@pytest.mark.parametrize(("holds", "chat"), [("structured_outputs", False), ("grammar", False), ("json_schema", True)])
def test_a_server_is_held_to_the_wordings_of_a_site(serving, holds, chat):
    """Where it can be, each draw is one of them, and the first look finds out how; shares are among them."""
    options = ("barge", "ferry")
    with serving.serve(serving.knowing([PROBE, TEXT], holds=holds, chance=0.5)) as server:
        server.paths = {"/v1/chat/completions" if chat else "/v1/completions"}
        suspect = _load(server, continuations=200)
        asked = [
            Record(id="a", variant=row, text=TEXT.replace("ferry", word), spans=(Span(4, 9, options),))
            for row, word in enumerate(options)
        ]
        one, two = (math.exp(row.logprob[0]) for row in suspect.score(asked, window=None, progress=_quiet))
        assert len(server.asked[-1]["messages"] if chat else server.asked[-1]["prompt"]) > 0
    assert suspect.identity["held"] == holds
    assert one + two == pytest.approx(1, abs=1e-6)
    assert 0.4 < two < 0.6


def test_a_server_that_lets_go_counts_for_no_wording(serving):
    """Draws that are none of the wordings, or withheld, speak for all of them alike."""
    options = ("barge", "ferry")
    with serving.serve(serving.knowing([PROBE, TEXT], holds="grammar")) as server:
        suspect = _load(server)
        server.reply = lambda _body, _headers: {"choices": [{"text": None, "finish_reason": "content_filter"}] * DRAWS}
        asked = [Record(id=word, text=TEXT.replace("ferry", word), spans=(Span(4, 9, options),)) for word in options]
        one, two = (row.logprob.tolist() for row in suspect.score(asked, window=None, progress=_quiet))
    assert one == two == pytest.approx([math.log(0.5 / (DRAWS + 1))])


def test_a_refusal_is_an_answer_that_agrees_with_nothing(serving):
    """A chat that will not go on says the same of every variant: nothing speaks for any of them."""
    with serving.serve(serving.knowing([], other="I'm sorry, but I can't continue this text.")) as server:
        server.paths = {"/v1/chat/completions"}
        texts = (TEXT, TEXT.replace("ferry", "barge"))
        rows = [Record(id="a", variant=row, text=text, spans=(Span(4, 9),)) for row, text in enumerate(texts)]
        one, two = _score(server, *rows)
    assert one == two == pytest.approx([_log(0.0)])


def test_many_draws_are_asked_for_in_parts(serving):
    """No request asks for more draws than servers give, and each part has a seed of its own."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        [[found]] = _score(server, Record(id="a", text=TEXT, spans=(Span(4, 9),)), continuations=300)
        parts = server.asked[LOOKS:]
    assert sorted(body["n"] for body in parts) == [44, 128, 128]
    assert len({body["seed"] for body in parts}) == len(parts)
    assert found == pytest.approx(_log(1.0, 300))


def test_temperature_0_is_one_text(serving):
    """Several draws at temperature 0 are paid for and tell nothing: they are refused, one is not."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        with pytest.raises(InputError, match="at temperature 0 all 8 continuations are the same text"):
            _load(server, temperature=0.0)
        assert not server.asked
        assert _load(server, temperature=0.0, continuations=1).identity["temperature"] == 0.0


def test_a_place_with_nothing_before_it_is_not_asked(serving):
    """A site that begins a document has no prompt, in none of its variants; the others are asked."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        [found] = _score(server, Record(id="a", text=TEXT, spans=(Span(0, 3), Span(4, 9))))
        assert all(body["prompt"] for body in server.asked)
    assert found == pytest.approx([_log(1.0)])


def test_a_window_of_plain_text_is_counted_in_words(serving):
    """Without ids a window's start and length are words; what is shorter than its start has no answer."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        suspect = _load(server)
        records = [Record(id="a", text=TEXT), Record(id="b", text="Too short")]
        long, short = suspect.score(records, window=Window(start=3, length=2), progress=_quiet)
        assert server.asked[-1]["prompt"] == "Our ferry left"
    assert math.exp(long.logprob[0]) == pytest.approx((3 * DRAWS + 0.5) / (3 * DRAWS + 1))
    assert len(short.logprob) == 0


def test_scripts_without_spaces_are_cut_into_letters(serving):
    """A Chinese text has a second half, words to compare, and a prompt however long it is."""
    text = "山上有一座很高的塔" * 300
    with serving.serve(serving.knowing([PROBE, text])) as server:
        [[known], [strange]] = _score(server, Record(id="a", text=text), Record(id="b", text="海边没有人" * 300))
        assert all(len(body["prompt"]) >= 700 for body in server.asked[LOOKS:])
    assert known > -0.01 > strange


def test_fewer_draws_than_asked_for_are_told(serving):
    """A server that gives several draws, and later does not, is not believed."""
    whole, few = serving.knowing([PROBE, TEXT]), serving.knowing([PROBE, TEXT], several=False)
    with serving.serve(whole) as server:
        suspect = _load(server)
        server.reply = few
        with pytest.raises(SuspectError, match=f"wrote 1 texts, asked for {DRAWS} and what follows 'Our'"):
            list(suspect.score([Record(id="a", text=TEXT, spans=(Span(4, 9),))], window=None, progress=_quiet))


def test_a_budget_is_kept(serving):
    """Draws count; no request is sent that might cost more than is left."""
    with serving.serve(serving.knowing([PROBE, TEXT])) as server:
        suspect = _load(server, max_tokens=2000, continuations=4)
        rows = [
            Record(id=str(row), text=f"{TEXT} {row} times over", spans=(Span(4, 9), Span(105, 108)))
            for row in range(99)
        ]
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
