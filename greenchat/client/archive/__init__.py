"""Files of the client on this machine: the archive of messages, exports, logs, and passwords."""
