"""What accounts own beside themselves: uploaded files, and devices that are pushed to."""
