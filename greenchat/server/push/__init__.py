"""Web Push: who is to be told what, encrypted for their device, and sent."""
