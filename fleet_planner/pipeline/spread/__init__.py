"""Work in parts: in this process, in several of this machine, or on a cluster; the same results in each."""
