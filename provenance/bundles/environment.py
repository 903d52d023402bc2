"""On what was this computed: versions, machine, and the models that were asked?"""

from __future__ import annotations

import os
import platform
import sys
from importlib import metadata
from typing import TYPE_CHECKING, Any

from provenance import artifacts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenance.evidence import Evidence

PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow", "numba", "torch", "transformers", "tokenizers", "accelerate")
"""Those whose versions can change a number."""
CPUINFO = "/proc/cpuinfo"


def describe(found: Sequence[Evidence]) -> dict[str, Any]:
    """Describe machine, versions, seeds and models; nothing that names a user or a computer."""
    return {
        "tool": artifacts.TOOL,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "accelerators": _accelerators(),
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "threads": os.environ.get("OMP_NUM_THREADS"),
        **told(found),
    }


def told(found: Sequence[Evidence]) -> dict[str, Any]:
    """Give what evidence says of seeds and models too, which can be compared."""
    return {"seeds": sorted({one.seed for one in found}), "models": _models(found)}


def _models(found: Sequence[Evidence]) -> list[dict[str, Any]]:
    """Name every model once, with revision and digest of its weights as far as its suspect knows them."""
    models: list[dict[str, Any]] = []
    for one in found:
        models += [dict(model) for model in (one.suspect, *one.references) if dict(model) not in models]
    return models


def _processor() -> str:
    """Name the processor; Python itself knows it on few systems."""
    try:
        with open(CPUINFO, encoding="utf-8") as lines:  # noqa: PTH123 (a file of the kernel's)
            return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _accelerators() -> list[str]:
    """Name the accelerators that torch sees, if it was needed at all."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
