"""One audit a module: saved scores in, `Evidence` out, NumPy in between.

::

    from provenance.audits import order

    order.audit(transcript, scores)

- `order`: does the suspect derive from the run that this transcript records? With `examples` (the units that are
  compared), `contents` (what is known of a row without asking), `traces` (what answers keep of an order), `selection`
  (which rows are asked) and `neighbours` (do rows that stand together look alike?).
- `membership`: was the suspect trained on these documents, rather than on those?
- `overlap`: were these texts written by a descendant of the run?
- `reshuffle`: the same, by re-runs of the run's last phase; `answers`: what all of them said of the same tokens.
- `signals`: one number made of one record's scores.
- `residuals`: what is left of a signal when references and features have been taken out.
- `gates`: what would make the null doubtful, judged without the suspect.
- `stopping`: the walk that asks until its capital suffices.
- `decision`: how a resampled p-value, or a capital, decides a claim.
- `planning`, `sizing`: how much to ask, for which chance of finding a trace.
- `labelled`: how good a test is on suspects of which the truth is known.
- `plots`: curves for the report.
"""
