"""What handling and taking back mean, written down a second time and apart from the code, for tests to compare with."""

TLP = {
    "red": {"agencies"},
    "amber+strict": {"agencies", "groups"},
    "amber": {"agencies", "groups", "providers"},
    "green": {"agencies", "groups", "providers", "units"},
    "clear": {"agencies", "groups", "providers", "units"},
}


def allowed_to_see(assertion, who):
    handling = assertion.handling
    if assertion.purpose not in who.purposes:
        return False
    if who.agency == assertion.agency:
        return True
    if who.at >= assertion.review and assertion.kind not in {"urgent", "withdrawn"}:
        return False
    if handling.unknown:
        return False
    ways = set()
    if who.agency in handling.agencies:
        ways.add("agencies")
    if who.groups & set(handling.groups):
        ways.add("groups")
    if who.is_provider and handling.providers:
        ways.add("providers")
    if not who.is_provider and handling.all_units:
        ways.add("units")
    return bool(ways & TLP.get(handling.tlp, set()))


def named_by(assertion):
    """What an assertion is about or names in one of its fields."""
    fields = ("subject", "other", "series")
    known = assertion.kind != "foretold"
    return {*assertion.about.ids, *(assertion.says[name] for name in fields if known and name in assertion.says)}


def standing(world, who):
    """The assertions that the reader may see and that their agency has not taken back."""
    seen = [one for one in world if allowed_to_see(one, who)]
    return [one for one in seen if not any(other.agency == one.agency and one.id in other.supersedes for other in seen)]
