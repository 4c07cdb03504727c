"""What accounts own beside themselves: for now, the files that they have uploaded."""
