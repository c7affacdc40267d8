"""What stands between a stranger's code and this machine: tiers, their probes, the policy."""
