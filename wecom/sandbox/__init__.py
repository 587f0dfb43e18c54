"""A WeCom to run at home: its limits and its refusals (docs/decisions/0013-wecom-sandbox.md).

It shares no code with the client, so that a misreading of wecom.md in one is not repeated by the other.
"""
