"""Where echoed tokens end in a text."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenance.suspects import alignment

TEXTS = st.text(alphabet="ab é€日😀", min_size=1, max_size=12)


@given(text=TEXTS, seed=st.randoms(use_true_random=False))
def test_any_cut_of_the_bytes_is_the_text(text, seed):
    """However bytes are cut into tokens and decoded one by one, they are found to be the text, to its end."""
    data = text.encode()
    cuts = sorted(seed.sample(range(1, len(data)), seed.randrange(len(data)))) if len(data) > 1 else []
    tokens = [data[low:high].decode(errors="replace") for low, high in itertools.pairwise([0, *cuts, len(data)])]
    found = alignment.ends(tokens, text)
    assert found is not None
    assert list(found) == sorted(found)
    assert found[-1] == len(text)


@given(text=TEXTS, seed=st.randoms(use_true_random=False))
def test_whole_characters_end_where_they_end(text, seed):
    """Tokens of whole characters end exactly there."""
    cuts = sorted(seed.sample(range(1, len(text)), seed.randrange(len(text)))) if len(text) > 1 else []
    tokens = [text[low:high] for low, high in itertools.pairwise([0, *cuts, len(text)])]
    assert alignment.ends(tokens, text) == (*cuts, len(text))


@pytest.mark.parametrize(
    ("tokens", "text", "ends"),
    [
        ([" The", " tide"], "The tide", (3, 8)),  # llama.cpp shows the space that SentencePiece puts in front
        (["The", "tide"], "The tide", (3, 8)),  # others decode a SentencePiece token alone, without it
        (["5", " ", "", "", ""], "5 €", (1, 2, 3, 3, 3)),  # llama-cpp-python leaves half characters out
        (["5", " �", "�"], "5 €", (1, 3, 3)),  # vLLM, and OpenAI likewise:
        (["5", "bytes:\\x20\\xe2", "bytes:\\x82\\xac", "."], "5 €.", (1, 3, 3, 4)),
        (["\ud83d", "\ude00", "!"], "😀!", (1, 1, 2)),
        (["", "", "a"], "éa", (1, 1, 2)),
        (["caf", " x"], "café x", (3, 6)),  # a token of the last byte of é and nothing else may leave no trace at all
    ],
)
def test_what_servers_lose_is_made_good(tokens, text, ends):
    """The losses of servers that decode token by token."""
    assert alignment.ends(tokens, text) == ends


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        (["The", " tide"], "The tides"),
        (["The", " tide", "s"], "The tide"),
        (["the", " tide"], "The tide"),
        ([" tide", "The"], "The tide"),
        (["The"], "The tide"),
        (["tide"], "The tide"),
        (["The", "�", " tide"], "The tide"),
        ([], "The tide"),
        (["a", "�", "b"], "axyb"),
        (["a", "", ""], "abcd"),
    ],
)
def test_other_tokens_are_told(tokens, text):
    """Tokens of another text, or of part of it, or in another order."""
    assert alignment.ends(tokens, text) is None
