"""What a manager fills in for a material."""

WRITTEN = {"name": "早市", "theme": "offer", "text": "{店名}的橙子到了", "card": ""}
