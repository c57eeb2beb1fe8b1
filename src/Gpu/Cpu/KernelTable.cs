global using unsafe TileKernel = delegate*<float*, nint, int, byte*, nint, int, nint, float*, nint, bool, void>;
global using unsafe KvRowKernel = delegate*<byte*, nint, int, int, float*, nint, void>;
global using unsafe TileEnd = delegate*<float*, nint, int, int, float*, float*, nint, void>;

using System.Runtime.Intrinsics;
using ActorInference.Gpu.Models;

namespace ActorInference.Gpu.Cpu;

/// <summary>The kernels of one vector width, as function pointers: chosen once, called without further thought.</summary>
internal sealed unsafe class KernelTable
{
    private readonly TileKernel[][] _tiles;
    private readonly int _maxTileRows;

    private KernelTable(SimdLevel level, TileKernel[][] tiles)
    {
        Level = level;
        _tiles = tiles;
        _maxTileRows = tiles[0].Length - 1;
    }

    public SimdLevel Level { get; }

    /// <summary>Floats in a vector.</summary>
    public int VectorFloats => (int)Level / 32;

    /// <summary>Columns of a panel: two vectors.</summary>
    public int PanelColumns => 2 * VectorFloats;

    public required delegate*<float*, float*, float*, int, int, float, void> RmsNorm { get; init; }

    public required delegate*<float*, float*, int, float, void> HeadNorm { get; init; }

    public required delegate*<float*, float*, float*, int, void> Rotate { get; init; }

    public required delegate*<float*, float, float*, int, void> Scale { get; init; }

    public required delegate*<float*, int, int, float*, float*, float*, int, void> SoftmaxBlock { get; init; }

    public required TileEnd Store { get; init; }

    public required TileEnd Add { get; init; }

    public required TileEnd SwiGlu { get; init; }

    public required TileEnd GeGlu { get; init; }

    public required delegate*<float*, int, float, void> SoftCap { get; init; }

    public required delegate*<byte*, nint, float*, void> WidenPanelF16 { get; init; }

    public required delegate*<byte*, nint, float*, void> WidenPanelBF16 { get; init; }

    public required delegate*<float, float, float*, float*, float*, float*, int, void> SoftmaxJoin { get; init; }

    /// <summary>Widens rows of keys or values, for each type that the processor computes with.</summary>
    public required KvRowKernel[] WidenRows { get; init; }

    /// <summary>Widens rows of values into panels.</summary>
    public required KvRowKernel[] SpreadRows { get; init; }

    /// <summary>Takes a tile of products to where it belongs.</summary>
    /// <param name="c">Shape <c>[rows, columns]</c>, whole panels.</param>
    /// <param name="column">First of its columns in the product.</param>
    /// <param name="bias">Of the whole product, or null.</param>
    /// <param name="target">First row of it. Shape <c>[rows, ldt]</c>.</param>
    public void Finish(GemmEnd end, float* c, nint columns, int rows, int column, float* bias, float* target, nint ldt)
    {
        var write = end switch { GemmEnd.Store => Store, GemmEnd.Add => Add, GemmEnd.SwiGlu => SwiGlu, _ => GeGlu };
        // Gate and up become one.
        var first = end is GemmEnd.SwiGlu or GemmEnd.GeGlu ? column / 2 : column;
        write(c, columns, rows, (int)columns, bias == null ? null : bias + column, target + first, ldt);
    }

    /// <summary>How many of the remaining rows the next tile should take.</summary>
    public int NextTile(int remaining)
    {
        if (remaining <= _maxTileRows) return remaining;
        // Two middling tiles keep the multipliers busier than a full one and a sliver.
        var middling = _maxTileRows * 2 / 3;
        return remaining <= 2 * middling ? middling : _maxTileRows;
    }

    /// <summary>The kernel for a tile of so many rows, at most what <see cref="NextTile"/> gives.</summary>
    public TileKernel Tile(WeightDtype dtype, int rows) => _tiles[(int)dtype][rows];

    public static KernelTable For(SimdLevel level) => level switch
    {
        SimdLevel.Bits128 => Create<Simd128, Vector128<float>>(level, wide: false),
        SimdLevel.Bits256 => Create<Simd256, Vector256<float>>(level, wide: false),
        SimdLevel.Bits512 => Create<Simd512, Vector512<float>>(level, wide: true),
        _ => throw new ArgumentOutOfRangeException(nameof(level), level, "Unknown vector width."),
    };

    private static KernelTable Create<S, V>(SimdLevel level, bool wide)
        where S : struct, ISimd<V>
        where V : struct =>
        new(level, [Tiles<S, V, PanelF32<S, V>>(wide), Tiles<S, V, PanelF16<S, V>>(wide), Tiles<S, V, PanelBF16<S, V>>(wide)])
        {
            RmsNorm = &VectorOps<S, V>.RmsNorm,
            HeadNorm = &VectorOps<S, V>.HeadNorm,
            Rotate = &VectorOps<S, V>.Rotate,
            Scale = &VectorOps<S, V>.Scale,
            SoftmaxBlock = &Softmax<S, V>.Block,
            Store = &VectorOps<S, V>.StoreTile,
            Add = &VectorOps<S, V>.AddTile,
            SwiGlu = &VectorOps<S, V>.GatedTile<SiluGate<S, V>>,
            GeGlu = &VectorOps<S, V>.GatedTile<GeluGate<S, V>>,
            SoftCap = &VectorOps<S, V>.SoftCap,
            WidenPanelF16 = &VectorOps<S, V>.WidenPanel<PanelF16<S, V>>,
            WidenPanelBF16 = &VectorOps<S, V>.WidenPanel<PanelBF16<S, V>>,
            SoftmaxJoin = &Softmax<S, V>.Join,
            WidenRows = [&KvRows<S, V, KvF32<S, V>>.Widen, &KvRows<S, V, KvF16<S, V>>.Widen, &KvRows<S, V, KvBF16<S, V>>.Widen, &KvRows<S, V, KvQ8<S, V>>.Widen],
            SpreadRows = [&KvRows<S, V, KvF32<S, V>>.Spread, &KvRows<S, V, KvF16<S, V>>.Spread, &KvRows<S, V, KvBF16<S, V>>.Spread, &KvRows<S, V, KvQ8<S, V>>.Spread],
        };

    /// <summary>Kernels by number of rows; entry 0 is never used.</summary>
    private static TileKernel[] Tiles<S, V, P>(bool wide)
        where S : struct, ISimd<V>
        where V : struct
        where P : struct, IPanel<V>
    {
        TileKernel one = &MicroKernels<S, V, P>.Rows1, two = &MicroKernels<S, V, P>.Rows2;
        TileKernel four = &MicroKernels<S, V, P>.Rows4, six = &MicroKernels<S, V, P>.Rows6;
        if (!wide) return [null, one, two, four, four, six, six];
        TileKernel eight = &WideMicroKernels<S, V, P>.Rows8, twelve = &WideMicroKernels<S, V, P>.Rows12;
        return [null, one, two, four, four, six, six, eight, eight, twelve, twelve, twelve, twelve];
    }
}
