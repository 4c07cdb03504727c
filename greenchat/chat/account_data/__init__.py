"""The data of accounts: uploaded files, push subscriptions, webhooks."""
