"""``provtool sign``: stand for evidence with a key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli import reading, terminal

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@click.argument("path", metavar="EVIDENCE|BUNDLE", type=reading.PATH)
@click.option("--key", "key_path", metavar="PEM", type=reading.PATH, required=True, help="Private Ed25519 key.")
def command(path: Path, key_path: Path) -> dict[str, str]:
    """Sign an evidence file, or all that lies in a bundle.

    The signature is an in-toto statement in a DSSE envelope, which tools of that standard check without provtool. It
    lies beside the evidence, or in the bundle; signing again takes its place. The key is not the one that marks
    releases: that one stays secret from those who sign.

    \b
    Example:
      openssl genpkey -algorithm ed25519 -out signing.pem
      openssl pkey -in signing.pem -pubout -out signer.pem
      provtool sign bundle --key signing.pem
      provtool verify bundle --signer signer.pem
    """
    from provenance import signatures
    from provenance.bundles import signing

    place = signing.sign(path, signer=signatures.load_key(key_path))
    terminal.say(f"signed: {place}; next: provtool verify {path} --signer PEM")
    return {"signed": str(path), "signature": str(place)}
