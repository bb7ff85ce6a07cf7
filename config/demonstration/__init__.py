"""The demonstration school: everything invented, loaded once, so that the product can be tried at once."""

from config.demonstration.load import OtherSchools, accounts, is_loaded, load

__all__ = ["OtherSchools", "accounts", "is_loaded", "load"]
