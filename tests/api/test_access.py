"""Who gets in: tokens, scopes, sources, rate."""

import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from joserfc import jwt
from joserfc.jwk import OctKey

from gateway.api.app import ROUTES, build_app
from gateway.api.keys import Keys, PublicKey
from gateway.api.limits import Buckets, Rate, TooOften
from gateway.domain.errors import ConfigError
from gateway.store.postgres import PostgresStore
from tests.api.conftest import TOKEN_KEY, Api, doors
from tests.clock import StillClock
from tests.orders import FAR_AHEAD, LONG_AGO, Signer, lines

BATCH = "/v1/batches/B-1"


def _unsigned(api: Api) -> str:
    _, payload, _ = api.token().split(".")
    return f"eyJhbGciOiJub25lIiwia2lkIjoibG9naW4tMSJ9.{payload}."  # {"alg":"none","kid":"login-1"}


def _public_key_as_secret(api: Api) -> str:
    """HS256 with the public key as the shared secret."""
    secret = OctKey.import_key(TOKEN_KEY.key.as_dict(private=False)["x"])
    claims = {"iss": "https://login.example", "aud": "gateway", "exp": 2_000_000_000, "sub": "x", "scope": "push"}
    return jwt.encode({"alg": "HS256", "kid": "login-1"}, claims, secret, ["HS256"])


WRONG: dict[str, Any] = {
    "none at all": lambda _: "",
    "no token": lambda _: "not-a-token",
    "not ASCII": lambda _: "\u00e9.\u00e9.\u00e9",
    "too long": lambda api: api.token(sub="s", padding="x" * 9_000),
    "alg none": _unsigned,
    "public key as secret": _public_key_as_secret,
    "another key under our kid": lambda api: api.token(Signer(kid="login-1")),
    "unknown kid": lambda api: api.token(Signer(kid="login-2")),
    "kid that is a path": lambda api: api.token(header={"kid": "../../etc/passwd"}),
    "key in the header": lambda api: api.token(header={"jwk": TOKEN_KEY.key.as_dict(private=False)}),
    "another audience": lambda api: api.token(aud="elsewhere"),
    "another issuer": lambda api: api.token(iss="https://evil.example"),
    "expired": lambda api: api.token(exp=int(api.clock.now().timestamp())),
    "without end": lambda api: api.token(exp=None),
    "not yet": lambda api: api.token(nbf=int(api.clock.now().timestamp()) + 60),
    "without subject": lambda api: api.token(sub=None),
    "empty subject": lambda api: api.token(sub=""),
    "without scope": lambda api: api.token(scope=None),
    "sources that are no list": lambda api: api.token(sources="benefits-north"),
    "every source without operate": lambda api: api.token(scope="read", sources=["*"]),
    "pushing for every source": lambda api: api.token(source="*"),
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_token_gets_nowhere(api: Api, name: str) -> None:
    answer = await api.call("GET", BATCH, token=WRONG[name](api))
    assert answer.status == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert set(answer.body) == {"type", "title", "status"}


async def test_a_token_of_a_key_that_is_no_longer_valid(api: Api) -> None:
    token = api.token()
    api.clock.at = FAR_AHEAD
    assert (await api.call("GET", BATCH, token=token)).status == 401


NEEDED = [(r.method, re.sub(r"\{[^}]*\}", "1", r.path), r.scopes) for r in ROUTES if r.scopes]


@pytest.mark.parametrize(("method", "path", "scopes"), NEEDED, ids=str)
async def test_a_token_without_the_scope_is_turned_away(
    api: Api, method: str, path: str, scopes: tuple[str, ...]
) -> None:
    others = " ".join(scope for scope in ("push", "read", "operate", "nonsense") if scope not in scopes)
    answer = await api.call(method, path, token=api.token(scope=others))
    assert (answer.status, answer.body["title"]) == (403, "the token does not allow this")


async def test_the_open_routes_need_no_token(api: Api) -> None:
    signed = "/v1/bank-messages/{bank}"  # its caller signs instead: test_hooks
    assert {r.path for r in ROUTES if not r.scopes} == {"/healthz", "/readyz", "/openapi.json", signed}
    for path in ("/healthz", "/readyz", "/openapi.json"):
        assert (await api.call("GET", path, token="")).status == 200


async def test_another_sources_batch_does_not_exist(api: Api) -> None:
    await api.open()
    other = api.token(source="benefits-south")
    for method, path in (("GET", BATCH), ("POST", f"{BATCH}/close"), ("POST", f"{BATCH}/withdraw")):
        assert (await api.call(method, path, token=other)).status == 404
    assert (await api.push(lines([1]), token=other)).status == 404
    assert (await api.call("GET", BATCH)).body["state"] == "open"


async def test_a_reader_sees_its_sources_and_an_operator_all(api: Api) -> None:
    await api.open()
    ours = api.token(scope="read", source=None, sources=["benefits-north", "benefits-east"])
    others = api.token(scope="read", source=None, sources=["benefits-south"])
    everything = api.token(scope="operate", source=None, sources=["*"])
    seen = [(await api.call("GET", BATCH, token=token)).status for token in (ours, others, everything)]
    assert seen == [200, 404, 200]
    answer = await api.call("GET", f"{BATCH}?source=benefits-north", token=others)
    assert answer.status == 403


async def test_a_push_token_without_a_source_pushes_for_nobody(api: Api) -> None:
    assert (await api.call("POST", f"{BATCH}/close", token=api.token(source=None))).status == 403


async def test_a_caller_that_asks_too_often_waits(store: PostgresStore) -> None:
    clock = StillClock()
    app = build_app(doors(store, clock, Rate(per_second=1, burst=2)))
    async with TestClient(TestServer(app)) as client:
        api = Api(client=client, store=store, clock=clock)
        assert [(await api.call("GET", BATCH)).status for _ in range(3)] == [404, 404, 429]
        refused = await api.call("GET", BATCH)
        assert (refused.status, refused.headers["Retry-After"]) == (429, "1")
        assert (await api.call("GET", BATCH, token=api.token(sub="another"))).status == 404
        clock.advance(1)
        assert [(await api.call("GET", BATCH)).status for _ in range(2)] == [404, 429]


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    clock = StillClock()
    buckets = Buckets(Rate(per_second=10, burst=3), clock.monotonic)
    clock.advance(3_600)
    for _ in range(3):
        buckets.take("caller")
    with pytest.raises(TooOften) as often:
        buckets.take("caller")
    assert often.value.retry_after_seconds == 1


def test_buckets_are_bounded() -> None:
    buckets = Buckets(Rate(), StillClock().monotonic)
    for number in range(20_000):
        buckets.take(f"caller-{number}")
    assert len(buckets._buckets) == 10_000


def _key(**changes: Any) -> PublicKey:
    signer = Signer(kid="k")
    values = {"kid": "k", "algorithm": "Ed25519", "jwk": signer.key.as_dict(private=False)}
    return PublicKey(**(values | {"not_before": LONG_AGO, "not_after": FAR_AHEAD} | changes))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"algorithm": "none"}, "algorithm must be one of"),
        ({"algorithm": "HS256"}, "algorithm must be one of"),
        ({"algorithm": "ES256"}, "another kind of key"),
        ({"jwk": Signer(kid="k").key.as_dict(private=True)}, "private key"),
        ({"jwk": {"kty": "OKP", "crv": "Ed25519"}}, "not a JSON Web Key"),
        ({"jwk": {}}, "another kind of key"),
        ({"jwk": {"kty": "oct", "k": "c2VjcmV0"}}, "another kind of key"),
    ],
)
def test_keys_that_must_not_be_trusted_are_not_loaded(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError, match=text):
        Keys([_key(**changes)])


def test_two_keys_do_not_share_an_id() -> None:
    with pytest.raises(ConfigError, match="same kid"):
        Keys([_key(), _key()])
