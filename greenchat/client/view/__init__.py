"""From state to frames: rows of styled spans, without curses."""
