"""Which banks production does not pay through, because less of them is proved than the institution demands."""

from collections.abc import Mapping
from pathlib import Path

from bank_adapters.capabilities import Tier
from bank_adapters.certificate import RANK, proved
from bank_adapters.profile import Profile
from gateway.runtime.settings import Settings

EVIDENCE = "evidence"
"""The folder of the banks' evidence, in that of the configuration."""


def below_demand(config: Path, settings: Settings, profiles: Mapping[str, Profile]) -> Mapping[str, str]:
    """Return each live bank whose proved tier is below the one demanded, with the reason; none outside production.

    What is proved is what a certificate covers for this very profile, adapter and evidence, not what the profile says.
    Such a bank is heard, but nothing is routed, sealed or sent to it; the others, and the gateway, are not touched.
    """
    if settings.mode != "production":
        return {}
    demanded = Tier(settings.demanded_tier)
    found: dict[str, str] = {}
    for slug, profile in profiles.items():
        if not profile.onboarding.pays(production=True):
            continue
        standing = proved(config / EVIDENCE / slug, profile)
        if RANK[standing.tier] < RANK[demanded]:
            found[slug] = f"tier {standing.tier} is below the demanded {demanded}: {standing.why}"
    return found
