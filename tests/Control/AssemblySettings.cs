// Each test is a cluster of its own, and some measure what they take: one after another.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
