"""Uploaded files on the disk: where their contents are, and what is taken out of pictures. All of it blocks."""
