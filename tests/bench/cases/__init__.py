"""The benchmarks, a module a subject. Each has `cases(full: bool) -> Iterator[Result]`; `full` is `make bench-full`."""
