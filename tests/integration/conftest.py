"""One Chromium for all browser tests of a session."""

from tests.integration.browser import browser

__all__ = ["browser"]
