// The tests hold ports of this machine and keep deadlines; side by side they take both from each other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
