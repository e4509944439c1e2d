"""Where items become prepared records: in this process, or in workers on this machine and others."""
