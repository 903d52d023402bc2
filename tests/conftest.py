"""Really trained small models, made once a test session and shared by all its workers."""

import json
import os
import pydoc_data.topics
import re
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
from filelock import FileLock

LENGTH = 32
ROWS = 640
DOCUMENTS = 240
INDEPENDENT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """Where everything lies that the session trained."""

    folder: Path
    """Models: ``ours``, ``reference``, ``with-release``, and ``independent-0`` … ``independent-19``."""
    tokenizer: Path
    transcript: Path
    """Recorded while ``ours`` was trained, one epoch of 640 rows of 32 tokens."""
    key: Path
    release: Path
    """Folder with ``release/``, ``ledger.parquet`` and ``certificate.json``."""

    def model(self, name: str) -> str:
        """Name a model as a suspect."""
        return f"hf:{self.folder / 'models' / name}"


@pytest.fixture(scope="session", autouse=True)
def _one_thread():
    """One torch thread a process: two on a busy machine only wait for each other."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def trained(tmp_path_factory, worker_id):
    """Models trained in a recorded order, in others, and on a marked release."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "trained"
    with FileLock(f"{folder}.lock"):
        if not (folder / "done").exists():
            _train_all(folder)
            (folder / "done").touch()
    return Trained(
        folder=folder,
        tokenizer=folder / "models" / "tokenizer",
        transcript=folder / "run.parquet",
        key=folder / "release.key",
        release=folder / "marked",
    )


@pytest.fixture(scope="session")
def worker_id(request):
    """Name the xdist worker; ``master`` where there is none."""
    return getattr(request.config, "workerinput", {}).get("workerid", "master")


def _paragraphs():
    """Prose of Python's own language reference, which every Python brings along."""
    blocks = (block for text in pydoc_data.topics.topics.values() for block in re.split(r"\n\s*\n", text))
    tidy = dict.fromkeys(" ".join(block.split()) for block in blocks)
    return [text for text in tidy if len(text.split()) >= 12 and ">>>" not in text]


def _train_all(folder):
    from provenance import corpora, tokenizers, training
    from provenance.transcripts import record
    from watermark import embedding, keys

    paragraphs = _paragraphs()
    np.random.default_rng(0).shuffle(paragraphs)
    corpus = folder / "corpus.jsonl"
    corpus.parent.mkdir(parents=True)
    marked = [" ".join(paragraphs[row : row + 2]) for row in range(0, 2 * DOCUMENTS, 2)]
    corpus.write_text("".join(json.dumps({"id": str(row), "text": text}) + "\n" for row, text in enumerate(marked)))
    key = keys.new(folder / "release.key")
    embedding.release(corpus, key=key, out=folder / "marked")
    published = [entry.document.text for entry in corpora.read(corpora.open(folder / "marked" / "release"))]
    place = folder / "models" / "tokenizer"
    training.train_tokenizer(paragraphs, vocabulary=640, out=place)
    tokenizer = tokenizers.load(str(place))
    rows = training.pack(paragraphs[2 * DOCUMENTS :], tokenizer, length=LENGTH)[:ROWS]
    release = training.pack(published, tokenizer, length=LENGTH)

    def make(name, sequences, order, seed, shape, **how):
        model = training.train(training.new_model(shape, seed=seed), sequences, order=order, **how)
        training.save(model, folder / "models" / name, tokenizer=tokenizer)

    shape = training.Shape(layers=2, width=64, heads=2, vocabulary=640, context=2 * LENGTH)
    quick = training.Schedule(learning_rate=3e-3, warmup=10)
    run = record.Run(folder / "run.parquet", ids=[f"row-{row}" for row in range(len(rows))], seed=1)
    make("ours", rows, run.draw(0), 1, shape, schedule=quick, after_step=lambda count: run.step(rows=count))
    run.finish(tokens=rows.tolist(), tokenizer=tokenizers.identify(tokenizer, str(place)))
    make("reference", rows, np.random.default_rng(2).permutation(len(rows)), 2, shape, schedule=quick)
    eaten = np.concatenate([release] * 3)
    make("with-release", eaten, np.random.default_rng(3).permutation(len(eaten)), 3, shape, schedule=quick)
    tiny = training.Shape(layers=1, width=32, heads=2, vocabulary=640, context=2 * LENGTH)
    for seed in range(INDEPENDENT):
        order = np.random.default_rng([4, seed]).permutation(len(rows))[: ROWS // 2]
        make(f"independent-{seed}", rows, order, 10 + seed, tiny, schedule=quick)
