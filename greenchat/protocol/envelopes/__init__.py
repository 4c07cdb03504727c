"""One message for many readers, encoded once per kind of client."""
