"""Accounts: REGISTER, VERIFY, SASL and who is the owner of a nick."""
