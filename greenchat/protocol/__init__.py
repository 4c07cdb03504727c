"""Bytes to messages and back: pure, standard library only, shared by server, client and bench."""
