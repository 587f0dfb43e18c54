"""Rules of segments, as a form gives them."""


def rule(kind, *, no=False, **values):
    return {"kind": kind, "not": no, **values}


def all_of(*rules, join="and", no=False):
    return {"join": "and", "groups": [{"join": join, "not": no, "rules": list(rules)}]}
