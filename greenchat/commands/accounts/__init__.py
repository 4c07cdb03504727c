"""Accounts: REGISTER, VERIFY, SASL and the ownership of nicks."""
