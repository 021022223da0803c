"""The model as the reference: its answers to vectors, and its masks of events."""
