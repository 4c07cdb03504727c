"""NickServ, ChanServ and HistServ."""
