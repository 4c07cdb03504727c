"""HTTP-01 answers from a folder, so that an ACME client needs no port of its own."""

from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import Settings
from greenchat.config.web import Web
from tests.conftest import StartServer, quick_options
from tests.http_client import Http

PATH = ".well-known/acme-challenge"
TOKEN = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"
AUTHORIZATION = f"{TOKEN}.9jg46WB3rR_AHD-EBXdN7cBkH1WOu0tA3M9fm21mqTI"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "root"
    (folder / PATH).mkdir(parents=True)
    (folder / PATH / TOKEN).write_text(AUTHORIZATION)
    (folder / "secret").write_text("secret")
    return folder


def test_a_challenge_is_served(start_server: StartServer, tmp_path: Path, root: Path) -> None:
    # "The value of the resource MUST be the ASCII representation of the key authorization": RFC 8555, section 8.3
    options = replace(quick_options(tmp_path / "data"), web=Web(acme_challenge=root))
    with Http(start_server(Settings(), options).address) as http:
        answer = http.get(f"/{PATH}/{TOKEN}")
        assert (answer.status, answer.body) == (200, AUTHORIZATION.encode())
        assert answer.fields["content-type"] == "application/octet-stream"  # as in the section's example
        for path in (f"{PATH}/nothing", f"{PATH}/..%2f..%2fsecret", f"{PATH}/../../secret", f"{PATH}/", PATH):
            assert http.get(f"/{path}").status == 404, path


def test_without_a_folder_there_are_no_challenges(start_server: StartServer, tmp_path: Path) -> None:
    with Http(start_server(Settings(), quick_options(tmp_path)).address) as http:
        assert http.get(f"/{PATH}/{TOKEN}").status == 404
