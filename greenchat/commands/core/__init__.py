"""What every command needs: the registry, its context, answers, errors."""
