"""Outside: what leaves the installation, to a fixed list of hosts and to nobody else."""
