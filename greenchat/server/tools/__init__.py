"""The shell commands `greenchat-server COMMAND`: a module for each group of them; all modules here are imported.

A module has TOOLS, rows of `registry.Tool`. Nothing here imports gevent: most of these commands end within a moment.
"""
