"""What each IRC command does: one function per command, in files by theme, declared by a decorator."""
