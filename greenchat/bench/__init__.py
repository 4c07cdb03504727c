"""Many simulated clients against one server, in a separate process. Plain epoll; Linux only."""
