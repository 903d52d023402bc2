"""``provtool key``."""

import base64
import stat

import click
import pyarrow.parquet as pq

from cli import main
from watermark import keys


def test_a_new_key_is_named_and_not_shown(run, tmp_path):
    """The file is private, its public name and the next step are said, the secret is not."""
    done = run("key", "new", "r.key")
    key = keys.load(tmp_path / "r.key")
    assert done.code == 0
    assert done.out == ""
    assert f"key {key.id} in r.key: keep it secret" in done.err
    assert "next: provtool watermark CORPUS --key r.key --out DIR" in done.err
    assert key.secret.hex() not in done.err
    assert stat.S_IMODE((tmp_path / "r.key").stat().st_mode) == 0o600


def test_a_key_is_never_overwritten(run, refused):
    """A second time is a mistake, and the first key stays."""
    run("key", "new", "r.key")
    assert refused("key", "new", "r.key") == "r.key: exists, and a key is never overwritten; try another name"


def test_no_command_leaves_a_secret_anywhere(run, marked, counts, tmp_path):
    """After marking, committing, auditing, verifying and undoing, no file, name or line holds it in any spelling."""
    ledger, key = marked / "ledger.parquet", keys.load(tmp_path / "r.key")
    done = [
        run("watermark", "c.jsonl", "--key", "r.key", "--out", "acme", "--recipient", "acme"),
        run("commit", ledger),
        run("audit", "watermark", ledger, "--key", "r.key", "--suspect", counts, "--resamples", 99, "--out", "e.json"),
        run("verify", marked, "--key", "r.key", "--json"),
        run("verify", "acme", "--key", "r.key"),
        run("undo", marked / "release", "--ledger", ledger, "--out", "back"),
    ]
    assert all(command.code == 0 for command in done)
    files = [path for path in tmp_path.rglob("*") if path.name != "r.key"]
    seen = [path.read_bytes() for path in files if path.is_file()]
    seen += [str(path).encode() for path in files] + [command.raw + command.err.encode() for command in done]
    table = pq.read_table(ledger)
    seen += [str(table.to_pylist()).encode(), str(table.schema.metadata).encode()]
    secrets = [key.secret, keys.subkey(key, "recipient acme").secret]
    spellings = [
        spelling for secret in secrets for spelling in (secret, secret.hex().encode(), base64.b64encode(secret))
    ]
    assert not any(spelling in content for spelling in spellings for content in seen)


def test_a_key_is_never_an_argument(run, tmp_path, monkeypatch):
    """Every option that asks for a key asks for its file; the key itself in its place is refused and not echoed."""
    monkeypatch.setenv("PROVTOOL_KEY", "")
    run("key", "new", "r.key")
    content = (tmp_path / "r.key").read_text().strip()
    done = run("watermark", "c.jsonl", "--key", content, "--out", "m")
    assert done.code == 1
    assert done.err.startswith("provtool: a key itself was given in place of its file's name")
    assert content[-8:] not in done.err
    for group in (main.command, main.command.get_command(click.Context(main.command), "audit")):
        for name in group.list_commands(click.Context(group)):
            for option in group.get_command(click.Context(group), name).params:
                assert "--key" not in option.opts or isinstance(option.type, click.Path)
