"""suspects."""
