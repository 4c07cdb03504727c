"""What the server posts elsewhere: Web Push, encrypted for devices, and signed webhooks of channels."""
