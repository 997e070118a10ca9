"""The sections of a document, each checked; their JSON Schema."""
