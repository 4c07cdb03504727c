"""Text without state: cells, styles, colours, links, times, emoji."""
