"""How does a corpus become a release and a ledger?

The corpus is read twice. First its documents are marked, part by part (`watermark.parts`), in a hidden folder beside
the output; a run that was interrupted goes on from there. Then ledger and release are put together in one stream, every
byte outside the sites as it was. The ledger tells how good the text still is (`watermark.fidelity`), and the output
folder appears when all of it is written.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts, corpora, folders, storage
from provenance.errors import MismatchError
from provenance.language import surprisal
from watermark import about as saying
from watermark import certificate, certifying, ledger, mappings, marking, parts, precautions, unfinished
from watermark.certifying import CERTIFICATE_FILE, DESCRIPTION_FILE, FIDELITY_FILE, LEDGER_FILE, RELEASE_FOLDER
from watermark.ledger import LEDGER
from watermark.marking import Embedding, Task

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.corpora import Corpus, Edit
    from provenance.remote import Cluster
    from watermark.certificate import Counts
    from watermark.fidelity import Fidelity
    from watermark.keys import Key
    from watermark.ledger import Marked
    from watermark.parts import Job, Part

WORDS_FILE = "words.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What `release` left on disk."""

    folder: Path
    ledger: Path
    certificate: Path
    description: Path
    """The release in Croissant, for search engines and loaders: public."""
    page: Path
    """Where the marks are and how good the text still is, for its owner to look at: secret."""
    counts: Counts
    fidelity: Fidelity


def release(
    corpus: Corpus | str | os.PathLike[str],
    *,
    key: Key | None,
    out: str | os.PathLike[str],
    embedding: Embedding | None = None,
    about: Mapping[str, Any] | None = None,
    workers: int = 1,
    cluster: Cluster | None = None,
    resume: bool = False,
    force: bool = False,
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> Release:
    """Mark a corpus: write ``release/`` in the corpus's own format, ledger, certificate and a page on its fidelity.

    The folder `out` then holds ``release/``, ``certificate.json`` and ``croissant.json`` to publish, ``ledger.parquet``
    and ``fidelity.html`` to keep secret.

    Parameters
    ----------
    corpus
        An opened corpus, or a path to one with fields ``text`` and ``id``.
    key
        The owner's key; None only for strategy ``leximark``.
    out
        A new folder. It appears when all is written, and not before.
    embedding
        How to mark; without a release name, that of the previous release is taken, or the corpus's own.
    about
        What ``croissant.json`` says of the data set beside what its files tell: `watermark.about.read`.
    workers
        Processes; the files are the same, byte for byte, however many.
    cluster
        A Ray cluster on which they run, whose nodes see the disk of `out`; None is this machine.
    resume
        Go on where a run with the same settings was interrupted.
    force
        Replace an earlier release, which stays if this one fails, and forget an interrupted run.
    progress
        Called with (documents done, None).

    Raises
    ------
    InputError
        If the corpus cannot be read or holds a secret of ours, `out` exists, a key is missing, an interrupted run had
        other settings, or Croissant has no property that `about` has.
    MismatchError
        If the previous ledger is of another key, recipient, release or number of variants.
    """
    opened = corpora.open(corpus) if not isinstance(corpus, corpora.Corpus) else corpus
    how, target = _named(embedding or Embedding(), opened), Path(out)
    settings = _settings(opened, how, key)
    _refuse(opened, target, force=force)
    saying.check(about or {})
    inputs = {"corpus": corpora.digest(opened), **_ledgers(how)}
    with unfinished.folder(target, told={**settings, **inputs}, resume=resume, force=force) as begun:
        jobs = _jobs(opened, begun, key=key, how=how)
        done = list(parts.run(jobs, workers=workers, cluster=cluster, progress=_adding(progress)))
        with folders.whole(target, replaces=(LEDGER_FILE, CERTIFICATE_FILE) if force else None) as work:
            header = artifacts.Header(inputs=inputs, settings={**settings, "mapping": _mapping(done, how)})
            counts = _assemble(opened, work, done, how=how, header=header)
            measured = certifying.write(
                work,
                corpora.moved(opened, work / RELEASE_FOLDER),
                settings=header.settings,
                counts=counts,
                key=marking.dealing_key(key, how.recipient) if how.strategy == "keyed" else None,
                about=about or {},
                encoder_name=how.encoder,
            )
    return Release(
        folder=target / RELEASE_FOLDER,
        ledger=target / LEDGER_FILE,
        certificate=target / CERTIFICATE_FILE,
        description=target / DESCRIPTION_FILE,
        page=target / FIDELITY_FILE,
        counts=counts,
        fidelity=measured,
    )


def _named(how: Embedding, corpus: Corpus) -> Embedding:
    if how.release:
        return how
    if how.previous is not None:
        return replace(how, release=artifacts.read_header(how.previous, LEDGER).settings["release"])
    name = corpus.files[0].name if len(corpus.files) == 1 else corpus.root.resolve().name
    return replace(how, release=name.encode(errors="replace").decode())


def _settings(corpus: Corpus, how: Embedding, key: Key | None) -> dict[str, Any]:
    found = {
        **marking.settings(how, key),
        "text_field": corpus.text_field,
        "id_field": corpus.id_field,
        "opt_out_field": corpus.opt_out_field,
    }
    if how.previous is not None:
        _check_previous(artifacts.read_header(how.previous, LEDGER).settings, found, how.previous)
    return found


def _check_previous(before: Mapping[str, Any], now: Mapping[str, Any], path: Path) -> None:
    """A deal hangs on the release's name, key, recipient and number of variants: none of them may change."""
    for name in ("strategy", "release", "key_id", "recipient", "alternates"):
        if before[name] != now[name]:
            raise MismatchError(
                f"{path}: the previous release has {name} {before[name]!r}", expected=f"{now[name]!r}, as now"
            )


def _refuse(corpus: Corpus, target: Path, *, force: bool) -> None:
    precautions.refuse_tables(corpus)
    precautions.refuse_nesting(corpus, target)
    precautions.refuse_committed(target / LEDGER_FILE)
    folders.check(target, replaces=(LEDGER_FILE, CERTIFICATE_FILE) if force else None)


def _ledgers(how: Embedding) -> dict[str, str]:
    paths = {"previous": how.previous, "mapping": how.mapping}
    return {name: storage.digest(path) for name, path in paths.items() if path is not None}


def _jobs(corpus: Corpus, begun: Path, *, key: Key | None, how: Embedding) -> Iterator[Job]:
    counts = _count_words(corpus, begun / WORDS_FILE) if how.entropy == "corpus" else None
    for number, tasks in enumerate(parts.cut(_tasks(corpus))):
        yield parts.Job(tasks=tasks, path=begun / f"part-{number:06}.parquet", how=how, key=key, counts=counts)


def _count_words(corpus: Corpus, path: Path) -> Path:
    if not path.exists():
        counts = surprisal.count_words(entry.document.text for entry in corpora.read(corpus))
        storage.write_json(path, dict(sorted(counts.items())), secret=True)
    return path


def _tasks(corpus: Corpus) -> Iterator[Task]:
    for row, entry in enumerate(corpora.read(corpus)):
        precautions.refuse_key(entry)
        yield Task(document=entry.document, row=row, opaque=entry.opaque, opted_out=entry.opted_out)


def _adding(progress: Callable[[int, int | None], None]) -> Callable[[int], None]:
    done = 0

    def add(documents: int) -> None:
        nonlocal done
        done += documents
        progress(done, None)

    return add


def _mapping(done: Sequence[Part], how: Embedding) -> str | None:
    return mappings.digest(_learned(done, how)) if how.strategy == "leximark" else None


def _learned(done: Sequence[Part], how: Embedding) -> dict[str, str]:
    return mappings.read(how.mapping) if how.mapping else mappings.learn(_marked(done))


def _marked(done: Sequence[Part]) -> Iterator[Marked]:
    return chain.from_iterable(part.marked() for part in done)


def _assemble(corpus: Corpus, work: Path, done: Sequence[Part], *, how: Embedding, header: artifacts.Header) -> Counts:
    """Write ledger and release side by side from the parts."""
    mapping = _learned(done, how) if how.strategy == "leximark" else None
    found = (mappings.alike(one, mapping) if mapping is not None else one for one in _marked(done))
    tally = certificate.Tally(opted_out=_sum(done, "opted_out"), foreign=_sum(done, "foreign"), kept=_sum(done, "kept"))
    with artifacts.TableWriter(work / LEDGER_FILE, kind=LEDGER, header=header, secret=True) as writer:

        def edits() -> Iterator[list[Edit]]:
            waiting = next(found, None)
            for row, entry in enumerate(corpora.read(corpus)):
                marked = waiting if waiting is not None and waiting.row == row else None
                tally.add(entry.document, marked)
                if marked is not None:
                    waiting = next(found, None)
                if marked is not None and marked.sites:
                    writer.write(ledger.to_row(marked, recipient=how.recipient))
                yield _edits(marked) if marked is not None else []

        corpora.rewrite(corpus, edits(), out=work / RELEASE_FOLDER)
    return tally.counts()


def _sum(done: Sequence[Part], name: str) -> int:
    return sum(asdict(part)[name] for part in done)


def _edits(marked: Marked) -> list[Edit]:
    """Give the edits that turn the original text into variant 0."""
    return [
        corpora.Edit(start=site.start, end=site.end, replacement=site.options[choices[0]])
        for site, choices in zip(marked.sites, marked.chosen, strict=True)
        if choices[0] != 0
    ]
