"""A new window gets the first free number, quickly even with thousands of windows: a server can open any number."""

import random
import sys
from types import FrameType

from greenchat.client.state.address import ServerAddress
from greenchat.client.state.model import ClientNetwork, Model


def _model() -> Model:
    return Model(ClientNetwork("net", ServerAddress("irc.example", 6667), "alice"))


def test_the_first_free_number_after_the_networks() -> None:
    model, chance = _model(), random.Random(1)
    network = model.networks[0]
    for step in range(400):
        if chance.random() < 0.3 and len(model.buffers) > 1:
            model.close(chance.choice(model.buffers))
        elif chance.random() < 0.2:
            model.move(chance.choice(model.buffers), chance.randint(1, 40))
        else:
            taken = {each.number for each in model.buffers}
            free = next(n for n in range(network.status.number + 1, 1000) if n not in taken)
            assert model.open(network, f"nick{step}").number == free
        numbers = [each.number for each in model.buffers]
        assert numbers == sorted(set(numbers))


def test_adding_a_window_to_thousands_looks_at_few() -> None:
    model = _model()
    network = model.networks[0]
    for number in range(3000):
        model.open(network, f"nick{number}")
    calls = 0

    def count(_: FrameType, event: str, __: object) -> None:
        nonlocal calls
        calls += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        model.open(network, "another")
    finally:
        sys.setprofile(before)
    assert calls < 300
