"""Who scores: provtool, lm-evaluation-harness, and batches of plain transformers as in the published code.

Each side is given texts and a loaded model, and gives one sum of log-probabilities a text.
"""

from __future__ import annotations

import contextlib
import io
import logging
import sys
from typing import TYPE_CHECKING, Any

import torch

from asking import made
from provenance.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asking.made import Shape

    Side = Callable[[Sequence[str]], list[float]]

LM_EVAL_BATCH = 8
PUBLISHED_BATCH = 32
"""As in the published code, which takes texts as they come and pads them (RohithKuditipudi/blackbox-model-tracing)."""


def ours(model: Any, tokenizer: Any, shape: Shape) -> Side:
    """Score as ``provtool score`` does."""
    suspect = made.suspect(model, tokenizer, shape=shape)

    def run(texts: Sequence[str]) -> list[float]:
        records = [Record(id=str(row), text=text) for row, text in enumerate(texts)]
        answers = suspect.score(records, window=None, progress=lambda _done, _total: None)
        return [float(score.logprob.sum(dtype=float)) for score in answers]

    return run


def published(model: Any, tokenizer: Any, _shape: Shape) -> Side:
    """Score batches as they come, padded, with a log-softmax over all logits (arXiv 2510.19796, reference code)."""

    def run(texts: Sequence[str]) -> list[float]:
        sums = list[float]()
        for first in range(0, len(texts), PUBLISHED_BATCH):
            batch = tokenizer(list(texts[first : first + PUBLISHED_BATCH]), return_tensors="pt", padding=True)
            ids, mask = batch["input_ids"], batch["attention_mask"]
            with torch.no_grad():
                logs = model(input_ids=ids, attention_mask=mask).logits.float().log_softmax(dim=-1)
            own = logs[:, :-1].gather(2, ids[:, 1:, None])[:, :, 0] * mask[:, 1:]
            sums += own.double().sum(dim=1).tolist()
        return sums

    return run


def lm_eval(model: Any, _tokenizer: Any, shape: Shape) -> Side:
    """Score by the released package's ``loglikelihood_rolling``, which sets the mark before a text by itself."""
    try:
        from lm_eval.api.instance import Instance
        from lm_eval.models.huggingface import HFLM
    except ImportError:
        sys.exit("lm-eval is missing: pip install -c constraints.txt -e '.[bench]'")
    logging.disable(logging.WARNING)
    tokenizer = made.tokenizer(shape, marking=False)
    peer = HFLM(pretrained=model, tokenizer=tokenizer, batch_size=LM_EVAL_BATCH, max_length=shape.context, device="cpu")

    def run(texts: Sequence[str]) -> list[float]:
        asked = [
            Instance(request_type="loglikelihood_rolling", doc={}, arguments=(text,), idx=row)
            for row, text in enumerate(texts)
        ]
        with contextlib.redirect_stderr(io.StringIO()):
            return [float(sum_) for sum_ in peer.loglikelihood_rolling(asked, disable_tqdm=True)]

    return run


SIDES = {"ours": ours, "lm_eval": lm_eval, "published": published}
