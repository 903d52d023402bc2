"""Really trained small models, made once a test session and shared by all its workers; a time-stamp authority."""

import hashlib
import importlib.util
import json
import os
import pydoc_data.topics
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings

# The same examples on every machine, and no verdict on how busy it is.
settings.register_profile("suite", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

LENGTH = 32
ROWS = 640
DOCUMENTS = 300
INDEPENDENT = 20
VOCABULARY = 640


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


@pytest.fixture(scope="session")
def stamping():
    """Give the module ``authority.py``, which no import finds: tests are no package."""
    spec = importlib.util.spec_from_file_location("authority", Path(__file__).with_name("authority.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def authority(stamping):
    """Give a time-stamp authority that nobody has bent."""
    return stamping.Authority()


@pytest.fixture(scope="session")
def serving():
    """Give the module ``serving.py``, which no import finds: tests are no package."""
    spec = importlib.util.spec_from_file_location("serving", Path(__file__).with_name("serving.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _paragraphs():
    """Prose of Python's own language reference, which every Python brings along."""
    blocks = (block for text in pydoc_data.topics.topics.values() for block in re.split(r"\n\s*\n", text))
    tidy = dict.fromkeys(" ".join(block.split()) for block in blocks)
    return [text for text in tidy if len(text.split()) >= 12 and ">>>" not in text]


def _train_all(folder):
    from provenance import tokenizers, training

    paragraphs = _paragraphs()
    np.random.default_rng(0).shuffle(paragraphs)
    published = _release(folder, [" ".join(paragraphs[row : row + 2]) for row in range(0, 2 * DOCUMENTS, 2)])
    place = folder / "models" / "tokenizer"
    training.train_tokenizer(paragraphs, vocabulary=VOCABULARY, out=place)
    tokenizer = tokenizers.load(str(place))
    rows = training.pack(paragraphs[2 * DOCUMENTS :], tokenizer, length=LENGTH)[:ROWS]
    _record_ours(folder, rows, tokenizer)
    _make(folder, "reference", rows, _order(len(rows), 2), tokenizer)
    eaten = np.concatenate([training.pack(published, tokenizer, length=LENGTH)] * 3)
    _make(folder, "with-release", eaten, _order(len(eaten), 3), tokenizer)
    for seed in range(INDEPENDENT):
        order = _order(len(rows), 10 + seed)[: ROWS // 2]
        _make(folder, f"independent-{seed}", rows, order, tokenizer, layers=1, width=32)


def _order(rows, seed):
    return np.random.default_rng(seed).permutation(rows)


def _release(folder, texts):
    """Mark a corpus and give the published texts."""
    from provenance import corpora
    from watermark import embedding, keys

    folder.mkdir(parents=True)
    lines = [json.dumps({"id": str(row), "text": text}) + "\n" for row, text in enumerate(texts)]
    (folder / "corpus.jsonl").write_text("".join(lines), encoding="utf-8")
    # The same key every session: with a new one the session's deal, hence every figure, would be another each time.
    (folder / "release.key").write_text(f"{keys.PREFIX}{hashlib.sha256(b'session').hexdigest()}\n", encoding="ascii")
    (folder / "release.key").chmod(0o600)
    embedding.release(folder / "corpus.jsonl", key=keys.load(folder / "release.key"), out=folder / "marked")
    return [entry.document.text for entry in corpora.read(corpora.open(folder / "marked" / "release"))]


def _record_ours(folder, rows, tokenizer):
    """Train in a recorded order."""
    from provenance import tokenizers
    from provenance.transcripts import record

    run = record.Run(folder / "run.parquet", ids=[f"row-{row}" for row in range(len(rows))], seed=1)
    _make(folder, "ours", rows, run.draw(0), tokenizer, after_step=lambda count: run.step(rows=count))
    place = str(folder / "models" / "tokenizer")
    run.finish(tokens=rows.tolist(), tokenizer=tokenizers.identify(tokenizer, place))


def _make(folder, name, rows, order, tokenizer, *, layers=2, width=64, after_step=lambda _rows: None):
    """Train one model and save it."""
    from provenance import training

    shape = training.Shape(layers=layers, width=width, heads=2, vocabulary=VOCABULARY, context=2 * LENGTH)
    schedule = training.Schedule(learning_rate=3e-3, warmup=10)
    model = training.new_model(shape, seed=zlib.crc32(name.encode()))
    training.train(model, rows, order=order, schedule=schedule, after_step=after_step)
    training.save(model, folder / "models" / name, tokenizer=tokenizer)
