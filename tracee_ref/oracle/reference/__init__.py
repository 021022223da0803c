"""The reference consumer: the model behind the protocol."""
