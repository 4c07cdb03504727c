"""The terminal client: a receive thread that feeds a queue, a pure model, a pure view, curses in one place."""
