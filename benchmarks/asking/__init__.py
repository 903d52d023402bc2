"""Scoring side by side: what is scored (`made`), who scores it (`sides`), how fast, in what memory (`measuring`)."""
