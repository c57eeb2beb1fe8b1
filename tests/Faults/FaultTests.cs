using System.Diagnostics;
using ActorInference.Faults.Tests.Testing;
using ActorInference.Host.Tests.Testing;

namespace ActorInference.Faults.Tests;

/// <summary>A moment in the life of all streams.</summary>
/// <param name="Tokens">After so many of theirs.</param>
/// <param name="OfFirst">Whether only the first token of each counts.</param>
internal sealed record Moment(int Tokens, bool OfFirst = false);

/// <summary>
/// Processes are killed under load, again and again, from a seed. Whatever dies, every stream is whole and says what it says
/// undisturbed, and every page comes back.
/// </summary>
public sealed class FaultTests(FaultCluster cluster) : IClassFixture<FaultCluster>
{
    private const int Streams = 16;
    private const int Rounds = 50;

    /// <summary>Where some phase was not hit by then.</summary>
    private const int MostRounds = 150;

    private const int Vocabulary = 512;

    /// <summary>Of the model, less room for the answer.</summary>
    private const int MaxPromptTokens = 360;

    [SkippableFact]
    public async Task Every_stream_is_whole_and_every_page_comes_back_whoever_is_killed()
    {
        Skip.If(cluster.Missing is not null, cluster.Missing);
        const int Seed = 20_260;
        var random = new Random(Seed);
        var requests = Requests(random, 3 * Streams);
        var expected = new int[requests.Count][];
        await Parallel.ForAsync(0, requests.Count, async (i, _) => expected[i] = await TokenStream.AskAsync(cluster.Client, requests[i]));

        // Streams that lost a worker before their first token, with that out and the pages on their way, and later.
        for (var round = 0; round < Rounds || (round < MostRounds && cluster.Hits.Contains(0)); round++)
        {
            await cluster.AllServingAsync(perRole: 2);
            var chosen = Enumerable.Range(0, Streams).Select(_ => random.Next(requests.Count)).ToArray();
            var fault = new Fault(random.Next(6), ChooseMoment(random));
            var answers = await RunAsync(chosen.Select(i => requests[i]), fault.Moment, () => cluster.KillAsync(fault.Victim));
            for (var i = 0; i < Streams; i++) Assert.True(expected[chosen[i]].AsSpan().SequenceEqual(answers[i]), $"Seed {Seed}, round {round}, {fault}: stream {i} says something else.");
            await cluster.AllAtRestAsync();
        }

        Assert.False(cluster.Hits.Contains(0), $"Seed {Seed}: streams were hit before their first token, with it alone, and later: {string.Join(", ", cluster.Hits)} times.");
    }

    [SkippableFact]
    public async Task Streams_are_whole_though_a_worker_that_drains_or_changes_its_role_is_killed_meanwhile()
    {
        Skip.If(cluster.Missing is not null, cluster.Missing);
        const int Seed = 20_261;
        var random = new Random(Seed);
        var requests = Requests(random, Streams, newTokens: 100);
        var expected = await Task.WhenAll(requests.Select(request => TokenStream.AskAsync(cluster.Client, request)));
        // Nodes 0 and 1 are of prefill, 2 and 3 of decode.
        foreach (var strike in (Func<Task>[])[() => cluster.DrainAndKillAsync(2), () => cluster.SwitchAndKillAsync(0, "decode")])
        {
            await cluster.AllServingAsync(perRole: 2);
            var moment = new Moment(random.Next(1, Streams * 20));
            var answers = await RunAsync(requests, moment, strike);
            for (var i = 0; i < Streams; i++) Assert.True(expected[i].AsSpan().SequenceEqual(answers[i]), $"Seed {Seed}, {moment}: stream {i} says something else.");
            await cluster.AllAtRestAsync();
        }
    }

    [SkippableFact]
    public async Task A_client_that_leaves_gets_its_pages_back_within_a_second()
    {
        Skip.If(cluster.Missing is not null, cluster.Missing);
        await cluster.AllServingAsync();
        var random = new Random(7);
        var times = new List<double>();
        // The median of seven; of the next seven, where the machine was busy with something else.
        for (var round = 0; round < 7 || (round < 35 && Median(times) >= 1); round++)
        {
            using var leave = new CancellationTokenSource();
            var tokens = 0;
            var after = random.Next(Streams * 8);   // No stream has ended by then.
            var streams = Requests(random, Streams, newTokens: 150).Select(request => TokenStream.StreamAsync(
                cluster.Client, request, _ => { if (Interlocked.Increment(ref tokens) == after) leave.Cancel(); }, leave.Token)).ToList();
            if (after == 0) await leave.CancelAsync();
            foreach (var stream in streams) await Assert.ThrowsAnyAsync<OperationCanceledException>(() => stream.WaitAsync(Executable.Limit));
            var left = Stopwatch.GetTimestamp();
            await cluster.AllAtRestAsync();
            times.Add(Stopwatch.GetElapsedTime(left).TotalSeconds);
        }

        Assert.True(Median(times) < 1, $"It took {string.Join(", ", times.Select(time => $"{time:0.00}"))} s.");
    }

    [SkippableFact]
    public async Task When_a_gateway_is_killed_its_streams_end_and_the_workers_drop_their_work()
    {
        Skip.If(cluster.Missing is not null, cluster.Missing);
        await cluster.AllServingAsync();
        var (gateway, address, client) = await cluster.StartGatewayAsync();
        await using var process = gateway;
        using var http = client;
        var requests = Requests(new Random(11), Streams, newTokens: 150);
        var tokens = 0;
        var streams = requests.Select(request => TokenStream.StreamAsync(http, request, _ =>
        {
            if (Interlocked.Increment(ref tokens) == 40) RoleProcesses.Kill(process.Id);
        })).ToList();

        // All of them end, and where no more was sent than this side had read, by a broken connection.
        await ((Task)Task.WhenAll(streams).WaitAsync(Executable.Limit)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Assert.All(streams, stream => Assert.True(stream.IsCompleted));
        Assert.Contains(streams, stream => stream.IsFaulted);
        foreach (var stream in streams.Where(stream => stream.IsFaulted)) Assert.True(stream.Exception!.InnerException is IOException or HttpRequestException, $"{stream.Exception}");
        foreach (var (stream, request) in streams.Zip(requests).Where(pair => pair.First.IsCompletedSuccessfully)) Assert.Equal(request.NewTokens, (await stream).Length);

        await cluster.AllAtRestAsync();
        await cluster.RemoveDeadAsync(address);
        var answer = await TokenStream.AskAsync(cluster.Client, requests[0]);
        Assert.Equal(requests[0].NewTokens, answer.Length);
    }

    [SkippableFact]
    public async Task Reference_prompts_are_continued_as_the_reference_does()
    {
        Skip.If(cluster.Missing is not null, cluster.Missing);
        await cluster.AllServingAsync(perRole: 1);
        foreach (var reference in cluster.References)
            Assert.Equal(reference.GreedyIds, await TokenStream.AskAsync(cluster.Client, new TokenRequest(reference.PromptIds, reference.GreedyIds.Length)));
    }

    /// <summary>While prompts are processed; when a first token comes, which leaves before its last pages; or in the midst of streams.</summary>
    private static Moment ChooseMoment(Random random) => random.Next(4) switch
    {
        0 => new Moment(0),
        1 => new Moment(random.Next(1, Streams), OfFirst: true),
        _ => new Moment(random.Next(1, Streams * 20)),
    };

    /// <param name="strike">Done at the moment, while the streams go on.</param>
    private async Task<IReadOnlyList<int[]>> RunAsync(IEnumerable<TokenRequest> requests, Moment moment, Func<Task> strike)
    {
        var tokens = 0;
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var streams = requests.Select(request => TokenStream.StreamAsync(cluster.Client, request, count =>
        {
            if ((count == 1 || !moment.OfFirst) && Interlocked.Increment(ref tokens) == moment.Tokens) killed.TrySetResult();
        })).ToList();
        if (moment.Tokens == 0) killed.TrySetResult();
        var answers = Task.WhenAll(streams);
        await Task.WhenAny(killed.Task, answers);
        await strike();
        return await answers.WaitAsync(Executable.Limit);
    }

    /// <summary>Of the last seven.</summary>
    private static double Median(List<double> times) => times.TakeLast(7).Order().ElementAt(3);

    private static List<TokenRequest> Requests(Random random, int count, int? newTokens = null) =>
        [.. Enumerable.Range(0, count).Select(_ => new TokenRequest(
            [.. Enumerable.Range(0, random.Next(4, MaxPromptTokens)).Select(_ => random.Next(3, Vocabulary))], newTokens ?? random.Next(30, 100)))];

    /// <param name="Victim">Number of a process.</param>
    /// <param name="Moment">When it is killed.</param>
    private sealed record Fault(int Victim, Moment Moment);
}
