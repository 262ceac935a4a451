"""Whom an API bank lets in: its own tokens while they live, and bodies signed by the key it knows."""

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from joserfc.jwk import ECKey

from gateway.sandbox.access import Access, Porter, SigningKey

KEY, OTHER = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
BODY = b'{"amount":"12.34"}'
GRANT = "grant_type=client_credentials&scope=payments"
BASIC = "Basic " + base64.b64encode(b"us:secret").decode()


class Clock:
    moment = 0.0

    def __call__(self) -> float:
        return self.moment


def porter(clock: Clock | None = None, **changes: Any) -> Porter:
    return Porter(Access(**({"secret": "secret"} | changes)), clock or Clock())


def signing(private: ec.EllipticCurvePrivateKey = KEY) -> SigningKey:
    x, y = (ECKey.import_key(private).as_dict(private=False)[name] for name in ("x", "y"))
    jwk: dict[str, str | list[str]] = {"kty": "EC", "crv": "P-256", "x": str(x), "y": str(y)}
    return SigningKey(jwk=jwk, kid="k-1", algorithm="ES256", header="x-jws-signature")


def coded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def detached(body: bytes, header: dict[str, str], private: ec.EllipticCurvePrivateKey = KEY) -> str:
    """Sign by hand, after RFC 7515 and RFC 7518, section 3.4."""
    head = coded(json.dumps(header).encode())
    r, s = decode_dss_signature(private.sign(f"{head}.{coded(body)}".encode(), ec.ECDSA(hashes.SHA256())))
    return f"{head}..{coded(r.to_bytes(32) + s.to_bytes(32))}"


@pytest.mark.parametrize(
    ("authorization", "admitted"),
    [("Bearer secret", True), ("Bearer secre", False), ("Bearer ", False), ("secret", False), ("Basic secret", False)],
)
def test_a_fixed_token_passes_and_nothing_else(authorization: str, *, admitted: bool) -> None:
    assert porter().admits(authorization) is admitted


def test_a_token_of_the_endpoint_passes_until_it_ends() -> None:
    clock = Clock()
    door = porter(clock, client_id="us", token_seconds=300)
    status, answer = door.token(BASIC, GRANT)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 300)
    bearer = f"Bearer {answer['access_token']}"
    assert (door.admits(bearer), door.admits("Bearer secret")) == (True, False)
    clock.moment = 300
    assert not door.admits(bearer)


def test_every_token_is_another_and_all_can_be_forgotten() -> None:
    door = porter(client_id="us")
    bearers = [f"Bearer {door.token(BASIC, GRANT)[1]['access_token']}" for _ in range(2)]
    assert len(set(bearers)) == 2
    door.forget()
    assert not any(door.admits(bearer) for bearer in bearers)
    assert f"Bearer {door.token(BASIC, GRANT)[1]['access_token']}" not in bearers


@pytest.mark.parametrize(
    ("authorization", "form", "status"),
    [
        (BASIC, "grant_type=password", 400),
        (BASIC, "", 400),
        ("Basic " + base64.b64encode(b"us:other").decode(), GRANT, 401),
        ("", GRANT, 401),
    ],
)
def test_the_endpoint_refuses_other_grants_and_other_clients(authorization: str, form: str, status: int) -> None:
    said, answer = porter(client_id="us").token(authorization, form)
    assert (said, "access_token" in answer) == (status, False)


@pytest.mark.parametrize(
    ("header", "signed"),
    [
        (detached(BODY, {"alg": "ES256", "kid": "k-1"}), True),
        (detached(BODY + b" ", {"alg": "ES256", "kid": "k-1"}), False),
        (detached(BODY, {"alg": "ES256", "kid": "k-1"}, OTHER), False),
        (detached(BODY, {"alg": "ES256", "kid": "k-2"}), False),
        (detached(BODY, {"alg": "ES256"}), False),
        (detached(BODY, {"alg": "HS256", "kid": "k-1"}), False),
        (detached(BODY, {"alg": "none", "kid": "k-1"}), False),
        (detached(BODY, {"alg": "ES256", "kid": "k-1"}).replace("..", f".{coded(BODY)}."), False),
        ("", False),
        ("..", False),
        ("é..é", False),
        ("W10..W10", False),
    ],
    ids=[
        *("right", "another body", "another key", "another name", "no name", "another algorithm", "none"),
        *("attached", "empty", "dots", "no base64", "no header"),
    ],
)
def test_only_the_known_key_signs_exactly_this_body(header: str, *, signed: bool) -> None:
    assert porter(signing=signing()).signed(header, BODY) is signed


def test_a_bank_without_a_key_asks_for_no_signature() -> None:
    assert porter().signed("", BODY)
