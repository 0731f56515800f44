"""From votes to labels: ballots, consensus, the review queue, statistics."""
