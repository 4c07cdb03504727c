"""Notifications to other servers: encrypted Web Push for devices, and signed webhooks of channels."""
