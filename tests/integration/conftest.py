"""One Chromium for all browser tests."""

from tests.integration.browser import browser

__all__ = ["browser"]
