"""The log-ins of the sample chain; light to import, for the demo prints them."""

DEMO_PASSWORD = "dianquan-demo"  # noqa: S105 -- printed for everyone: the data behind it is made up
DEMO_LOGINS = {"hq": "总部", "region": "区域", "manager": "店长", "guide": "导购"}
