"""Commands of operators: OPER, bans, DEFCON, audit, statistics."""
