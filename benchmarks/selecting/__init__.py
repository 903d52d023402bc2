"""When is the order of a run evidence, though a model picked the run's data?

- `settings`: sizes of everything.
- `stage`: prose, a tokenizer, and the models that all runs begin from or are compared with, made once.
- `runs`: runs whose data a model of influence picks phase by phase, and what models say of their rows.
- `claims`: what their owner may say of such an order, true or not, and the audit of it.
- `table`: how often innocents were accused, by which claim, with intervals.
"""
