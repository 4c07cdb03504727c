"""Uploaded files on the disk: their contents, and removing metadata from pictures. All functions block."""
