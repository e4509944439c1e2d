"""Where records are prepared: in this process, in threads or processes, on Dask or Ray."""
