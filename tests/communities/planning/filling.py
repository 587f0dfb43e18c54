"""The editor of a cell, filled in."""

from communities.selectors.plan_cells import facts_of


def typed(cell=None, **fields):
    facts = facts_of(cell.pk) if cell else None
    base = {
        "theme": facts.saying.theme if facts else "offer", "must_do": "1", "wish": "auto", "region": "", "stage": "",
        "group_kind": "", "store_codes": "", "materials": list(facts.saying.material_ids) if facts else [],
    }  # fmt: skip
    return base | ({"seen": facts.fingerprint} if facts else {}) | fields
