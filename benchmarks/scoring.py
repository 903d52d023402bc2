"""How fast does provtool ask a model, next to lm-evaluation-harness and to the published loop, in the same run?

    python benchmarks/scoring.py [--json] [--texts 2000] [--windows 100000]

One thread, a GPT-NeoX of 6 layers × 512 with a vocabulary of 32,000 and random weights, texts of 20 to 512 tokens. All
sides score the same texts with the same model, lot by lot in turn; `gemm_share` is the share of what the machine's own
matrix product reached in the same run (best of five of 2048³ in float32), counted by the operations that the model
needs. Peers are the released packages (``pip install -c constraints.txt -e '.[bench]'``). Two thousand texts take 40
minutes; ``--texts 200`` says much the same in four.

Where there is a GPU, ``--windows`` windows of 64 tokens are scored there too, in bfloat16, by a model of the shape of
Pythia-1.4B.
"""

from __future__ import annotations

import argparse
import json

import torch
from asking import made, measuring


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--texts", type=int, default=2_000, help="texts to score")
    parser.add_argument("--windows", type=int, default=100_000, help="windows to score on a GPU, where there is one")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    shape = made.Shape()
    figures = measuring.memory(shape) | measuring.shared(shape)
    figures |= measuring.compared(made.texts(asked.texts, shape), shape)
    if torch.cuda.is_available():
        figures |= measuring.windows(made.PYTHIA, device="cuda", count=asked.windows)
    if asked.json:
        print(json.dumps(figures, indent=2))
        return
    for name, value in figures.items():
        print(f"{name:28} {value:>14,.6g}")


if __name__ == "__main__":
    main()
