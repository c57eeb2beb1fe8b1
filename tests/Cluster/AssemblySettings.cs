// Each test has a cluster of processes; two at a time would make one another's nodes look dead.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
