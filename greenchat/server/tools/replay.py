"""replay: apply a recording again, to find out what went wrong and where."""

import traceback
from argparse import ArgumentParser
from pathlib import Path

from greenchat.server.tools.registry import Call, Tool, ToolError


def _run(call: Call) -> int:
    from greenchat.server.data.recording import RecordingError, replay  # late: it imports all commands

    count, difference = 0, ""
    try:
        for count, difference in replay(call.arguments.file):
            if difference:
                print(f"After {count} acts the state differs from the recorded one. {difference}", file=call.out)
                return 1
    except RecordingError as error:
        raise ToolError(str(error)) from error
    except Exception:
        traceback.print_exc(file=call.out)
        print(f"That bug comes after more than {count} acts", file=call.out)
        return 1
    print(f"{count} acts were applied, and the state is as recorded", file=call.out)
    return 0


def _add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path, help="a file written by greenchat-server --record FILE")


TOOLS = [Tool("replay", "apply a server's recording again, to find a bug (see --record)", _run, _add_arguments)]
