"""``provtool key``."""

import stat

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
