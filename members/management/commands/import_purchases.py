"""`manage.py import_purchases FILE`: import a till's export from the shell."""

from stores.management.import_command import ImportCommand


class Command(ImportCommand):
    help = "导入销售流水（CSV、XLSX）。要么整个文件生效，要么什么都不写；有问题的行会列出原因，不影响其他行。"
    kind = "purchases"
    takes_store = True
