"""The client's state: model, networks, buffers, lines, settings. No I/O."""
