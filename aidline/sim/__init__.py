"""Donors, recipients, carriers, devices and reporters as seeded agents over the contracts."""
