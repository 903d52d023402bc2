"""How often does each audit accuse somebody innocent? Null audits by the thousand, through the public functions.

    python benchmarks/calibration.py [--json] [--only AUDIT]… [--audits N] [--keep DIR]

For each audit and each way in which its claim is false: the rate of false evidence at α = .05, .01 and .001 with its
Clopper-Pearson interval, and how often each verdict came up. What is redrawn is what makes the p-value right (the
order, the key, the split) against real scores of small models, which are trained once. 1,999 resamples.

Ends with status 1, and names the rows, if false evidence comes up oftener than an exact audit would with probability
1e-4. Some 20 minutes on one core.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from nulls import running, tallies, workshop


def main() -> None:
    """Measure, print, and fail where an audit is too ready to accuse."""
    asked = _arguments()
    with tempfile.TemporaryDirectory() as name:
        found = measure(asked, folder=asked.keep or Path(name))
    print(json.dumps(found, indent=2) if asked.json else tallies.table(found["rows"]))
    if faults := tallies.faults(found["rows"]):
        sys.exit("\n".join(faults))


def measure(asked: argparse.Namespace, *, folder: Path) -> dict[str, Any]:
    """Lay out what audits stand on, run them, and put settings and rows together."""
    workshop.lay_out(folder, asked.only, characters=asked.characters, seed=asked.seed)
    rows = [
        row
        for audit, scenario, endings in running.run_all(
            folder, asked.only, most=asked.audits, seed=asked.seed, beyond=asked.beyond
        )
        for row in tallies.rows(audit, scenario, endings)
    ]
    return {"settings": {"seed": asked.seed, "characters": asked.characters, "audits": asked.audits}, "rows": rows}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--only", action="append", choices=running.AUDITS, help="only this audit; may be repeated")
    parser.add_argument("--audits", type=int, metavar="N", help="at most N null audits of a scenario")
    parser.add_argument(
        "--characters", type=int, metavar="N", default=workshop.CHARACTERS, help="how much prose models are made of"
    )
    parser.add_argument(
        "--beyond", action="store_true", help="also what no gate can see: such rows fail, and show what a word rests on"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep models and endings here, and go on where a run stopped"
    )
    asked = parser.parse_args()
    asked.only = asked.only or list(running.AUDITS)
    return asked


if __name__ == "__main__":
    main()
