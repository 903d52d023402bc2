"""Which sites are taken?"""

from __future__ import annotations

from dataclasses import dataclass

from watermark import published

OURS = "ours"


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteRules:
    """Which sites are taken."""

    per_sentence: int = 5
    """At most so many, the most surprising words first; counted after all that is ineligible is gone."""
    min_acceptability: float = 0.6
    """Least probability that a reader accepts a wording, from 0 to 1."""
    min_certainty: float = 0.95
    """Least probability of the part of speech, from 0 to 1."""
    max_options: int = 3
    """At most so many wordings at a site, the original among them; the most acceptable are kept."""
    synonyms: str = OURS
    """Who says which wordings are acceptable: ``ours``, or a published method (`watermark.published`)."""
    spare_quotations: bool = False
    """Whether words inside quotation marks, or in lines quoted by ">", are left alone."""

    def __post_init__(self) -> None:
        if self.per_sentence < 1 or self.max_options < 2:  # noqa: PLR2004 - one option is no choice
            raise ValueError("per_sentence must be at least 1 and max_options at least 2")
        if not (0 <= self.min_acceptability <= 1 and 0 <= self.min_certainty <= 1):
            raise ValueError("min_acceptability and min_certainty are probabilities, from 0 to 1")
        if self.synonyms not in {OURS, *published.METHODS}:
            raise ValueError(f"synonyms must be {OURS!r} or one of {published.METHODS}")

    @property
    def method(self) -> str:
        """Name every setting that changes the sites."""
        return (
            f"sites(per_sentence={self.per_sentence}, min_acceptability={self.min_acceptability}, "
            f"min_certainty={self.min_certainty}, max_options={self.max_options}, synonyms={self.synonyms}, "
            f"spare_quotations={self.spare_quotations})"
        )
