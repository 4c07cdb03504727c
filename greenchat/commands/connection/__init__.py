"""Coming in, capabilities, leaving, staying."""
