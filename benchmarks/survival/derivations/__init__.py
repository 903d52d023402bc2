"""What may become of a model between its training and the audit: one file a derivation.

Each has ``NAME``, ``UNIT`` and ``DOSES``, and ``derive(model, tokenizer, data, *, dose, rng)``, which may change the
model in place and gives it back, or a `survival.serving.Retokenised` or `Running`. Its source stands in its docstring.
"""
