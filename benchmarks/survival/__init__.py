"""What survives when somebody changes the model? Derivations × doses × audits, with what each cost in quality.

- `settings`: sizes of everything.
- `stage`: prose, a release, a drawn split, a recorded order: laid out once in a folder.
- `bases`: the models that every row starts from or is compared with, trained once.
- `last_phase`: our run's last phase in its own order and in others, for `audit reshuffle`.
- `derivations`: one file a derivation, ``derive(model, tokenizer, data, *, dose, rng)``; `derivations.catalogue` lists
  them.
- `tuning`: how derivations train.
- `serving`: a derived model becomes a suspect.
- `writing`: what it writes when it is left to.
- `asking`: what the audits say of a suspect.
- `redraws`: what they would have said of a null model, had order, release or split been drawn otherwise.
- `matrix`: which rows there are, each measured once and kept.
- `table`, `figure`: what is shown.
- `workers`: processes that end with whoever began them.
- `run`: the command.
- `kept`: how something else is asked of the models that it kept.
- `defaults`, `references`, `otherwise`: the same models asked by earlier defaults, beside other references, and in
  other words.
"""
