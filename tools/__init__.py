"""Programs that set up, build and check the checkout; no part of the package."""
