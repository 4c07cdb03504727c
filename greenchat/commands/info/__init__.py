"""Commands about the server: MOTD, VERSION, LUSERS, ISUPPORT, HELP."""
