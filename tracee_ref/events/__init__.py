"""The catalogue of events, the types of their arguments, and events as values."""
