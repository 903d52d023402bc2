"""Do a model's largest activations tell where it comes from? A description of weights, and no test.

    python benchmarks/activations.py [--json] [--keep DIR] [--figure FILE]

The run of `benchmarks/survival` is trained once more, with checkpoints, and looked at beside models that were derived
from it and models that have nothing to do with it. After each layer but the last: how large is the largest activation
over the median one (Sun et al., "Massive Activations in Large Language Models", arXiv 2402.17762), in which dimensions
do the largest lie, and how many of these are the run's? Whoever has the weights can look. Nobody knows how these
numbers fall among models that are independent, and so there is no p-value. The same --keep as that of
`benchmarks/survival/run.py` uses its models again.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from survival import bases, matrix, stage
from survival.derivations import catalogue, massive
from survival.settings import Settings

from cli.demo import prose
from cli.demo.run import ENVIRONMENT
from provenance import storage, tokenizers, training
from provenance.records import generator

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

STEPS = (1, 25, 50, 100, 200, 400, 600, 800)
"""Of the run's steps, those after which a checkpoint is left; its end is looked at too."""
DERIVED = (
    ("noise on weights", 0.4),
    ("magnitude pruning", 0.8),
    ("fine-tuning", 0.5),
    ("continued, re-warmed", 0.5),
    ("merging with a sibling", 0.5),
    ("distillation on logits", 0.5),
)
INDEPENDENT = ("reference-order", "reference-clean", "null-1", "null-2", bases.SIBLING)
TOP, LOOKED_AT = 8, 64
"""Dimensions that are compared, and rows of held-out prose on which activations are measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen of one model."""

    kind: str
    """``checkpoint``, ``derived`` or ``independent``."""
    name: str
    ratios: tuple[float, ...]
    """Largest over median absolute activation, a number a layer."""
    dimensions: tuple[tuple[int, ...], ...]
    """Where the largest lie, a tuple a layer, sorted."""


def main() -> None:
    """Look and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of a table")
    parser.add_argument("--keep", type=Path, help="folder for models, as that of benchmarks/survival/run.py")
    parser.add_argument("--figure", type=Path, help="draw the trajectory as SVG")
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    os.environ.update(ENVIRONMENT)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as name:
        looks = look(asked.keep or Path(name), Settings(seed=asked.seed))
    if asked.figure:
        draw(looks, asked.figure)
    print(json.dumps([told(one, looks) for one in looks], indent=2) if asked.json else markdown(looks))


def look(parent: Path, settings: Settings) -> list[Look]:
    """Lay out and train what is not there, and look at every model."""
    folder = stage.place(parent, settings)
    folder.mkdir(parents=True, exist_ok=True)
    # Draws are seeded by names of files: from inside the folder they are those of the matrix.
    with contextlib.chdir(folder):
        if not (Path() / stage.DONE).exists():
            stage.lay_out(prose.gather(None, characters=settings.characters), Path(), settings)
        for name in (bases.OURS, *INDEPENDENT):
            bases.train(name, Path(), settings)
        tokenizer = tokenizers.load("tokenizer")
        rows = training.pack(stage.read(Path(), "heldout.json"), tokenizer, length=settings.length)[:LOOKED_AT]
        return [seen(kind, name, model, rows) for kind, name, model in _models(settings, tokenizer)]


def seen(kind: str, name: str, model: Any, rows: NDArray[np.int32]) -> Look:
    """Look at one model."""
    sizes = massive.activations(model, rows)
    ratios = sizes.amax((1, 2)) / sizes.flatten(1).median(dim=1).values
    largest = sizes.amax(1).topk(min(TOP, sizes.shape[2])).indices
    return Look(
        kind=kind,
        name=name,
        ratios=tuple(ratios.tolist()),
        dimensions=tuple(tuple(sorted(layer)) for layer in largest.tolist()),
    )


def _models(settings: Settings, tokenizer: Any) -> Iterator[tuple[str, str, Any]]:
    """Give the run's checkpoints, its end, what derives from it, and what does not."""
    ours, models = Path("models") / bases.OURS, Path("models")
    with tempfile.TemporaryDirectory() as name:
        for step, place in _checkpoints(Path(name), settings).items():
            yield "checkpoint", str(step), training.load(place)
    yield "checkpoint", "end", training.load(ours)
    data = matrix.gather(Path(), settings)
    for derivation, dose in DERIVED:
        rng = generator(settings.seed, derivation, repr(dose), bases.OURS)
        torch.manual_seed(settings.seed)
        derive = catalogue.ALL[derivation].derive
        yield "derived", f"{derivation} {dose:g}", derive(training.load(ours), tokenizer, data, dose=dose, rng=rng)
    for name in INDEPENDENT:
        more = ", same first weights" if name == bases.SIBLING else ""
        yield "independent", f"{name}{more}", training.load(models / name)


def _checkpoints(folder: Path, settings: Settings) -> dict[int, Path]:
    """Make the run again, and leave it at some steps."""
    places = {step: folder / str(step) for step in STEPS}
    shape = training.Shape(**{field.name: getattr(settings, field.name) for field in fields(training.Shape)})
    made = training.new_model(shape, seed=int(generator(settings.seed, "weights", bases.OURS).integers(1 << 31)))
    training.train(made, np.load("run.npy"), order=np.load("order.npy"), checkpoints=places)
    end = training.load(Path("models") / bases.OURS).state_dict()
    if not all(torch.equal(weight, end[name]) for name, weight in made.state_dict().items()):
        raise RuntimeError("the run came to another end this time: its checkpoints are of another model")
    return {step: place for step, place in places.items() if place.exists()}


def shared(one: Look, other: Look) -> float:
    """Say which share of the dimensions with the largest activations two models have in common, over all layers."""
    pairs = zip(one.dimensions, other.dimensions, strict=True)
    return float(np.mean([len({*first} & {*second}) / len(first) for first, second in pairs]))


def told(one: Look, looks: Sequence[Look]) -> dict[str, Any]:
    """Lay a look out beside the end of the run."""
    end = next(look for look in looks if look.name == "end")
    return {**asdict(one), "shared with the run": shared(one, end)}


def markdown(looks: Sequence[Look]) -> str:
    """Lay the looks out in a table."""
    lines = ["| model | largest over median, layer by layer | of the run's dimensions |", "| --- | --- | --- |"]
    for row in (told(one, looks) for one in looks):
        ratios = " / ".join(f"{ratio:.1f}" for ratio in row["ratios"])
        lines.append(f"| {row['kind']} {row['name']} | {ratios} | {row['shared with the run']:.2f} |")
    return "\n".join(lines)


def draw(looks: Sequence[Look], path: Path) -> None:
    """Draw how the ratio grew over the run, and how many dimensions each model has in common with its end."""
    import matplotlib as mpl

    mpl.use("svg")
    import matplotlib.pyplot as plt

    settings = {"svg.hashsalt": "activations", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False}
    with mpl.rc_context(settings), storage.atomic(path) as temporary:
        figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2), layout="constrained")
        _trajectory(left, [one for one in looks if one.kind == "checkpoint"])
        _in_common(right, looks)
        figure.savefig(temporary, format="svg", metadata={"Date": None})
        plt.close(figure)


def _trajectory(panel: Any, checkpoints: Sequence[Look]) -> None:
    names = [one.name for one in checkpoints]
    for layer in range(len(checkpoints[0].ratios)):
        panel.plot(names, [one.ratios[layer] for one in checkpoints], marker="o", ms=4, label=f"layer {layer + 1}")
    panel.set_xlabel("steps of the run")
    panel.set_ylabel("largest over median activation")
    panel.set_ylim(bottom=0)
    panel.legend(frameon=False)


def _in_common(panel: Any, looks: Sequence[Look]) -> None:
    colours = {"checkpoint": "C0", "derived": "C2", "independent": "C3"}
    rows = [told(one, looks) for one in looks][::-1]
    panel.barh(
        [f"{row['kind']}: {row['name']}" for row in rows],
        [row["shared with the run"] for row in rows],
        color=[colours[row["kind"]] for row in rows],
    )
    panel.set_xlabel(f"of the run's {TOP} dimensions with the largest activations")


if __name__ == "__main__":
    main()
