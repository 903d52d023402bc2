"""What does each kind of audit ask, in plain words?

The texts for a kind are here; a kind without any speaks through the claim and the null that its evidence states.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenance.evidence import Evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The sentences of one kind of audit."""

    title: str
    asked: str
    found: str
    not_found: str
    if_chance: str
    """Begins the sentence about chance: "If the model had nothing to do with this run"."""
    trace: str
    """What would come up by chance: "a trace this strong"."""
    unit: str
    """What was asked, in the plural."""
    limits: tuple[str, ...]
    """What even a finding does not show, the most important first."""
    elsewhere: str
    """What may be true all the same where nothing was found."""
    command: str
    """Arguments of the audit command, files in capitals."""


ORDER = Question(
    title="Training order",
    asked="Does the model derive from this recorded training run? A model remembers best what it read last. If "
    "it comes from the run, how well it knows the training examples follows the order in which the run consumed them; "
    "a model that has nothing to do with the run cannot know that order.",
    found="The model’s memory of the training examples follows the recorded order of the run.",
    not_found="The model’s memory of the training examples does not follow the recorded order of the run more than "
    "chance allows.",
    if_chance="If the model had nothing to do with this run",
    trace="a trace this strong",
    unit="training examples",
    limits=(
        (
            "It speaks of this order, not of this one model: sibling models trained in the same order, and anyone "
            "who streams the same pre-shuffled files, share the finding."
        ),
        "It does not show by which path the model came to derive from the run, nor anybody’s knowledge or intent.",
        "It does not show which single documents the model remembers.",
    ),
    elsewhere="It speaks of this order only: the model may have learned the same examples in another order.",
    command="audit order TRANSCRIPT",
)
WATERMARK = Question(
    title="Watermarked release",
    asked="Was the model trained on this release? Before publication some words of it were chosen by a secret key "
    "among equally fitting ones, and the other choices were kept private. A model that never met the release has no "
    "reason to prefer the published choices.",
    found="The model prefers the published wording of the documents to the equally fitting wordings that were kept "
    "private.",
    not_found="The model does not prefer the published wording of the documents to the private ones more than chance "
    "allows.",
    if_chance="If the model had never met the release",
    trace="a preference this strong",
    unit="documents",
    limits=(
        (
            "It speaks of the release as a whole: it does not show which single documents the model was trained on, "
            "nor how many of them."
        ),
        (
            "It does not show by which path the text reached the model: copies, extracts and another model’s output "
            "that repeats the published wording leave the same trace."
        ),
        "It does not show anybody’s knowledge or intent, nor whether the use was allowed.",
    ),
    elsewhere="It speaks of this release only: the model may have been trained on the same text in another wording.",
    command="audit watermark LEDGER",
)
TRACE = Question(
    title="Text traced to a copy",
    asked="Does the text carry this copy of the release? In each copy some words were chosen by a secret key among "
    "equally fitting ones, anew for every copy. A text that does not come from this copy agrees with its choices only "
    "as often as chance has it, even if it comes from the original or from somebody else’s copy.",
    found="Where the text follows documents of the release, it has the wording that was dealt to this copy.",
    not_found="Where the text follows documents of the release, it does not have the wording that was dealt to this "
    "copy more often than chance allows.",
    if_chance="If the text did not come from this copy",
    trace="an agreement this strong",
    unit="marked words (a word counts once in a document)",
    limits=(
        (
            "It shows that the text derives from this copy, by any path. It does not show that whoever wrote it had "
            "the copy, nor that the recipient passed it on: a copy can be stolen, sold or shared."
        ),
        "Single documents in the table describe: among many, some agree by chance. The verdict is over all.",
        "It does not show anybody’s knowledge or intent, nor whether the use was allowed.",
    ),
    elsewhere="It speaks of this copy only: the text may come from the original, or from another copy.",
    command="audit trace LEDGER TEXTS",
)
RESHUFFLE = Question(
    title="Text of a descendant",
    asked="Was the text written by a model that comes from this run? The last part of the run was trained again: once "
    "in the order in which it was, and many times with the same data in other orders. A text that has nothing to do "
    "with the order is as likely to suit any of these models best as any other.",
    found="The text suits the model that was trained in the recorded order better than those trained in other orders.",
    not_found="The text does not suit the model that was trained in the recorded order better than those trained in "
    "other orders, beyond what chance allows.",
    if_chance="If the text had nothing to do with this order",
    trace="a preference this strong",
    unit="tokens of text",
    limits=(
        (
            "It speaks of the order of the run’s last part: every model that comes from there shares the finding, and "
            "it does not show which of them wrote the text."
        ),
        "It does not show by which path the text came from such a model, nor anybody’s knowledge or intent.",
    ),
    elsewhere="It speaks of the last part of the run only: the text may come from a model that left the run before it.",
    command="audit reshuffle TEXTS --scores SCORES",
)
MEMBERSHIP = Question(
    title="Members of the training data",
    asked="Was the model trained on these documents? It is compared how the model takes them with how it takes "
    "documents of the same kind that it cannot have been trained on. If it saw neither, or both, it has no reason to "
    "know one kind better than the other.",
    found="The model knows the members better than the non-members.",
    not_found="The model does not know the members better than the non-members more than chance allows.",
    if_chance="If who is a member had nothing to do with the model",
    trace="a difference this strong",
    unit="documents",
    limits=(
        (
            "Unless members were drawn at random before the training, it rests on both sets being alike. The check "
            "that tries to tell them apart without asking the model is a guard, not a proof."
        ),
        "It speaks of the members as a whole: it does not show which single documents the model was trained on.",
        "It does not show by which path the text reached the model, nor anybody’s knowledge or intent.",
    ),
    elsewhere="It speaks of what can be measured in this model: it may have been trained on the members all the same.",
    command="audit membership MEMBERS NONMEMBERS",
)
OVERLAP = Question(
    title="Text and training order",
    asked="Was the text written by a descendant of this recorded training run? A model writes best what it read last. "
    "If one that comes from the run wrote the text, rare runs of words in it are found more often in the training "
    "examples that the run consumed late; a text that has nothing to do with the run cannot favour them.",
    found="The text shares more with training examples that the run consumed late.",
    not_found="The text does not share more with training examples that the run consumed late than chance allows.",
    if_chance="If the text had nothing to do with this order",
    trace="a leaning towards late examples this strong",
    unit="training examples",
    limits=(
        (
            "It speaks of this order, not of one model: texts of sibling models trained in the same order, and of "
            "anyone who streams the same pre-shuffled files, share the finding."
        ),
        "It does not show who or what wrote the text, by which path it came to the order, nor anybody’s intent.",
        "It does not show which single examples the text was taken from.",
    ),
    elsewhere="It speaks of this order only: the writer may have learned the same examples in another order.",
    command="audit overlap TRANSCRIPT TEXTS",
)
KNOWN = {
    "overlap": OVERLAP,
    "membership": MEMBERSHIP,
    "reshuffle": RESHUFFLE,
    "order": ORDER,
    "watermark": WATERMARK,
    "trace": TRACE,
}


def question(evidence: Evidence) -> Question:
    """Give the sentences for an audit's kind, or general ones made from its claim and null."""
    if evidence.audit in KNOWN:
        return KNOWN[evidence.audit]
    return Question(
        title=f"Audit “{evidence.audit}”",
        asked=f"Whether this holds: {evidence.claim.rstrip('.')}.",
        found="The numbers are hard to reconcile with chance alone.",
        not_found="The numbers are no rarer than chance allows.",
        if_chance=f"If chance alone were at work ({evidence.null.rstrip('.')})",
        trace="a result this strong",
        unit="items",
        limits=(
            "It speaks of the claim as stated, and of nothing beyond it.",
            "It does not show anybody’s knowledge or intent.",
        ),
        elsewhere="It speaks of the claim as stated, and of nothing beyond it.",
        command="audit KIND INPUT",
    )
