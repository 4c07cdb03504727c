"""Property of accounts: uploaded files, push subscriptions, webhooks."""
