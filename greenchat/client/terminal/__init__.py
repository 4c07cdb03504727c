"""The terminal: curses, keys, notifications, what the terminal can do."""
