"""Hugging Face causal language models, against the plain model one text at a time."""

import dataclasses
import shutil

import numpy as np
import pytest
import torch
import transformers

from provenance import suspects, training
from provenance.errors import InputError, SuspectError
from provenance.records import Record, Window
from provenance.suspects import caches, causal_lm, heads, models

TEXT = "The old harbour was quiet, and the boats were waiting for the tide. "
SIZE = {"vocab_size": 320, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
MARKS = {"pad_token_id": 0, "bos_token_id": 0, "eos_token_id": 0}
CONFIGS = {
    "neox": lambda: transformers.GPTNeoXConfig(**SIZE, max_position_embeddings=64),
    "llama": lambda: transformers.LlamaConfig(**SIZE, max_position_embeddings=64),
    "gpt2": lambda: transformers.GPT2Config(vocab_size=320, n_embd=32, n_layer=2, n_head=2, n_positions=64),
    "gemma2": lambda: transformers.Gemma2Config(
        **SIZE,
        max_position_embeddings=64,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=16,
        final_logit_softcapping=0.5,
    ),
    "mixtral": lambda: transformers.MixtralConfig(
        **SIZE, max_position_embeddings=64, num_key_value_heads=1, num_local_experts=4, sliding_window=8
    ),
    "llama4": lambda: transformers.Llama4TextConfig(
        **SIZE,
        max_position_embeddings=64,
        num_key_value_heads=1,
        head_dim=16,
        intermediate_size_mlp=64,
        num_local_experts=2,
        attention_chunk_size=16,
    ),
    "phi": lambda: transformers.PhiConfig(**SIZE, max_position_embeddings=64),
    "cohere": lambda: transformers.CohereConfig(**SIZE, max_position_embeddings=64, logit_scale=0.3, **MARKS),
    "granite": lambda: transformers.GraniteConfig(**SIZE, max_position_embeddings=64, logits_scaling=3.0),
}


def _quiet(_done, _total):
    """Show nothing."""


@pytest.fixture(scope="module", params=CONFIGS)
def folder(request, tmp_path_factory):
    """A model of each architecture with random weights, and a byte-level tokenizer."""
    place = tmp_path_factory.mktemp(request.param)
    tokenizer = training.train_tokenizer([TEXT] * 5, vocabulary=320, out=place)
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS[request.param]())
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    training.save(model, place, tokenizer=tokenizer)
    return place


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """One GPT-NeoX model, for what is the same in all architectures."""
    place = tmp_path_factory.mktemp("plain")
    tokenizer = training.train_tokenizer([TEXT] * 5, vocabulary=320, out=place)
    shape = training.Shape(layers=2, width=32, heads=2, vocabulary=320, context=64)
    training.save(training.new_model(shape, seed=0), place, tokenizer=tokenizer)
    return place


def _naive(folder, ids):
    """Log-probabilities, means and deviations, one sequence at a time and in float64 after the logits."""
    model = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
    with torch.inference_mode():
        logs = model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(dim=-1)
    weights = logs.exp()
    mean = (weights * logs).sum(dim=-1)
    sd = (weights * (logs - mean[:, None]) ** 2).sum(dim=-1).sqrt()
    chosen = logs[:-1].gather(1, torch.tensor(ids)[1:, None])[:, 0]
    return chosen.numpy(), mean[:-1].numpy(), sd[:-1].numpy()


def _rows(seed=0, count=9, longest=60):
    rng = np.random.default_rng(seed)
    return [
        Record(id=str(row), tokens=tuple(rng.integers(0, 320, size=size).tolist()))
        for row, size in enumerate(rng.integers(2, longest, size=count))
    ]


@pytest.mark.parametrize("batch_tokens", [1, 128, 8192])
def test_any_batch_gives_the_plain_models_numbers(folder, batch_tokens):
    """Whatever the batch, padding changes nothing: within 2e-4 nats of the model asked one text at a time."""
    suspect = suspects.load(str(folder), batch_tokens=batch_tokens)
    records = _rows()
    for record, score in zip(records, suspect.score(records, window=None, progress=_quiet), strict=True):
        chosen, mean, sd = _naive(folder, record.tokens)
        assert score.start == 1
        assert score.tokens == record.tokens[1:]
        assert score.logprob == pytest.approx(chosen, abs=2e-4)
        assert score.mean == pytest.approx(mean, abs=2e-4)
        assert score.sd == pytest.approx(sd, abs=2e-4)


def test_a_default_device_of_the_callers_moves_nothing(plain):
    """Whoever calls us from within ``torch.device`` gets the same numbers: everything is made where the model is."""
    suspect = suspects.load(str(plain), device="cpu")
    records = [*_rows(), Record(id="short", tokens=(5,))]
    usual = list(suspect.score(records, window=Window(start=3, length=20), progress=_quiet))
    with torch.device("meta"):
        within = list(suspect.score(records, window=Window(start=3, length=20), progress=_quiet))
    for one, other in zip(usual, within, strict=True):
        assert one.logprob.tolist() == other.logprob.tolist()


def test_the_head_is_known(folder):
    """Plain, biased, scaled and capped logits are each told by a few tokens: none need be held for all tokens."""
    assert suspects.load(str(folder)).head.embedding is not None


def test_an_unknown_head_is_asked_as_it_is(folder):
    """Where what follows the output embedding is not known, the model's own logits are taken, a few at a time."""
    known = suspects.load(str(folder))
    unknown = dataclasses.replace(known, head=heads.Head(embedding=None))
    for one, other in zip(
        known.score(_rows(), window=None, progress=_quiet),
        unknown.score(_rows(), window=None, progress=_quiet),
        strict=True,
    ):
        assert one.logprob == pytest.approx(other.logprob, abs=1e-4)
        assert one.sd == pytest.approx(other.sd, abs=1e-4)


def test_a_head_that_is_no_plain_matrix_is_asked_whole(folder):
    """A quantised or adapted head is a module of another kind: it is called as it is, a few positions at a time."""
    known = suspects.load(str(folder))

    class Adapted(torch.nn.Linear):
        """A head that adds something of its own."""

    embedding = Adapted(*reversed(known.head.embedding.weight.shape))
    embedding.weight, embedding.bias = known.head.embedding.weight, known.head.embedding.bias
    adapted = dataclasses.replace(known, head=dataclasses.replace(known.head, embedding=embedding))
    assert known.head.in_parts()
    assert not adapted.head.in_parts()
    one, other = (list(each.score(_rows(), window=None, progress=_quiet)) for each in (known, adapted))
    assert np.concatenate([score.logprob for score in one]) == pytest.approx(
        np.concatenate([score.logprob for score in other]), abs=1e-4
    )


@pytest.mark.parametrize("columns", [1, 7, 64, 1000])
def test_moments_are_those_of_the_whole_vocabulary(columns, monkeypatch):
    """Summed up part by part, log-probability, mean and sd are as of all logits at once, also of very sure models."""
    monkeypatch.setattr(heads, "BLOCKS", {"cpu": (3, columns)})
    torch.manual_seed(0)
    head = heads.Head(embedding=torch.nn.Linear(8, 100))
    states, targets = torch.randn(10, 8) * torch.logspace(-2, 2, 10)[:, None], torch.randint(0, 100, (10,))
    with torch.inference_mode():
        found = heads.moments(states, targets, head=head).double()
        logs = head.embedding(states).double().log_softmax(dim=-1)
    mean = (logs.exp() * logs).sum(dim=-1)
    sd = (logs.exp() * (logs - mean[:, None]) ** 2).sum(dim=-1).sqrt()
    expected = torch.stack([logs.gather(1, targets[:, None])[:, 0], mean, sd])
    assert found.numpy() == pytest.approx(expected.numpy(), rel=2e-5, abs=2e-4)


@pytest.mark.parametrize(("start", "length"), [(0, 5), (4, 3), (1, 100), (10, 32)])
def test_windows_are_exact(plain, start, length):
    """A window scores exactly its tokens; the first token of all is never scored; a short row has no score."""
    suspect = suspects.load(str(plain))
    records = _rows(longest=40)
    for record, score in zip(
        records, suspect.score(records, window=Window(start=start, length=length), progress=_quiet), strict=True
    ):
        low, high = max(1, start), min(len(record.tokens), start + length)
        assert len(score.logprob) == max(0, high - low)
        if high > low:
            assert score.start == low
            assert score.logprob == pytest.approx(_naive(plain, record.tokens)[0][low - 1 : high - 1], abs=2e-4)


def test_long_rows_are_scored_in_overlapping_windows(plain):
    """Beyond the context every token is scored once, with at least half a context before it."""
    suspect = suspects.load(str(plain))
    ids = tuple(np.random.default_rng(3).integers(0, 320, size=150).tolist())
    score = next(suspect.score([Record(id="long", tokens=ids)], window=None, progress=_quiet))
    expected = list(_naive(plain, ids[:64])[0])
    for scored in (64, 96, 128):
        low = scored - 32
        expected += list(_naive(plain, ids[low : low + 64])[0][scored - low - 1 :])
    assert len(score.logprob) == 149
    assert score.logprob == pytest.approx(np.array(expected), abs=2e-4)


def test_text_is_scored_after_its_context(plain):
    """Only tokens that end inside the text are scored, and their ends count its characters."""
    suspect = suspects.load(str(plain))
    record = Record(id="a", context="The old harbour", text=" was quiet, and the boats")
    score = next(suspect.score([record], window=None, progress=_quiet))
    ids = suspect.encoder(record.context + record.text)["input_ids"]
    assert suspect.encoder.decode(score.tokens) == record.text
    assert score.ends[-1] == len(record.text)
    assert score.logprob == pytest.approx(_naive(plain, ids)[0][score.start - 1 :], abs=2e-4)


def test_special_tokens_are_given_and_not_scored(plain, tmp_path):
    """A tokenizer that wraps text in begin and end marks: the first token then has a score, the marks have none."""
    from tokenizers import processors

    encoder = transformers.AutoTokenizer.from_pretrained(plain)
    mark = encoder.eos_token
    encoder.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{mark} $A {mark}", special_tokens=[(mark, encoder.eos_token_id)]
    )
    model = transformers.AutoModelForCausalLM.from_pretrained(plain)
    training.save(model, tmp_path, tokenizer=encoder)
    score = next(suspects.load(str(tmp_path)).score([Record(id="a", text=TEXT)], window=None, progress=_quiet))
    bare = transformers.AutoTokenizer.from_pretrained(plain)(TEXT)["input_ids"]
    assert (list(score.tokens), score.start) == (bare, 1)


def test_no_full_copy_of_the_logits(folder, monkeypatch):
    """No more logits are made at once than the budget allows, in any architecture."""
    suspect, seen = suspects.load(str(folder)), []
    logits = heads.Head.logits
    monkeypatch.setattr(heads, "BLOCKS", {"cpu": (16, 100)})
    monkeypatch.setattr(heads.Head, "logits", lambda *asked: seen.append(tuple(logits(*asked).shape)) or logits(*asked))
    list(suspect.score(_rows(), window=None, progress=_quiet))
    assert max(seen) == (16, 100)
    calls = []
    suspect.model.get_output_embeddings().register_forward_hook(
        lambda _module, inputs, _output: calls.append(inputs[0].shape[:-1].numel())
    )
    monkeypatch.setattr(causal_lm, "MOST_LOGITS", 320 * 64)
    unknown = dataclasses.replace(suspect, head=heads.Head(embedding=None))
    list(unknown.score(_rows(), window=None, progress=_quiet))
    assert max(calls) <= 64


def test_a_processor_is_given_small_batches(plain):
    """On a CPU no more tokens are read at once than are read fast, however large the budget."""
    suspect, read = suspects.load(str(plain), batch_tokens=1 << 20), []
    suspect.model.get_input_embeddings().register_forward_hook(
        lambda _module, inputs, _output: read.append(inputs[0].numel())
    )
    list(suspect.score(_rows(count=90), window=None, progress=_quiet))
    assert sum(read) > max(read)
    assert max(read) <= causal_lm.MOST_TOKENS["cpu"]


def test_only_tokens_that_are_scored_reach_the_head(plain, monkeypatch):
    """Neither padding nor context is put through the head."""
    suspect, seen = suspects.load(str(plain)), []
    logits = heads.Head.logits
    monkeypatch.setattr(
        heads.Head, "logits", lambda head, states, part: seen.append(len(states)) or logits(head, states, part)
    )
    records = [Record(id=str(size), tokens=tuple(range(size))) for size in (3, 17, 40)]
    list(suspect.score(records, window=Window(start=10, length=20), progress=_quiet))
    probes = seen.count(1)
    assert sum(seen) - probes == 7 + 20


def _alike(seed=0, shared=40, rows=6):
    """Texts with one beginning, which ends in one of them, and others beside them."""
    rng = np.random.default_rng(seed)
    start = rng.integers(0, 320, size=shared).tolist()
    rests = [rng.integers(0, 320, size=size).tolist() for size in (0, *rng.integers(1, 20, size=rows - 1))]
    return [Record(id=f"s{row}", tokens=(*start, *rest)) for row, rest in enumerate(rests)] + _rows(count=3)


@pytest.mark.parametrize("window", [None, Window(start=10, length=40), Window(start=40, length=9)])
@pytest.mark.parametrize("batch_tokens", [100, 8192])
def test_a_beginning_in_common_is_read_once(folder, window, batch_tokens):
    """Whatever follows it and whatever is asked of it, the numbers are those of each text alone, within 2e-4 nats."""
    suspect = suspects.load(str(folder), batch_tokens=batch_tokens)
    assert suspect.reach > 60
    embedding, read = suspect.model.get_input_embeddings(), []
    hook = embedding.register_forward_hook(lambda _module, inputs, _output: read.append(inputs[0].numel()))
    records = _alike()
    found = list(suspect.score(records, window=window, progress=_quiet))
    hook.remove()
    assert sum(read) < sum(len(record.tokens) for record in records)
    for record, score in zip(records, found, strict=True):
        low, high = (window.start, window.start + window.length) if window else (0, 99)
        for name, numbers in zip(("logprob", "mean", "sd"), _naive(folder, record.tokens), strict=True):
            assert getattr(score, name) == pytest.approx(numbers[max(0, low - 1) : high - 1], abs=2e-4)


def test_models_that_keep_something_else_read_every_text_by_itself(tmp_path):
    """A state-space model has no keys and values to go on from: it is asked as before, and right."""
    config = transformers.MambaConfig(vocab_size=320, hidden_size=16, state_size=4, num_hidden_layers=2)
    torch.manual_seed(0)
    transformers.MambaForCausalLM(config).save_pretrained(tmp_path)
    suspect = suspects.load(str(tmp_path))
    assert not suspect.reach
    for record, score in zip(_alike(), suspect.score(_alike(), window=None, progress=_quiet), strict=True):
        assert score.logprob == pytest.approx(_naive(tmp_path, record.tokens)[0], abs=2e-4)


def _random(config):
    """Make a model of random weights, large enough that its positions matter."""
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    return model


def test_long_texts_of_two_ways_of_reading_are_kept_from_short_ones(tmp_path):
    """Phi-3 reads texts beyond a length with other frequencies, whole batches at a time: no batch crosses it."""
    rope = {"rope_type": "longrope", "rope_theta": 1e4, "short_factor": [1.0] * 8, "long_factor": [4.0] * 8}
    turn = {"original_max_position_embeddings": 48}
    config = transformers.Phi3Config(**SIZE, **MARKS, **turn, max_position_embeddings=64, rope_parameters=rope | turn)
    _random(config).save_pretrained(tmp_path)
    suspect = suspects.load(str(tmp_path))
    assert (suspect.turn, suspect.reach) == (48, 48)
    records = _alike() + [Record(id=f"n{size}", tokens=tuple(range(size))) for size in (47, 48, 49)]
    for record, score in zip(records, suspect.score(records, window=None, progress=_quiet), strict=True):
        assert score.logprob == pytest.approx(_naive(tmp_path, record.tokens)[0], abs=2e-4)


def test_going_on_is_tried_beyond_the_window_of_attention(tmp_path):
    """Moshi's memory ends with a window that its attention does not have: it is not trusted with a beginning."""
    config = transformers.MoshiConfig(**SIZE, **MARKS, max_position_embeddings=64, sliding_window=8, ffn_dim=64)
    _random(config).save_pretrained(tmp_path)
    suspect = suspects.load(str(tmp_path))
    assert not suspect.reach
    for record, score in zip(_alike(), suspect.score(_alike(), window=None, progress=_quiet), strict=True):
        assert score.logprob == pytest.approx(_naive(tmp_path, record.tokens)[0], abs=2e-4)


def test_wide_windows_of_attention_bound_what_is_shared(tmp_path, monkeypatch):
    """Where trying beyond the window would take long, texts within it alone are read on from a beginning."""
    monkeypatch.setattr(caches, "TRIED", 7)
    _random(CONFIGS["mixtral"]()).save_pretrained(tmp_path)
    assert suspects.load(str(tmp_path)).reach == 8


def test_long_texts_with_one_first_context_are_scored(folder):
    """Windows that are alike from end to end share all but their last token: no model is asked beyond its context."""
    start = np.random.default_rng(0).integers(0, 320, size=80).tolist()
    records = [Record(id=str(last), tokens=(*start, last)) for last in range(3)]
    for score in suspects.load(str(folder)).score(records, window=None, progress=_quiet):
        assert score.logprob[:63] == pytest.approx(_naive(folder, start[:64])[0], abs=2e-4)
        assert len(score.logprob) == 80


def test_the_overlap_of_windows_is_stated(plain):
    """Who reads the evidence can tell how long texts were cut."""
    suspect = suspects.load(str(plain))
    assert (suspect.context, suspect.identity["overlap"]) == (64, 32)


def test_a_model_reads_no_more_at_once_than_it_is_let(plain):
    """With a smaller context tokens are scored in smaller windows, and the table says so; a larger one is nothing."""
    suspect = suspects.load(str(plain), context=20)
    ids = tuple(np.random.default_rng(3).integers(0, 320, size=45).tolist())
    score = next(suspect.score([Record(id="long", tokens=ids)], window=None, progress=_quiet))
    expected = list(_naive(plain, ids[:20])[0])
    for scored in (20, 30, 40):
        low = scored - 10
        expected += list(_naive(plain, ids[low : low + 20])[0][9:])
    assert score.logprob == pytest.approx(np.array(expected), abs=2e-4)
    assert (suspect.identity["context"], suspect.identity["overlap"]) == (20, 10)
    assert suspects.load(str(plain), context=4_096).identity == suspects.load(str(plain)).identity
    with pytest.raises(ValueError, match="nothing predicts"):
        suspects.load(str(plain), context=1)


def test_caps_are_told_of_small_logits():
    """Logits too small to show a cap are capped all the same, as the settings say."""
    model = transformers.AutoModelForCausalLM.from_config(CONFIGS["gemma2"]()).eval()
    model.config.final_logit_softcapping = 1e4
    head = heads.find(model, "small")
    capped = head.change(torch.tensor([5e4]))
    assert float(capped) == pytest.approx(1e4 * np.tanh(5), rel=1e-4)


def test_tokens_that_are_read_but_never_written_are_refused():
    """A head smaller than the vocabulary has nothing to say of the other tokens, and says so."""
    head = heads.Head(embedding=torch.nn.Linear(8, 100))
    with torch.inference_mode(), pytest.raises(SuspectError, match=r"token 100 is none that the model writes.*100"):
        heads.moments(torch.randn(2, 8), torch.tensor([99, 100]), head=head)


@pytest.mark.parametrize("never", [slice(0, 9), slice(40, 100)])
def test_tokens_of_no_probability_do_not_spoil_the_others(never, monkeypatch):
    """Logits of minus infinity, whole parts of the vocabulary even, leave numbers where there are some."""
    monkeypatch.setattr(heads, "BLOCKS", {"cpu": (3, 7)})
    logits = torch.randn(5, 100)
    logits[:, never] = -torch.inf
    targets = torch.full((5,), 20)
    found = heads.moments(logits, targets, head=heads.Head(embedding=None)).double()
    logs = logits.double().log_softmax(dim=-1)
    weighed = logs.exp() * logs.nan_to_num(neginf=0.0)
    assert found[0].numpy() == pytest.approx(logs[:, 20].numpy(), abs=1e-5)
    assert found[1].numpy() == pytest.approx(weighed.sum(dim=-1).numpy(), abs=1e-4)


def _no_cuda():
    raise torch.OutOfMemoryError("CUDA out of memory")


def _no_bytes():
    raise MemoryError


@pytest.mark.parametrize("fail", [_no_cuda, _no_bytes, lambda: torch.empty(1 << 60)])
def test_a_batch_that_does_not_fit_is_halved(plain, fail):
    """Where memory ends, batches are halved until they fit; it is counted, and the numbers are the same."""
    suspect, failed = suspects.load(str(plain)), []

    def refuse(_module, inputs):
        if inputs[0].numel() > 100:
            failed.append(inputs[0].numel())
            fail()

    suspect.model.get_input_embeddings().register_forward_pre_hook(refuse)
    records = _alike() + _rows(seed=1, count=30)
    for record, score in zip(records, suspect.score(records, window=None, progress=_quiet), strict=True):
        assert score.logprob == pytest.approx(_naive(plain, record.tokens)[0], abs=2e-4)
    assert suspect.halved >= len(failed) > 1
    again = len(failed)
    list(suspect.score(records, window=None, progress=_quiet))
    assert len(failed) == again, "what is known to be too large is not tried again"


def test_a_text_that_does_not_fit_alone_is_told(plain):
    """Where memory does not suffice for one text, one line says so; other errors are not taken for that."""
    suspect = suspects.load(str(plain))
    wrong = [torch.OutOfMemoryError("CUDA out of memory")]

    def refuse(_module, _inputs):
        raise wrong[0]

    suspect.model.get_input_embeddings().register_forward_pre_hook(refuse)
    with pytest.raises(SuspectError, match=r"memory does not suffice to ask hf:.* about 9 tokens at once"):
        list(suspect.score([Record(id="a", tokens=tuple(range(9)))], window=None, progress=_quiet))
    wrong[0] = RuntimeError("shapes do not fit")
    with pytest.raises(RuntimeError, match="shapes do not fit"):
        list(suspect.score([Record(id="a", tokens=tuple(range(9)))], window=None, progress=_quiet))


def test_progress_reaches_its_total(plain):
    """Progress counts tokens and ends at its total."""
    seen = []
    list(suspects.load(str(plain)).score(_rows(), window=None, progress=lambda *step: seen.append(step)))
    assert seen == sorted(seen)
    assert seen[-1][0] == seen[-1][1]


def test_weights_name_the_model_wherever_it_lies(plain, tmp_path):
    """The digest of the weights is the same for a copy of the folder, and another for other weights."""
    model, encoder = (
        kind.from_pretrained(plain) for kind in (transformers.AutoModelForCausalLM, transformers.AutoTokenizer)
    )
    training.save(model, tmp_path / "copy", tokenizer=encoder)
    with torch.no_grad():
        next(model.parameters())[0] += 1
    training.save(model, tmp_path / "other", tokenizer=encoder)
    same, copy, other = (
        suspects.load(str(place)).identity["weights"] for place in (plain, tmp_path / "copy", tmp_path / "other")
    )
    assert same == copy != other


def test_nothing_spills_on_stderr(plain, capfd):
    """Loading draws no bar of its own and leaves the library's setting as it was."""
    capfd.readouterr()
    suspects.load(str(plain))
    assert capfd.readouterr().err == ""
    assert transformers.logging.is_progress_bar_enabled()


def test_ids_outside_the_vocabulary_are_refused(plain):
    """A token id that the model cannot know is named with its record."""
    with pytest.raises(SuspectError, match=r"record 'x' has token ids outside.*320"):
        list(suspects.load(str(plain)).score([Record(id="x", tokens=(1, 320))], window=None, progress=_quiet))


def _refused(name, message, **how):
    """Expect one clear line, and nothing else on either stream."""
    with pytest.raises(SuspectError, match=message) as caught:
        suspects.load(name, **how)
    assert len(str(caught.value).splitlines()) == 1


def test_models_that_cannot_be_asked(plain, tmp_path):
    """No folder, an empty one, no text model, an unknown format, device or revision are one clear line each."""
    (tmp_path / "empty").mkdir()
    with models.quiet():
        transformers.ViTConfig().save_pretrained(tmp_path / "vision")
    _refused(f"hf:{tmp_path}/nowhere", r"cannot be loaded \(no such folder\)")
    _refused(f"hf:{tmp_path}/empty", "cannot be loaded")
    _refused(f"hf:{tmp_path}/vision", "cannot be loaded")
    _refused(f"hf:{plain}@main", "a folder has no revisions")
    _refused("hf:no/such/name", "neither a folder nor a hub name")
    for number in ("float128", "int8", "nn"):
        _refused(str(plain), "unknown number format", dtype=number)
    for device in ("nonsense", "meta:x"):
        _refused(str(plain), f"device '{device}' cannot be used", device=device)
    with pytest.raises(InputError, match="unknown suspect"):
        suspects.load("nowhere-at-all")


@pytest.mark.parametrize("keep", [0, 5, 300, -9])
def test_truncated_weights_are_told(plain, tmp_path, keep):
    """Weights that were cut short are one clear line, and not a model with random numbers in it."""
    shutil.copytree(plain, tmp_path / "cut")
    weights = tmp_path / "cut" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:keep])
    _refused(f"hf:{tmp_path}/cut", "cannot be loaded")


def test_models_without_a_head_are_refused(tmp_path, capfd):
    """A model saved without its head is not asked with a random one, and says so in one line alone."""
    with models.quiet():
        transformers.GPTNeoXModel(CONFIGS["neox"]()).save_pretrained(tmp_path)
    capfd.readouterr()
    _refused(f"hf:{tmp_path}", r"its files have no lm_head\.weight")
    assert capfd.readouterr().err == ""


def test_models_that_look_ahead_are_refused(tmp_path):
    """A model that reads later tokens predicts nothing: its numbers would be no log-likelihoods."""
    with models.quiet():
        transformers.BertLMHeadModel(transformers.BertConfig(**SIZE)).save_pretrained(tmp_path)
    _refused(f"hf:{tmp_path}", "reads later tokens")


def test_half_precision_is_asked(plain):
    """In bfloat16 the answers are near those in float32, and the identity says which it was."""
    fine, coarse = (suspects.load(str(plain), dtype=dtype) for dtype in ("float32", "bfloat16"))
    pairs = zip(*(suspect.score(_rows(), window=None, progress=_quiet) for suspect in (fine, coarse)), strict=True)
    assert max(float(np.abs(one.logprob - other.logprob).max()) for one, other in pairs) < 0.1
    assert (fine.identity["dtype"], coarse.identity["dtype"]) == ("float32", "bfloat16")


def test_folders_may_be_called_anything(plain, tmp_path):
    """A folder with an at sign in its name is a folder, not a revision."""
    shutil.copytree(plain, tmp_path / "me@host")
    assert suspects.load(f"hf:{tmp_path}/me@host").tokenizer


def test_text_beyond_the_models_vocabulary_is_refused(plain):
    """A tokenizer with more tokens than the model is told, not an index error."""
    small = training.new_model(training.Shape(layers=1, width=32, heads=2, vocabulary=40), seed=0)
    suspect = dataclasses.replace(suspects.load(str(plain)), model=small)
    with pytest.raises(SuspectError, match=r"record 'x' has token ids outside.*40"):
        list(suspect.score([Record(id="x", text=TEXT)], window=None, progress=_quiet))


def test_parameters_are_digested_where_there_are_no_files(plain):
    """A model of the hub is named by its parameters, single numbers among them."""
    model = training.new_model(training.Shape(layers=1, width=32, heads=2, vocabulary=300), seed=0)
    model.register_buffer("single", torch.tensor(1.0))
    before = models.digest(models.Place(name="m", path="somebody/model", revision=None), model)
    model.single += 1
    assert models.digest(models.Place(name="m", path="somebody/model", revision=None), model) != before
    assert models.digest(models.Place(name="m", path=str(plain), revision=None), model) != before


def test_without_a_tokenizer_only_ids_can_be_scored(plain, tmp_path):
    """A model folder without a tokenizer scores ids, and says what is missing when it is asked about text."""
    transformers.AutoModelForCausalLM.from_pretrained(plain).save_pretrained(tmp_path)
    suspect = suspects.load(str(tmp_path))
    assert suspect.tokenizer is None
    assert len(next(suspect.score(_rows(count=1), window=None, progress=_quiet)).logprob)
    with pytest.raises(SuspectError, match="tokenizer"):
        list(suspect.score([Record(id="a", text="words")], window=None, progress=_quiet))
