"""``provtool verify``: check a bundle, a certificate or a commitment, and all that lies beside it."""

from __future__ import annotations

import functools
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING, Any

import click

from cli import bundling, options, reading, terminal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cryptography.x509 import Certificate
    from securesystemslib.signer import Key as Signer

    from provenance.bundles import Court
    from provenance.checks import Verification
    from watermark.keys import Key

WORDS = {"Held": "holds", "Failed": "FAILS", "Skipped": "skipped"}


@click.command()
@click.argument("path", type=reading.PATH)
@click.option("--ledger", type=reading.PATH, help="The release's ledger.  [default: ledger.parquet beside PATH]")
@click.option("--key", "key_path", type=reading.PATH, help="The owner's key; else the variable PROVTOOL_KEY.")
@click.option(
    "--private",
    metavar="FILE",
    type=reading.PATH,
    multiple=True,
    help="What a redacted bundle keeps back (repeatable).",
)
@click.option("--signer", "signer_path", metavar="PEM", type=reading.PATH, help="Public key of who signed.")
@options.timestamp_roots
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(path: Path, *, as_json: bool, **how: Any) -> None:
    """Check PATH: a bundle, a certificate (or its folder), or a FILE with a commitment or signature beside it.

    Every number of a bundle is computed again from its scores, without the model. Everyone can compare a release with
    its certificate's digests. With the ledger, every marked document is compared with what was published; with the
    key, ledger and deals are. What could not be checked is said, with the reason.

    \b
    Examples:
      provtool verify bundle --signer signer.pem
      provtool verify redacted --private run.parquet --private order.scores.parquet
      provtool verify marked
      provtool verify marked/certificate.json --ledger marked/ledger.parquet --key release.key
      provtool verify run.parquet

    Exit codes: 0 all that was checked holds; 1 something does not, or the input is wrong; 2 usage.
    """
    from provenance import checks, storage

    with terminal.progress("comparing", unit="documents") as report:
        found = _verified(path, how, progress=report)
    if as_json:
        click.echo(storage.dump_json(checks.to_json(found)))
    else:
        _say(found)
    sys.exit(0 if found.holds else 1)


def _verified(path: Path, how: dict[str, Any], *, progress: Callable[[int, int | None], None]) -> Verification:
    from provenance import checks, commitments, signatures, trust
    from provenance.bundles import manifests, signing
    from watermark import keys, verification

    trusted = trust.load_roots(how["roots_path"]) if how["roots_path"] else None
    signer = signatures.load_signer(how["signer_path"]) if how["signer_path"] else None
    key = keys.load(how["key_path"]) if how["key_path"] or keys.ENVIRONMENT in os.environ else None
    path = signing.signed(path)
    if manifests.is_bundle(path):
        return _of_bundle(path, how, key=key, trusted=trusted, signer=signer)
    if how["private"]:
        raise click.UsageError("--private is what a redacted bundle keeps back: PATH is no bundle")
    means = verification.Means(ledger=how["ledger"], key=key, trusted=trusted, progress=progress)
    if not path.is_file() or not (signer or signing.beside(path).is_file()):
        return verification.verify(path, means=means)
    signed = tuple(signing.check_beside(path, signer=signer))
    committed = verification.verify(path, means=means).checks if commitments.is_committed(path) else ()
    return checks.Verification(path=path, checks=(*signed, *committed))


def _of_bundle(
    path: Path,
    how: dict[str, Any],
    *,
    key: Key | None,
    trusted: Sequence[Certificate] | None,
    signer: Signer | None,
) -> Verification:
    from provenance import bundles

    if how["ledger"]:
        raise click.UsageError("--ledger is for a certificate: a bundle has its own, or --private opens it")
    means = bundles.Means(trusted=trusted, signer=signer, private=how["private"], stand_ins=bundling.stand_ins())
    return bundles.verify(path, courts=_courts(key), means=means)


def _courts(key: Key | None) -> dict[str, Court]:
    """Say how the numbers of each audit are computed again."""
    from provenance.bundles import Court, order, texts
    from watermark import bundled

    dealt = functools.partial(bundled.check, key=key)
    return {
        "order": Court(again=order.again, more=order.check),
        "membership": Court(again=texts.membership),
        "overlap": Court(again=texts.overlap),
        "reshuffle": Court(again=texts.reshuffle),
        "watermark": Court(again=bundled.again, more=dealt),
        "trace": Court(again=bundled.traced, more=dealt),
    }


def _say(found: Verification) -> None:
    for check in found.checks:
        click.echo(terminal.plain(f"{WORDS[type(check).__name__]:<8}{check.what}: {check.detail}"))
    count = Counter(type(check).__name__ for check in found.checks)
    lead = "all that was checked holds" if found.holds else "not all that was checked holds"
    terminal.say(f"{lead}: {count['Failed']:,} fail, {count['Held']:,} hold, {count['Skipped']:,} skipped")
