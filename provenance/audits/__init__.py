"""One audit a module: saved scores in, `Evidence` out, NumPy in between.

::

    from provenance.audits import order

    order.audit(transcript, scores)

- `order`: does the suspect derive from the run that this transcript records?
- `reshuffle`: was this text written by a descendant of a run, by re-runs of its last phase?
- `answers`: what all those re-runs said of the same tokens.
- `signals`: one number made of one record's scores.
- `residuals`: what is left of a signal when references and features have been taken out.
- `gates`: what would make the null doubtful, judged without the suspect.
- `decision`: how a resampled p-value decides a claim.
- `planning`, `sizing`: how much to ask, for which chance of finding a trace.
- `labelled`: how good a test is on suspects of which the truth is known.
"""
