"""`python -m greenchat` starts the client."""

import sys

from greenchat.client.main import main

if __name__ == "__main__":
    sys.exit(main())
