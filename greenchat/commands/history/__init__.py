"""Commands about the history: CHATHISTORY, SEARCH, MARKREAD, playback."""
