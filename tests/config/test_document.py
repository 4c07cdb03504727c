"""Settings as a JSON document."""

import json

from greenchat.config.document import from_document, to_document
from greenchat.config.settings import Limits, Settings, WebIrc
from greenchat.values import addresses
from tests.opers import WITH_OPERS


def test_settings_are_read_back_from_json() -> None:
    gateways = WebIrc(hosts=(addresses.network("192.0.2.0/24"), addresses.network("2001:db8::/32")), password="x")
    settings = Settings(
        webirc=gateways,
        staff=WITH_OPERS.staff,
        denied_tags=("typing",),
        limits=Limits(nick=9),
    )
    assert from_document(Settings, json.loads(json.dumps(to_document(settings)))) == settings


def test_a_field_that_an_older_version_did_not_write_has_its_default() -> None:
    document = to_document(Settings())
    del document["limits"]["nick"], document["motd"]
    assert from_document(Settings, {**document, "unheard of": 1}) == Settings()
