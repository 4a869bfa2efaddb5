"""One person cannot hold all places of a server's player: others play too."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from workbench.jail import Piece, Player, player
from workbench.jail.layers import Terms
from workbench.jail.player import PlayerBusy


def test_of_one_person_two_wait_at_once_and_others_are_still_served(monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is held up; who asks a third time is refused, somebody else is not."""
    go = Event()
    players = Player(Terms(incomplete_is_accepted=True))

    def held(_self: Player, _fd: int, _request: object) -> Piece:
        assert go.wait(20)
        return Piece(0)

    monkeypatch.setattr(Player, "_ask", held)
    with ThreadPoolExecutor(4) as pool:
        try:
            waiting = [pool.submit(players.sound, 0, start=0, asker="dana") for _n in range(player.OF_ONE)]
            while len(players.asking) < player.OF_ONE:
                time.sleep(0.01)
            with pytest.raises(PlayerBusy):
                players.sound(0, start=0, asker="dana")
            waiting.append(pool.submit(players.sound, 0, start=0, asker="milo"))
        finally:
            go.set()
        assert [one.result() for one in waiting] == [Piece(0)] * 3
    assert players.sound(0, start=0, asker="dana") == Piece(0)  # the places are free again
