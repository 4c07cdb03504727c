"""Sending messages: none is lost with a connection, and none is sent twice."""

from tests.client.world import World


def test_without_echo_a_message_is_shown_at_once(tea: World) -> None:
    tea.type("hello\n")
    assert tea.sent() == ["PRIVMSG #tea :hello"]
    assert tea.shown()[-1] == "@alice: hello"
    assert tea.model.current.waiting == []


def test_without_echo_a_message_waits_until_the_server_has_it(tea: World) -> None:
    tea.type("one\ntwo\n")
    assert tea.all_sent()[-3:] == ["PRIVMSG #tea :one", "PRIVMSG #tea :two", "PING said-2"]
    tea.type("three\n")
    assert tea.shown()[-1] == "* You joined"
    tea.feed(":srv PONG srv :said-2", ":srv PONG srv said-", ":srv PONG srv said-x", ":srv PONG srv")
    assert tea.shown()[-2:] == ["@alice: one", "@alice: two"]
    assert [waiting.text for waiting in tea.model.current.waiting] == ["three"]


def test_without_echo_a_message_of_a_lost_connection_is_sent_again(tea: World) -> None:
    tea.type("taken\n")
    tea.all_sent()
    tea.lose()
    tea.come_in()
    tea.all_sent()
    tea.feed(":alice!al@h JOIN #tea", ":srv 353 alice = #tea :@alice bob", ":srv 366 alice #tea :End")
    assert [line for line in tea.sent() if "PRIVMSG" in line] == ["PRIVMSG #tea :taken"]
    assert tea.shown()[-1] == "@alice: taken"
    assert tea.shown().count("@alice: taken") == 1
    tea.lose()
    tea.come_in()
    tea.join()
    assert tea.shown().count("@alice: taken") == 1
    assert tea.model.current.waiting == []


def test_without_echo_a_refusal_is_shown(tea: World) -> None:
    tea.type("hello\n")
    tea.feed(":srv 404 alice #tea :Cannot send to channel", ":srv PONG srv said-1")
    assert tea.shown()[-1] == "! Not sent (Cannot send to channel): hello"
    assert tea.model.current.waiting == []


def test_with_echo_a_message_waits_for_its_echo(echoing: World) -> None:
    echoing.type("hello\n")
    assert echoing.sent() == ["@label=gc1 PRIVMSG #tea :hello"]
    assert "hello" in echoing.screen()[-3]
    assert echoing.shown()[-1] == "* You joined"
    # "Server: @label=pQraCjj82e :nick!user@host PRIVMSG #channel :Hello!"
    echoing.feed("@label=gc1 :alice!al@h PRIVMSG #tea :hello, as the server changed it")
    assert echoing.shown()[-1] == "@alice: hello, as the server changed it"
    assert echoing.model.current.waiting == []


def test_without_labels_an_echo_is_matched_by_its_text(world: World) -> None:
    world.welcome("echo-message")
    world.join()
    world.type("one\ntwo\n")
    world.feed(":alice!al@h PRIVMSG #tea :two")
    assert [waiting.text for waiting in world.model.current.waiting] == ["one"]


def test_a_message_of_another_session_confirms_nothing(echoing: World) -> None:
    echoing.type("hello\n")
    echoing.feed(":alice!al@h PRIVMSG #tea :hello")
    assert [waiting.text for waiting in echoing.model.current.waiting] == ["hello"]


def test_messages_typed_while_offline_are_sent_after_reconnecting(tea: World) -> None:
    tea.lose()
    tea.type("still here?\n")
    assert tea.sent() == []
    assert "still here?" in tea.screen()[-3]
    tea.welcome()
    assert tea.sent() == []
    tea.feed(":alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    assert tea.sent() == ["PRIVMSG #tea :still here?"]
    assert tea.shown()[-1] == "alice: still here?"


def test_unconfirmed_messages_are_sent_again(echoing: World) -> None:
    echoing.type("lost?\n")
    assert echoing.sent() == ["@label=gc1 PRIVMSG #tea :lost?"]
    echoing.lose()
    echoing.welcome("echo-message labeled-response batch")
    echoing.feed(":alice!al@h JOIN #tea", ":srv 366 alice #tea :End")
    assert echoing.sent() == ["@label=gc2 PRIVMSG #tea :lost?"]
    echoing.feed("@label=gc2 :alice!al@h PRIVMSG #tea :lost?")
    assert echoing.shown().count("alice: lost?") == 1
    assert echoing.model.current.waiting == []


def test_private_messages_wait_too(tea: World) -> None:
    tea.lose()
    tea.type("/msg bob psst\n")
    tea.welcome()
    tea.lose()
    tea.connect()
    tea.feed(":srv 001 alice :hi")
    tea.sent()
    tea.feed(":srv 422 alice :no motd")
    assert tea.sent() == ["JOIN #tea"]  # the message was sent after the first welcome, and is not sent twice
    assert tea.shown("bob") == ["alice: psst", "! Connection lost: the connection was cut"]


def test_a_refused_message_is_shown_as_not_sent(echoing: World) -> None:
    echoing.type("hello\n")
    echoing.feed("@label=gc1 :srv 404 alice #tea :You are muted")
    assert echoing.shown()[-1] == "! Not sent (You are muted): hello"
    assert echoing.model.current.waiting == []


def test_a_labeled_fail_is_a_refusal(echoing: World) -> None:
    echoing.type("hello\n")
    echoing.feed("@label=gc1 :srv FAIL PRIVMSG STORE_FAILED :Could not be stored")
    assert echoing.shown()[-1] == "! Not sent (Could not be stored): hello"


def test_actions(tea: World) -> None:
    tea.type("/me waves\n")
    assert tea.sent() == ["PRIVMSG #tea :\x01ACTION waves\x01"]


def test_long_messages_are_split_so_that_others_receive_all(tea: World) -> None:
    text = "wörd " * 200
    tea.paste(text)
    tea.press("Enter")
    sent = tea.sent()
    assert len(sent) > 1
    for line in sent:
        assert len(f":alice!al@host.example {line}\r\n".encode()) <= 512
    assert "".join(line.partition(":")[2] for line in sent).replace(" ", "") == text.replace(" ", "")


def test_a_message_that_may_have_arrived_is_sent_again_with_its_id(world: World) -> None:
    world.network.identity = "me"
    world.welcome("echo-message labeled-response message-tags")
    world.join()
    world.type("one\ntwo\n")
    assert world.sent() == [
        "@label=gc1;+greenchat/id=me-1 PRIVMSG #tea :one",
        "@label=gc2;+greenchat/id=me-2 PRIVMSG #tea :two",
    ]
    world.lose()
    world.welcome("echo-message labeled-response message-tags")
    world.join()
    world.type("three\n")
    ids = [waiting.id for waiting in world.model.current.waiting]
    assert ids == ["me-1", "me-2", "me-3"]


def test_a_server_that_denies_the_tag_does_not_get_it(world: World) -> None:
    world.network.identity = "me"
    world.welcome("echo-message message-tags")
    world.feed(":srv 005 alice CLIENTTAGDENY=*,-typing :are supported")
    world.join()
    world.type("one\n")
    assert world.sent() == ["PRIVMSG #tea :one"]


def test_a_command_to_a_service_is_confirmed_by_its_answer(echoing: World) -> None:
    """The command is not echoed; and after a lost connection it must not be executed a second time."""
    echoing.type("/msg HistServ DELETE #tea x\n")
    (sent,) = [line for line in echoing.sent() if "PRIVMSG" in line]
    label = sent.partition(" ")[0].removeprefix("@label=")
    echoing.feed(f"@label={label} :HistServ!HistServ@srv NOTICE alice :It is deleted")
    window = echoing.network.find("HistServ")
    assert window
    assert window.waiting == []
    assert [line.text for line in window.lines] == ["DELETE #tea x", "It is deleted"]
    echoing.type("/msg HistServ HELP\n")
    (sent,) = [line for line in echoing.sent() if "PRIVMSG" in line]
    label = sent.partition(" ")[0].removeprefix("@label=")
    echoing.feed(
        f"@label={label} :srv BATCH +1 labeled-response",
        "@batch=1 :HistServ!HistServ@srv NOTICE alice :I know",
        "@batch=1 :HistServ!HistServ@srv NOTICE alice :what was said",
        ":srv BATCH -1",
    )
    assert [line.text for line in window.lines][2:] == ["HELP", "I know", "what was said"]
    assert window.waiting == []


def test_a_password_for_a_service_is_not_shown(echoing: World) -> None:
    echoing.type("/query NickServ\n")
    echoing.sent()
    echoing.type("IDENTIFY secret\n")
    sent = [line for line in echoing.sent() if "PRIVMSG" in line]
    label = sent[0].partition(" ")[0].removeprefix("@label=")
    echoing.feed(f"@label={label} ACK")
    window = echoing.network.find("NickServ")
    assert window
    assert window.waiting == []
    assert not any("secret" in line.text for line in window.lines)
