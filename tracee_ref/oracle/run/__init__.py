"""A run of the oracle: a consumer's answers, compared and reported."""
