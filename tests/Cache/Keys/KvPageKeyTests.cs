using ActorInference.Actors.Kv;

namespace ActorInference.Cache.Tests.Keys;

/// <summary>The values are computed by another program from docs/formats/kv-page-key.md. They never change.</summary>
public sealed class KvPageKeyTests
{
    private static readonly KvNamespaceId Plain = new KvNamespace("tiny", "1", KvDtype.F32).ComputeId();
    private static readonly KvNamespaceId Tenant = new KvNamespace("tiny", "1", KvDtype.BF16, Adapter: "", TenantSalt: "tenant-ü").ComputeId();

    [Fact]
    public void Namespaces_have_the_same_id_in_every_process()
    {
        Assert.Equal("b2fce4f86f8d2ea042988754b6c58164", Plain.ToString());
        Assert.Equal("7272c4c4f2aa6c781b014f7686381e33", Tenant.ToString());
    }

    [Fact]
    public void Pages_have_the_same_key_in_every_process()
    {
        var first = KvPageKey.Of(Plain, default, [1, 2, 3, 4]);

        Assert.Equal("e14c75efd50ddcc2adb16a9fdc4100b8", first.ToString());
        Assert.Equal("6aab3787a9641d97136117765e89953f", KvPageKey.Of(Plain, first, [5, 6, 7, 8]).ToString());
        Assert.Equal("845b4c112728cf7133ab4afdc6149f4b", KvPageKey.Of(Tenant, default, [0, int.MaxValue]).ToString());
        Assert.Equal("3a530769b70752bf3c86439fe35135d8", KvPageKey.Of(Plain, default, [.. Enumerable.Range(0, 1000)]).ToString());
    }

    [Fact]
    public void A_chain_names_full_pages_only()
    {
        var keys = new KvPageKey[3];

        Assert.Equal(2, KvPageKey.Chain(Plain, [1, 2, 3, 4, 5, 6, 7, 8, 9], 4, keys));

        Assert.Equal("e14c75efd50ddcc2adb16a9fdc4100b8", keys[0].ToString());
        Assert.Equal("6aab3787a9641d97136117765e89953f", keys[1].ToString());
        Assert.Equal(default, keys[2]);
    }

    [Fact]
    public void A_key_depends_on_the_namespace_on_everything_before_it_and_on_its_tokens()
    {
        var key = KvPageKey.Of(Plain, default, [1, 2]);
        KvPageKey[] others =
        [
            KvPageKey.Of(Tenant, default, [1, 2]), KvPageKey.Of(Plain, key, [1, 2]), KvPageKey.Of(Plain, default, [2, 1]),
            KvPageKey.Of(Plain, default, [1, 2, 0]), KvPageKey.Of(Plain, default, [1]), key,
        ];

        Assert.Equal(others.Length, others.Distinct().Count());
    }

    [Fact]
    public void Every_part_of_a_namespace_counts_and_texts_do_not_run_together()
    {
        KvNamespace[] spaces =
        [
            new("ab", "c", KvDtype.F32), new("a", "bc", KvDtype.F32), new("ab", "c", KvDtype.F16), new("ab", "c", KvDtype.F32, ""),
            new("ab", "c", KvDtype.F32, null, ""), new("ab", "c", KvDtype.F32, "x", "y"), new("ab", "c", KvDtype.F32, "xy"),
            new("ab", "c", KvDtype.F32, null, "xy"), new("ab", "c", KvDtype.F32, LayoutVersion: 2),
        ];

        Assert.Equal(spaces.Length, spaces.Select(space => space.ComputeId()).Distinct().Count());
    }

    [Fact]
    public void A_key_survives_its_bytes()
    {
        var key = KvPageKey.Of(Plain, default, [7]);
        var bytes = new byte[KvPageKey.SizeBytes];

        key.WriteTo(bytes);

        Assert.Equal(key, KvPageKey.Read(bytes));
        Assert.Equal(key.ToString(), Convert.ToHexStringLower(bytes));
    }

    [Fact]
    public void What_has_no_key_is_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPageKey.Of(Plain, default, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => KvPageKey.Chain(Plain, [1], 0, new KvPageKey[1]));
        Assert.Contains("room for 1 keys; the tokens fill 2 pages", Assert.Throws<ArgumentException>(() => KvPageKey.Chain(Plain, [1, 2], 1, new KvPageKey[1])).Message);
        Assert.Contains("Adapter", Assert.Throws<ArgumentException>(() => new KvNamespace("m", "1", KvDtype.F32, "\ud800").ComputeId()).Message);
    }
}
