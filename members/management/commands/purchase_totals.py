"""`manage.py purchase_totals`: what the purchase table adds up to."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from members.selectors import purchase_totals
from stores.services.auditing import audit


class Command(BaseCommand):
    help = "打印购买记录的合计：净额、销售额、销售与退货行数、小票数、会员数；按门店、门店与日期、会员卡、商品。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="打印为 JSON（含会员卡号，会留下审计记录）")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["json"]:
            audit(actor=None, action="purchases.totals_exported", at=timezone.now(), detail={"cards": True})
        groups = {
            "stores": purchase_totals.store_totals(),
            "store_days": purchase_totals.store_day_totals(),
            "cards": purchase_totals.card_totals(reveal=options["json"]),
            "products": purchase_totals.product_totals(),
        }
        overall = purchase_totals.overall_totals()
        if options["json"]:
            totals = {"overall": overall} | {name: list(rows) for name, rows in groups.items()}
            self.stdout.write(json.dumps(totals, ensure_ascii=False, indent=1))
            return
        self.stdout.write(f"全部\t{_line(overall)}")
        for name, rows in groups.items():
            self.stdout.write(f"\n{_TITLES[name]}")
            for row in rows:
                keys = [str(row.pop(key)) for key in ("store", "day", "card", "product") if key in row]
                self.stdout.write(f"{' '.join(keys)}\t{_line(row)}")


_TITLES = {"stores": "按门店", "store_days": "按门店和日期", "cards": "按会员卡", "products": "按商品"}


def _line(row: dict[str, Any]) -> str:
    return (
        f"净额 ¥{row['net_fen'] / 100:,.2f}  销售额 ¥{row['gross_fen'] / 100:,.2f}  销售 {row['sale_lines']:,} 行  "
        f"退货 {row['return_lines']:,} 行  小票 {row['receipts']:,}  会员 {row['members']:,}"
    )
