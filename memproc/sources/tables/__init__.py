"""Tables in files that are no text, and in memory: Parquet, Arrow, HDF5, XLSX, pickles, frames. Each row becomes a line of JSON."""
