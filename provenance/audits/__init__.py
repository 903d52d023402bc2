"""One audit a module: saved scores in, `Evidence` out, NumPy in between.

::

    from provenance.audits import order

    order.audit(transcript, scores)

- `order`: does the suspect derive from the run that this transcript records?
- `signals`: one number made of one record's scores.
- `residuals`: what is left of a signal when references and features have been taken out.
- `gates`: what would make the null doubtful, judged without the suspect.
- `decision`: how a resampled p-value decides a claim.
"""
