using System.Collections.Immutable;
using ActorInference.Actors.Kv;
using ActorInference.Actors.Protocols;
using Akka.Actor;

namespace ActorInference.Cache.Store;

/// <summary>One question about many pages, asked of the shards that know them, and the answers in the order of the pages. Thread-safe.</summary>
internal sealed class ShardQuestions(IActorRef shards, int buckets, TimeSpan deadline)
{
    /// <param name="question">Makes the message to one bucket.</param>
    /// <param name="results">One for each page that was asked about.</param>
    /// <exception cref="AskTimeoutException">A shard has not answered.</exception>
    public async Task<TResult[]> AskAsync<TAnswer, TResult>(
        ImmutableArray<KvPageKey> keys,
        Func<int, ImmutableArray<KvPageKey>, object> question,
        Func<TAnswer, ImmutableArray<TResult>> results,
        CancellationToken cancellationToken)
    {
        var parts = Divide(keys);
        var asked = parts.ConvertAll(part => shards.Ask<TAnswer>(question(part.Bucket, [.. part.Places.Select(place => keys[place])]), deadline, cancellationToken));
        var answers = await Task.WhenAll(asked).ConfigureAwait(false);
        var all = new TResult[keys.Length];
        for (var i = 0; i < parts.Count; i++)
        {
            var part = results(answers[i]);
            if (part.Length != parts[i].Places.Count) throw new StorageUnavailableException($"A shard was asked about {parts[i].Places.Count} pages and answers about {part.Length}.");
            for (var j = 0; j < part.Length; j++) all[parts[i].Places[j]] = part[j];
        }

        return all;
    }

    /// <summary>The places of the keys of each bucket.</summary>
    public List<(int Bucket, List<int> Places)> Divide(ImmutableArray<KvPageKey> keys)
    {
        var parts = new Dictionary<int, List<int>>();
        for (var i = 0; i < keys.Length; i++)
        {
            var bucket = CacheBuckets.Of(keys[i], buckets);
            if (!parts.TryGetValue(bucket, out var places)) parts.Add(bucket, places = []);
            places.Add(i);
        }

        return [.. parts.Select(pair => (pair.Key, pair.Value))];
    }
}
