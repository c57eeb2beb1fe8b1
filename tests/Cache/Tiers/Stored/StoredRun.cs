using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using ActorInference.Cache.Store;
using ActorInference.Cache.Tests.Store;
using ActorInference.Cache.Tiers;
using ActorInference.Gpu.Engine;
using Akka.Actor;

namespace ActorInference.Cache.Tests.Tiers.Stored;

/// <summary>
/// Conversations with two workers before two stores and their shards, to which everything happens that may; all follows from a seed but the
/// order in which threads come. Every answer is compared with that of the model without a cache.
/// </summary>
internal sealed class StoredRun(int seed, TinyModel model, string folder)
{
    private const int Rounds = 9;

    private const int BatchesPerRound = 4;
    private const int TurnsPerBatch = 4;
    private const int Buckets = 4;
    private const double FlippedShare = 0.1;
    private const long StoreBytes = 1 << 20;

    private readonly Random _random = new(seed);
    private readonly StoreWay _way = (StoreWay)(seed % 3);
    private readonly List<StoredWorker> _workers = [];
    private readonly HashSet<KvPageKey> _known = [];
    private readonly IActorRef?[] _stores = new IActorRef?[2];   // Null for one that is dead.
    private StoreSystem _system = null!;

    public int Requests { get; private set; }

    /// <summary>Of the prompts, what a cache that forgets nothing would have.</summary>
    public long KnownTokens { get; private set; }

    public long StoredTokens => _workers.Sum(worker => worker.StoredTokens);

    public int Flipped { get; private set; }

    public int Torn { get; private set; }

    public async Task PlayAsync()
    {
        _system = new StoreSystem(
            new CacheShardOptions { Buckets = Buckets, Lease = TimeSpan.FromMilliseconds(50), AgeStep = TimeSpan.FromMilliseconds(50) },
            new StoreLiveness { Tick = TimeSpan.FromMilliseconds(20), SuspectAfter = TimeSpan.FromMinutes(10), RemoveAfter = TimeSpan.FromMinutes(20) });
        await using (_system)
        {
            for (var i = 0; i < _stores.Length; i++) await StartStoreAsync(i);
            var write = seed % 4 == 3 ? TierWritePolicy.WriteBack : TierWritePolicy.WriteThrough;
            for (var i = 0; i < 2; i++) _workers.Add(new StoredWorker(_system, model, _random, _way, write, replicas: 1 + seed % 2, Engine()));
            await TalkAsync();
            foreach (var worker in _workers) await worker.EndAsync();
        }

        _workers.ForEach(worker => worker.Dispose());
    }

    private async Task TalkAsync()
    {
        var conversations = new Conversations(_random);
        for (var round = 0; round < Rounds; round++)
        {
            await DisturbAsync(round);
            var turns = Enumerable.Range(0, BatchesPerRound * TurnsPerBatch).Select(_ => conversations.Next()).ToList();
            var expected = turns.Zip(model.Answer(turns)).ToDictionary(pair => pair.First, pair => pair.Second);
            foreach (var batch in turns.Chunk(TurnsPerBatch)) await _workers[_random.Next(_workers.Count)].AskAsync(batch, steps: _random.Next(3));
            foreach (var (turn, answer) in _workers.SelectMany(worker => worker.Finish()))
            {
                Assert.True(
                    expected[turn].SequenceEqual(answer), $"Round {round}: the answer is {string.Join(' ', answer)}; without a cache it is {string.Join(' ', expected[turn])}.");
                conversations.Learn(turn, answer);
            }

            foreach (var turn in turns) KnownTokens += CountKnown(turn);
            foreach (var turn in turns) Know(turn, expected[turn]);
            Requests += turns.Count;
            foreach (var worker in _workers)
            {
                if (_random.Next(3) > 0) await worker.ForgetAsync();
                else await worker.FlushAsync();
            }
        }
    }

    private int CountKnown(Turn turn) =>
        KeysOf(turn.Space, turn.Prompt.AsSpan(0, turn.Prompt.Length - 1)).TakeWhile(_known.Contains).Count() * model.Layout.PageSizeTokens;

    private void Know(Turn turn, IReadOnlyList<int> answer) => _known.UnionWith(KeysOf(turn.Space, [.. turn.Prompt, .. answer.SkipLast(1)]));

    private KvPageKey[] KeysOf(KvNamespaceId space, ReadOnlySpan<int> tokens)
    {
        var keys = new KvPageKey[tokens.Length / model.Layout.PageSizeTokens];
        KvPageKey.Chain(space, tokens[..(keys.Length * model.Layout.PageSizeTokens)], model.Layout.PageSizeTokens, keys);
        return keys;
    }

    /// <summary>Something else goes wrong before each round, and pages rot before every other one. What has died comes back a round later.</summary>
    private async Task DisturbAsync(int round)
    {
        for (var i = 0; i < _stores.Length; i++)
        {
            if (_stores[i] is null) await StartStoreAsync(i);
        }

        if (round % 2 == 1) Flipped += _stores.Sum(store => _system.FlipBits(store!, _random, FlippedShare));
        var victim = _random.Next(_stores.Length);
        switch ((round + seed) % 4)
        {
            case 0:
                await GovernAsync(victim, CacheStoreProtocol.StoreAction.Snapshot);
                await KillAsync(victim);
                Tear(FolderOf(victim));
                if (_random.Next(2) == 0) await StartStoreAsync(victim);
                break;
            case 1:
                await GovernAsync(victim, CacheStoreProtocol.StoreAction.Unmount);
                await KillAsync(victim);   // It is dead by now.
                await StartStoreAsync(victim);
                break;
            case 2:
                await KillAsync(victim);
                break;
            default:
                if (seed % 3 == 0) await KillShardAsync(_random.Next(Buckets));
                break;
        }
    }

    private async Task StartStoreAsync(int number)
    {
        var memory = _way == StoreWay.SharedMemory ? StoreMemory.Shared(StoreBytes) : StoreMemory.Private(StoreBytes);
        var disk = new StoreDiskOptions { Path = FolderOf(number), QuotaBytes = 1 << 30, SnapshotInterval = TimeSpan.FromHours(1) };
        _stores[number] = await _system.AddStoreAsync(number, memory, disk, listens: _way == StoreWay.Network);
        if (_way != StoreWay.InProcess) _system.ForgetMemory();
    }

    private Task GovernAsync(int number, CacheStoreProtocol.StoreAction action) => _system.GovernAsync(_stores[number]!, action);

    private async Task KillAsync(int number)
    {
        await _system.KillAsync(_stores[number]!);
        _stores[number] = null;
        await StoreSystem.UntilAsync(
            "its death is known", () => _system.Process.Table.TryGet(Store.Keys.Store(number), out var known) && known.IsSuspect);
    }

    private async Task KillShardAsync(int bucket)
    {
        var status = new CacheShardProtocol.GetShardStatus(bucket);
        await _system.Shards.Ask<CacheShardProtocol.ShardStatus>(status, StoreSystem.Patience);
        var shard = await _system.System.ActorSelection($"/user/shards/{bucket}/shard").ResolveOne(StoreSystem.Patience);
        await shard.GracefulStop(StoreSystem.Patience, Kill.Instance);
        await StoreSystem.UntilAsync("the shard has begun again", async () =>
        {
            try
            {
                await _system.Shards.Ask<CacheShardProtocol.ShardStatus>(status, TimeSpan.FromMilliseconds(200));
                return true;
            }
            catch (AskTimeoutException)
            {
                return false;   // What is asked meanwhile is lost.
            }
        });
    }

    /// <summary>What a crash or a bad disk does to one of a store's files.</summary>
    private void Tear(string path)
    {
        var files = Directory.EnumerateFiles(path, "bucket-*").Order(StringComparer.Ordinal).ToList();
        if (files.Count == 0) return;
        var file = files[_random.Next(files.Count)];
        var bytes = File.ReadAllBytes(file);
        if (bytes.Length == 0) return;
        if (_random.Next(2) == 0) bytes = bytes[.._random.Next(bytes.Length)];
        else bytes[_random.Next(bytes.Length)] ^= (byte)(1 << _random.Next(8));
        File.WriteAllBytes(file, bytes);
        Torn++;
    }

    private string FolderOf(int store) => Path.Combine(folder, $"{seed}-{store}");

    private EngineOptions Engine() => new()
    {
        StepTarget = TimeSpan.Zero,
        MaxStepTokens = _random.Next(16, 200),
        MaxSequences = _random.Next(2, 9),
        GrowthWindowTokens = _random.Next(1, 12),
        MinSharedTokens = _random.Next(8, 64),
        Order = _random.Next(2) == 0 ? AdmissionOrder.Arrival : AdmissionOrder.LongestPrefix,
        OverlapLoadBytes = _random.Next(2),
    };
}
