"""Running the server from the shell: a socket in the data folder, for the server's user only.

`service` is the server's side, `requests` has the requests, `client` is the side of the commands.
"""
