"""``provtool demo``: the main job from nothing, on text and models made on this machine.

- `prose`: English prose that is already here.
- `models`: small models, trained in processes of their own.
- `run`: the steps, each one public function of the library.
"""

from __future__ import annotations

from cli.demo.run import command

__all__ = ["command"]
