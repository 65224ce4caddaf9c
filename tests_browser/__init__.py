"""Tests in a real browser: `make test-browser`; Debian's chromium, driven by Playwright."""
