"""Long documents: how a model that reads `context` tokens at once is asked about more of them."""
