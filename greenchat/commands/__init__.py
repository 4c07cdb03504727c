"""The IRC commands: one function per command, in files by theme, declared by a decorator."""
