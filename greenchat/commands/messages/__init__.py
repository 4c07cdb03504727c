"""Commands that say something: PRIVMSG, NOTICE, TAGMSG, multiline, REDACT, RELAYMSG."""
