// Each test starts many processes: one after another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
