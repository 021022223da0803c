"""Run of a consumer over vectors: answers compared, explained and reported."""
