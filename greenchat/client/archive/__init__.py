"""What the client keeps on the machine: its archive of what was said, and exports of it."""
