"""Trains the learned detector: its pictures, its network, its targets."""
