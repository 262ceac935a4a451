"""The board of banks over REST."""

from pathlib import Path

from gateway.api.doors import DOORS
from gateway.service.bank_board import BankBoard
from tests.api.conftest import Api
from tests.orders import SOURCE
from tests.scenario import opened


async def test_who_sees_one_source_sees_no_bank(api: Api) -> None:
    token = api.token(scope="operate", sources=[SOURCE])
    assert (await api.call("GET", "/v1/banks", token=token)).status == 403
    assert (await api.call("GET", "/v1/banks")).status == 403


async def test_operators_see_every_bank_with_its_hours(api: Api, database_url: str, tmp_path: Path) -> None:
    app = api.client.app
    assert app is not None
    async with opened(database_url, tmp_path) as scene:
        app[DOORS].board = BankBoard(store=scene.gateway.store, clock=scene.clock, banks=scene.gateway.banks)
        token = api.token(sub="officer-1", scope="operate", sources=["*"], source=None)
        answer = await api.call("GET", "/v1/banks", token=token)
        assert (await api.call("GET", "/v1/banks?day=1", token=token)).status == 422
    alfa, charlie = answer.body["banks"]
    assert (alfa["bank"], alfa["name"], alfa["onboarding"], alfa["tier"]) == (
        "alfa",
        "Alfa Bank",
        "simulated",
        "sandbox",
    )
    assert (alfa["calendar"], alfa["day"], alfa["bankingDay"]) == ("TARGET", "2026-09-21", True)
    quiet = dict.fromkeys(("waiting", "underWay", "unknown", "alarmed"), 0)
    assert alfa["lane"] == {"breaker": "closed", "paused": False, **quiet}
    assert alfa["cutOff"] == "2026-09-21T14:00:00Z"
    assert charlie["cutOff"] == "2026-09-22T00:00:00Z", "a bank without hours is open round the clock, in UTC"
