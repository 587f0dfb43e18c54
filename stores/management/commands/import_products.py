from stores.management.import_command import ImportCommand
from stores.models import ImportJob


class Command(ImportCommand):
    help = "从表格导入商品：按商品编码新建或更新"
    kind = ImportJob.Kind.PRODUCTS
