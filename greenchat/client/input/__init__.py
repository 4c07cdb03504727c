"""From keys to actions: editing, completion, questions, sending input."""
