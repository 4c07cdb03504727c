"""Protection of the server and its users: bans, cloaks, DEFCON, throttles, the spam filter, the connection password."""
