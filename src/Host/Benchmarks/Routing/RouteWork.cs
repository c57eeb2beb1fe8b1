using ActorInference.Cache.Traces;

namespace ActorInference.Host.Benchmarks.Routing;

/// <summary>Requests for a <see cref="RouteSimulation"/>, in the order of their arrival.</summary>
/// <param name="BlockTokens">Tokens of a block.</param>
public sealed record RouteWork(int BlockTokens, IReadOnlyList<RouteRequest> Requests)
{
    private const int TraceBlockTokens = 512;

    /// <summary>A recorded trace. What answers add is in the prompts that follow them.</summary>
    /// <param name="speed">Times as fast as it was recorded.</param>
    public static RouteWork Of(IEnumerable<TraceRequest> trace, double speed) => new(
        TraceBlockTokens, [.. trace.Select(request => new RouteRequest(request.TimestampMs / 1000.0 / speed, request.Blocks, [], request.OutputTokens)).OrderBy(each => each.Seconds)]);

    /// <summary>Conversations that go on round by round, some of them from the same beginning.</summary>
    public static RouteWork Conversations(RouteConversations options, int seed)
    {
        var random = new Random(seed);
        var next = 0;
        int[] Fresh(int tokens) => [.. Enumerable.Range(0, Math.Max(1, tokens / options.BlockTokens)).Select(_ => next++)];
        var groups = Enumerable.Range(0, options.Groups).Select(_ => Fresh(options.SystemTokens)).ToList();
        var roundSeconds = options.Clients / options.RequestRate;
        var requests = new List<RouteRequest>();
        for (var client = 0; client < options.Clients; client++)
        {
            int[] dialogue = groups[client % groups.Count];
            for (var round = 0; round < options.Rounds; round++)
            {
                var (prompt, answer) = ((int[])[.. dialogue, .. Fresh(options.RequestTokens)], Fresh(options.OutputTokens));
                requests.Add(new RouteRequest((round + random.NextDouble()) * roundSeconds, prompt, answer, options.OutputTokens));
                dialogue = [.. prompt, .. answer];
            }
        }

        return new RouteWork(options.BlockTokens, [.. requests.OrderBy(each => each.Seconds)]);
    }
}

/// <summary>One request.</summary>
/// <param name="Seconds">Arrival.</param>
/// <param name="Prompt">Its blocks.</param>
/// <param name="Answer">Those that its answer adds.</param>
/// <param name="OutputTokens">Tokens of the answer.</param>
public sealed record RouteRequest(double Seconds, int[] Prompt, int[] Answer, int OutputTokens);

/// <summary>Conversations as <c>bench multiturn</c> has them.</summary>
public sealed record RouteConversations
{
    public int Clients { get; init; } = 64;

    public int Rounds { get; init; } = 8;

    /// <summary>Beginnings that conversations share.</summary>
    public int Groups { get; init; } = 8;

    /// <summary>Tokens of such a beginning.</summary>
    public int SystemTokens { get; init; } = 1024;

    /// <summary>Tokens that each round adds.</summary>
    public int RequestTokens { get; init; } = 256;

    public int OutputTokens { get; init; } = 64;

    /// <summary>Requests a second, of all together.</summary>
    public double RequestRate { get; init; } = 4;

    public int BlockTokens { get; init; } = 16;
}
