"""External authentication: a program, an HTTP service, an LDAP directory, an identity provider."""
