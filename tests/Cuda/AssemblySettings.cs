// One device, and kernels that fault on purpose: one test after the other.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
