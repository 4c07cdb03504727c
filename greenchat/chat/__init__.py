"""Users, channels and permissions: pure state that never yields and never does I/O."""
