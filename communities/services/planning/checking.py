"""What can be said against a material while it is being planned, before any store is looked at."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from communities.models import Asset, Material, MaterialAsset, MaterialVersion
from communities.services.content import links
from communities.services.content.banned import current_words
from communities.services.content.wording_checks import (
    Finding,
    current_rules,
    expiry_findings,
    link_findings,
    picture_findings,
    product_name_of,
    wording_findings,
)


def material_findings(material_ids: Collection[int], *, day: date) -> dict[int, list[Finding]]:
    """Wording, pictures, links and expiry by a day, for the materials that have something; constant queries.

    Price and stock differ from store to store: the preview of a store shows those, and each post is checked again in
    the evening before.
    """
    current = dict(Material.objects.filter(pk__in=material_ids, current__isnull=False).values_list("pk", "current_id"))
    versions = MaterialVersion.objects.select_related("product").in_bulk(current.values())
    pictures: dict[int, list[Asset]] = defaultdict(list)
    for placed in MaterialAsset.objects.filter(version__in=versions).select_related("asset").order_by("position"):
        pictures[placed.version_id].append(placed.asset)
    rules, words = current_rules(), current_words()
    addresses = {pk: links.addresses_of(version) for pk, version in versions.items()}
    verdicts = links.known({address for found in addresses.values() for address in found})
    findings: dict[int, list[Finding]] = {}
    for material_id, version_id in current.items():
        version = versions.get(version_id or 0)
        if version is None:
            continue
        found = [
            *wording_findings(version, rules=rules, words=words, product_name=product_name_of(version)),
            *picture_findings(pictures[version.pk], rules=rules),
            *link_findings(addresses[version.pk], verdicts=verdicts, rules=rules),
            *expiry_findings(version.expires_on, day=day, rules=rules),
        ]
        if found:
            findings[material_id] = found
    return findings
