"""Commands about channels: JOIN, MODE, TOPIC, KICK, INVITE and the like."""
