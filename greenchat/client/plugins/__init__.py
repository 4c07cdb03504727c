"""Plugins: the interface that they use, the manager that loads them, an example."""
