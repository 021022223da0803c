"""JSON data exchanged with a consumer: messages, vectors, scopes and facts."""
