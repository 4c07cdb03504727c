"""Nodes that come and go, and what is asked about them."""
