"""Commands about what was said: CHATHISTORY, SEARCH, MARKREAD, playback."""
