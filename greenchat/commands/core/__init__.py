"""Shared parts of all commands: the registry, its context, answers, errors."""
