"""Regions, stores, staff (the user model), products, and what each store asks and holds for them."""

from stores.models.access import RecoveryCode
from stores.models.catalogue import Product, StoreProduct
from stores.models.imports import ImportJob, SheetMapping
from stores.models.integrations import IdempotentAnswer, WebhookDelivery, WebhookEndpoint
from stores.models.people import ApiToken, AuditEntry, Staff
from stores.models.places import Department, Region, Store

__all__ = [
    "ApiToken", "AuditEntry", "Department", "IdempotentAnswer", "ImportJob", "Product", "RecoveryCode", "Region",
    "SheetMapping", "Staff", "Store", "StoreProduct", "WebhookDelivery", "WebhookEndpoint",
]  # fmt: skip
