"""Many simulated clients against one server, in a process of their own. Plain epoll; Linux only."""
