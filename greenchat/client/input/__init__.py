"""From keys to actions: editing, completion, questions, sending what was typed."""
