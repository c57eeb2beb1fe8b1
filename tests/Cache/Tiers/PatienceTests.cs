using ActorInference.Actors.Kv;
using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

/// <summary>How long a request waits for a storage that usually answers quickly and does not now.</summary>
public sealed class PatienceTests
{
    private const int PageSize = 4;
    private const int Tokens = 8 * PageSize;

    private static readonly KvNamespaceId Space = new(1, 2);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(2);

    private readonly ManualTimers _time = new();
    private int _prompts;

    [Theory]
    [InlineData(3, 100, 20)]      // Twice what answers take is no longer than a busy processor is late.
    [InlineData(15, 100, 30)]     // Twice what they take.
    [InlineData(3, 4000, 500)]    // An eighth of computing.
    [InlineData(200, 100, 100)]   // Computing.
    public async Task It_is_twice_what_answers_take_or_an_eighth_of_computing_and_never_longer_than_computing(int answers, int compute, int patience)
    {
        var silence = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(new SlowStorage { Find = _ => Answer(answers) });
        Assert.Null(Ask(tier, compute));   // Answered at once: there is nothing to wait for.
        Assert.Null(Ask(tier, compute));
        tier.Attach(new SlowStorage { Find = _ => silence.Task });

        var wait = Ask(tier, compute)!;
        _time.Advance(TimeSpan.FromMilliseconds(patience) - Tolerance);
        Assert.False(wait.IsCompleted);
        _time.Advance(Tolerance);
        await wait.WaitAsync(Limit);

        silence.SetResult(0);
    }

    [Fact]
    public async Task Pages_that_the_storage_has_are_waited_for_until_computing_them_would_have_been_as_quick()
    {
        var reading = new TaskCompletionSource<int>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var host = HostPoolTests.Host(capacity: 16);
        await using var tier = Tier(host);
        tier.Attach(new SlowStorage { Find = _ => Answer(3) });
        Assert.Null(Ask(tier, 100));
        Assert.Null(Ask(tier, 100));
        tier.Attach(new SlowStorage { Find = run => Task.FromResult(run.Count), Get = reading.Task });

        var wait = Ask(tier, 100)!;
        _time.Advance(TimeSpan.FromMilliseconds(98));
        Assert.False(wait.IsCompleted);
        _time.Advance(Tolerance);
        await wait.WaitAsync(Limit);

        reading.SetResult(0);
    }

    private StorageTier Tier(HostPool host) => new(host, new StorageTierOptions { MinTokens = 1, PrefetchShare = 1, BaseWait = TimeSpan.FromMinutes(10), LongestWait = TimeSpan.FromMinutes(10) }, _time);

    private Task<int> Answer(int milliseconds)
    {
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        return Task.FromResult(0);
    }

    /// <summary>For a prompt that nobody has asked for before, which takes that long to compute.</summary>
    private Task? Ask(StorageTier tier, int milliseconds)
    {
        var prompt = new int[Tokens + 1];
        Array.Fill(prompt, ++_prompts);
        return tier.Begin(Space, prompt, 0, milliseconds / 1000.0 / Tokens);
    }

    private sealed class SlowStorage : IPageStorage
    {
        public event Action? PagesLost
        {
            add { }
            remove { }
        }

        public required Func<PageRun, Task<int>> Find { get; init; }

        public Task<int> Get { get; init; } = Task.FromResult(0);

        public async ValueTask<int> FindLeadingAsync(PageRun run, CancellationToken cancellationToken) => await Find(run);

        public async ValueTask<int> GetAsync(PageRun run, IPageMemory into, ReadOnlyMemory<int> pages, Memory<uint> checksums, CancellationToken cancellationToken) => await Get;

        public ValueTask<int> PutAsync(PageRun run, IPageMemory from, ReadOnlyMemory<int> pages, ReadOnlyMemory<uint> checksums, CancellationToken cancellationToken) =>
            ValueTask.FromResult(run.Count);
    }
}
