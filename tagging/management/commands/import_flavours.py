from stores.management.import_command import ImportCommand
from stores.models import ImportJob


class Command(ImportCommand):
    help = "从表格导入商品口味：每个口味 0–10 分，按商品编码、名称或品种对应"
    kind = ImportJob.Kind.FLAVOURS
