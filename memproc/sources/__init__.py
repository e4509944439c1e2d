"""Where records come from: files of several shapes, and iterables. Each gives its items unchanged and in order."""
