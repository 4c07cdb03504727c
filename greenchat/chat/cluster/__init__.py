"""The state that the nodes of one server keep about each other."""
