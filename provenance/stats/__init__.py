"""Numbers in, frozen results out: the tests of ``statistics.md`` in NumPy and SciPy.

- `permutation`: the one p-value rule, and shuffles of values against curves within strata.
- `recency`: the curves along which a run may remember its examples.
- `redraw`: tests where every document's index could have been drawn otherwise.
- `betting`: e-values, the capital of bets that the null expects to keep at 1.
- `rank`, `roc`, `tails`, `multiplicity`: correlation, AUROC and rates, far tails, families.
- `power`: how much must be asked until a test finds what is there.

Nothing here knows of files, models, transcripts or ledgers.
"""
