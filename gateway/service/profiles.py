"""Which profiles of another reading may take the place of those in use.

A profile may change everything but what is under way: while a submission is sealed or sent for one place, and not
proved, a profile that names another would have inquiries look where nothing was sent, and take that for proof.
"""

from collections.abc import Collection, Mapping

from bank_adapters.profile import Profile
from bank_adapters.registry import LoadedProfiles
from gateway.ports.store import Session, Store

GOES_ON = "the previous profile goes on"
GONE = "its file is gone; a bank is removed at a restart"


async def replacing(
    store: Store,
    before: Mapping[str, Profile],
    places: Mapping[str, str],
    read: LoadedProfiles,
    contested: Collection[tuple[str, str]] = (),
) -> LoadedProfiles:
    """Return what may be used of what was `read`; a profile that may not keeps its version `before`, and says why.

    `places` says where the settings know banks to be, if not where their profiles say. `contested` are the bank codes
    that were contested before: nobody held them, so nobody is refused for them and nobody keeps them.
    """
    why = dict(read.broken)
    why |= dict.fromkeys(before.keys() - read.profiles.keys() - why.keys(), GONE)
    async with store.transaction() as session:
        for slug, profile in read.profiles.items():
            if slug in before and profile != before[slug]:
                why |= await _under_way(session, profile, places.get(slug))
    # What goes on as it was may claim what another's new profile claims: that one goes on as it was, too.
    refused: dict[str, str] = {}
    while claimed := _newly_contested(before, _with(read, why, before, refused), contested):
        refused |= claimed
        why |= claimed
    said = {slug: f"{what}; {GOES_ON}" if slug in before else what for slug, what in why.items()}
    return _with(read, said, before, refused)


def _with(
    read: LoadedProfiles, why: Mapping[str, str], before: Mapping[str, Profile], refused: Collection[str]
) -> LoadedProfiles:
    """Return what was read without some, whose previous versions go on; those `refused` yield what they claimed."""
    return read.without(why, {slug: before[slug] for slug in why if slug in before}, refused)


async def _under_way(session: Session, profile: Profile, place: str | None) -> dict[str, str]:
    """Say why a profile must wait, by its bank: something is under way to where another one sent it."""
    count: int = await session.value("profiles.elsewhere", profile.slug, profile.destination(place))
    said = f"transport: {count} submissions are under way to another destination; pause the bank, wait, and reload"
    return {profile.slug: said} if count else {}


def _newly_contested(
    before: Mapping[str, Profile], read: LoadedProfiles, contested: Collection[tuple[str, str]]
) -> dict[str, str]:
    """Say of each profile that it claims what another does; what stood before keeps what it claimed.

    Broken ones are told of their own mistakes; what they claim stays contested.
    """
    return {
        slug: f"bank_codes.{country}: {code} is claimed by {' and '.join(slugs)}; leave it out of one of them"
        for (country, code), slugs in read.contested.items()
        for slug in slugs
        if (country, code) not in contested
        and slug in read.profiles
        and (slug not in before or code not in before[slug].bank_codes.get(country, ()))
    }
