using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ActorInference.Cluster.Tests;

/// <summary>Writes to ledgers through any node that lives, repeats what was not answered, and knows what was.</summary>
public sealed class Ledgers(NodeCluster cluster, int entities, int seed)
{
    private const int Writers = 48;

    /// <summary>Many ledgers, a node that is given up first, and a machine that does other things too.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(180);

    private readonly ConcurrentDictionary<string, int> _acknowledged = new();
    private readonly CancellationTokenSource _stop = new();
    private Task _writing = Task.CompletedTask;

    /// <summary>Begins to write the numbers 1, 2, 3… to each ledger, one after another.</summary>
    public void Begin() => _writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => Task.Run(() => WriteAsync(writer))));

    /// <summary>Done when each ledger took so many more numbers.</summary>
    public async Task UntilMoreAsync(int numbers)
    {
        var targets = Enumerable.Range(0, entities).Select(index => Acknowledgements(index) + numbers).ToArray();
        await Until.HoldsAsync($"each ledger has {numbers} more numbers", () => _writing.IsCompleted
            ? throw new InvalidOperationException("Nobody writes.", _writing.Exception)
            : Task.FromResult(targets.Index().All(target => Acknowledgements(target.Index) >= target.Item)), Patience);
    }

    /// <summary>Lets the last asks be answered.</summary>
    public async Task EndAsync()
    {
        await _stop.CancelAsync();
        await _writing.WaitAsync(Patience);
    }

    /// <summary>Compares with what the entities know: all that was acknowledged, nothing twice.</summary>
    public async Task VerifyAsync()
    {
        await Parallel.ForAsync(0, entities, new ParallelOptions { MaxDegreeOfParallelism = Writers }, async (index, _) =>
        {
            var name = Name(index);
            var numbers = (await AskAsync(new Random(index), $"{name}|read")).Split(',').Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            // A number is written when the one before was acknowledged, so a correct journal counts up without gap or repetition.
            Assert.True(numbers.SequenceEqual(Enumerable.Range(1, numbers.Length)), $"Seed {seed}: ledger {name} has {string.Join(',', numbers)}.");
            Assert.True(numbers.Length >= _acknowledged.GetValueOrDefault(name), $"Seed {seed}: ledger {name} has {numbers.Length} numbers; {_acknowledged[name]} were acknowledged.");
        });
    }

    private int Acknowledgements(int index) => _acknowledged.GetValueOrDefault(Name(index));

    private static string Name(int index) => $"e{index}";

    private async Task WriteAsync(int writer)
    {
        var random = new Random((seed * 100) + writer);
        while (!_stop.IsCancellationRequested)
        {
            for (var index = writer; index < entities && !_stop.IsCancellationRequested; index += Writers)
            {
                var (name, next) = (Name(index), _acknowledged.GetValueOrDefault(Name(index)) + 1);
                await AskAsync(random, $"{name}|write {next}");
                _acknowledged[name] = next;
            }
        }
    }

    /// <summary>Asks through any living node until there is an answer.</summary>
    private async Task<string> AskAsync(Random random, string message)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var nodes = cluster.Living;
            try
            {
                return await nodes[random.Next(nodes.Count)].AskAsync($"tell {message}", TimeSpan.FromSeconds(5));
            }
            catch (Exception e) when (e is NodeFailedException or TimeoutException && watch.Elapsed < Patience)
            {
                // Nobody may have heard it, or the answer was lost: the asker's to repeat.
            }
        }
    }
}
