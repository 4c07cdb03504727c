"""Commands about people: WHO, WHOIS, MONITOR, METADATA, AWAY and the like."""
