"""Who is here, who is where, and what may be said: pure state that never yields and never does I/O."""
