"""How does a suspect write as many tokens as a text audit needs, without losing what it wrote when it is cut short?

Texts are kept batch by batch in ``TEXTS.part``, with the settings beside them in ``TEXTS.sampling.json``; when there
are enough, the file gets its name, and the settings its digest. A run that was killed goes on after its last whole
batch.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from provenance import artifacts, storage
from provenance.errors import InputError, MismatchError
from provenance.suspects import drawing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.suspects.writers import Manuscript, Text, Writer

SCHEMA = "provtool/sampling/1"
BATCH = 16
"""Texts that are written together, and lost together when a run is killed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """What a text begins with."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """What was written."""

    texts: int
    tokens: int
    path: Path


def sample(
    writer: Writer,
    *,
    tokens: int,
    out: str | os.PathLike[str],
    how: Manuscript,
    prompts: Sequence[Prompt] = (),
    seed: int = 0,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Sample:
    """Have texts written until they have so many tokens together.

    Parameters
    ----------
    out
        JSON lines: ``id``, ``text`` (without its prompt), ``tokens``, ``prompt`` (an id, or null) and ``finish``.
    prompts
        What texts begin with, one after the other and over again; none lets each begin with nothing.
    progress
        Called with (done, total) in tokens.

    Raises
    ------
    SuspectError
        If the suspect cannot be asked any more; what it wrote is kept.
    MismatchError
        If texts of another suspect, or other settings, are there already.
    """
    target = Path(out)
    told = {
        "suspect": dict(writer.identity),
        "settings": {**asdict(how), "seed": seed, "batch": BATCH},
        "prompts": storage.digest_json([asdict(prompt) for prompt in prompts]) if prompts else None,
        "tool": artifacts.TOOL,
    }
    part = Path(f"{target}.part")
    _check(target, told)
    if target.exists():
        kept = _whole_lines(target)
        if _tokens(kept) >= tokens:
            return Sample(texts=len(kept), tokens=_tokens(kept), path=target)
        target.replace(part)  # more are wanted: they follow those that are there
    kept = _kept(part)
    texts, done = len(kept), _tokens(kept)
    with part.open("a", encoding="utf-8") as stream:
        while done < tokens:
            progress(done, tokens)
            rows = _keep(_written(writer, texts // BATCH, how, prompts, seed), stream)
            texts, done = texts + len(rows), done + _tokens(rows)
    progress(tokens, tokens)
    storage.write_json(_about(target), {"schema": SCHEMA, **told, "sha256": storage.digest(part)})
    part.replace(target)
    return Sample(texts=texts, tokens=done, path=target)


def _tokens(rows: Sequence[Mapping[str, Any]]) -> int:
    return sum(row["tokens"] for row in rows)


def _keep(rows: list[dict[str, Any]], stream: TextIO) -> list[dict[str, Any]]:
    """Put a batch where no kill can take it."""
    if not _tokens(rows):
        hint = "other --prompts, or --instruction"
        raise InputError("a whole batch of texts was empty", path=stream.name, hint=hint)
    stream.write("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    stream.flush()
    os.fsync(stream.fileno())
    return rows


def _written(writer: Writer, batch: int, how: Manuscript, prompts: Sequence[Prompt], seed: int) -> list[dict[str, Any]]:
    numbers = range(batch * BATCH, (batch + 1) * BATCH)
    begun = [prompts[number % len(prompts)] if prompts else Prompt(id="", text="") for number in numbers]
    texts = writer.write([one.text for one in begun], how, seed=drawing.seed(str(seed), str(batch)))
    return [_row(number, one, text) for number, one, text in zip(numbers, begun, texts, strict=True)]


def _row(number: int, prompt: Prompt, text: Text) -> dict[str, Any]:
    more = {"tokens": text.tokens, "prompt": prompt.id or None, "finish": text.finish}
    return {"id": f"text-{number:06d}", "text": text.text, **more}


def _about(target: Path) -> Path:
    return Path(f"{target}.sampling.json")


def _check(target: Path, told: Mapping[str, Any]) -> None:
    """Begin with these settings, or go on with the same."""
    about = _about(target)
    if not about.exists():
        if target.exists():
            raise InputError("exists, and nothing says who wrote it", path=target, hint="another --out")
        storage.write_json(about, {"schema": SCHEMA, **told})
        return
    before = storage.read_json(about, schema=SCHEMA)
    now = json.loads(storage.dump_json(dict(told)))
    if differing := [name for name in now if before.get(name) != now[name]]:
        raise MismatchError(
            f"texts of another {' and another '.join(differing)} are there",
            path=about,
            expected="the same suspect, settings and prompts",
            hint=f"another --out, or remove {target.name}*",
        )
    if target.exists() and before.get("sha256") != storage.digest(target):
        raise MismatchError("is not what was written", path=target, hint=f"remove {target.name}* to write again")


def _kept(part: Path) -> list[dict[str, Any]]:
    """Keep the whole batches of an interrupted run, and cut off the rest."""
    if not part.exists():
        return []
    rows = _whole_lines(part)
    rows = rows[: len(rows) // BATCH * BATCH]
    with storage.atomic(part) as temporary:
        temporary.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return rows


def _whole_lines(path: Path) -> list[dict[str, Any]]:
    return list(_lines(path))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", errors="replace") as stream, contextlib.suppress(ValueError):
        for line in stream:
            if not line.endswith("\n"):
                return
            yield json.loads(line)
