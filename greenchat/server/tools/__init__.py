"""What `greenchat-server COMMAND` does beside serving: a module for each group of commands, found by being here.

A module offers TOOLS, rows of `registry.Tool`. Nothing here imports gevent: most of these commands end within a moment.
"""
