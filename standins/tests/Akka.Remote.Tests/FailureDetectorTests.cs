using Akka.Remote;

namespace ActorInference.Standins.Remote.Tests;

public sealed class FailureDetectorTests
{
    private long _nowMs = 1000;

    [Fact]
    public void Phi_is_that_of_the_normal_distribution()
    {
        // -log10 of the normal distribution's tail beyond 0, 1, 3 and 5 deviations; the approximation is coarser far out.
        Assert.Equal(0.301, PhiAccrualFailureDetector.Phi(0, 0, 10), 0.02);
        Assert.Equal(0.799, PhiAccrualFailureDetector.Phi(10, 0, 10), 0.02);
        Assert.Equal(2.870, PhiAccrualFailureDetector.Phi(30, 0, 10), 0.05);
        Assert.Equal(6.543, PhiAccrualFailureDetector.Phi(50, 0, 10), 0.8);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Phi_grows_while_no_heartbeat_comes_and_never_passes_from_unavailable_to_available(int seed)
    {
        var random = new Random(seed);
        var detector = Phi();
        for (var i = 0; i < 100; i++)
        {
            detector.HeartBeat();
            _nowMs += random.Next(800, 1200);
        }

        detector.HeartBeat();
        Assert.True(detector.IsAvailable, $"seed {seed}");
        var (last, wasAvailable) = (0.0, true);
        for (var i = 0; i < 300; i++)
        {
            _nowMs += random.Next(1, 200);
            var phi = detector.CurrentPhi;
            Assert.True(phi >= last, $"seed {seed}: phi fell from {last} to {phi}");
            Assert.True(wasAvailable || !detector.IsAvailable, $"seed {seed}");
            (last, wasAvailable) = (phi, detector.IsAvailable);
        }

        Assert.False(detector.IsAvailable, $"seed {seed}");
    }

    [Fact]
    public void A_detector_without_heartbeats_neither_follows_nor_suspects()
    {
        var detector = Phi();
        _nowMs += 1_000_000;

        Assert.False(detector.IsMonitoring);
        Assert.True(detector.IsAvailable);
    }

    [Fact]
    public void A_pause_that_is_acceptable_is_no_failure_and_a_heartbeat_ends_a_longer_one()
    {
        var detector = Phi();
        for (var i = 0; i < 20; i++, _nowMs += 1000) detector.HeartBeat();

        _nowMs += 2500;
        Assert.True(detector.IsAvailable);
        _nowMs += 5000;
        Assert.False(detector.IsAvailable);
        detector.HeartBeat();
        Assert.True(detector.IsAvailable);
    }

    [Fact]
    public void A_deadline_is_the_pause_and_the_interval_together()
    {
        var detector = new DeadlineFailureDetector(TimeSpan.FromSeconds(4), TimeSpan.FromSeconds(1), () => _nowMs);
        Assert.True(detector.IsAvailable);
        detector.HeartBeat();

        _nowMs += 5000;
        Assert.True(detector.IsAvailable);
        _nowMs += 1;
        Assert.False(detector.IsAvailable);
    }

    [Fact]
    public void A_registry_follows_each_resource_by_itself()
    {
        var registry = new DefaultFailureDetectorRegistry<string>(Phi);
        registry.Heartbeat("a");
        _nowMs += 60_000;
        registry.Heartbeat("b");

        Assert.False(registry.IsAvailable("a"));
        Assert.True(registry.IsAvailable("b"));
        Assert.True(registry.IsAvailable("never seen"));
        registry.Remove("a");
        Assert.False(registry.IsMonitoring("a"));
    }

    public static TheoryData<int> Seeds() => [.. Enumerable.Range(1, 20)];

    private PhiAccrualFailureDetector Phi() =>
        new(8, 1000, TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), () => _nowMs);
}
