using System.Runtime.Intrinsics.X86;
using System.Runtime.InteropServices;

namespace ActorInference.Gpu.Cpu.Quantized.Emitted;

/// <summary>
/// Products with signed bytes by AVX-512 VNNI's instruction for them, vpdpbusd: 64 multiply-adds where AVX2 needs eight instructions. .NET has no intrinsic for
/// it on processors with AVX-512, so that the kernel is written into memory at start. Its sums are the same bits as those of <see cref="ByteKernels{D, S}"/>.
/// </summary>
/// <remarks>
/// The instruction takes unsigned bytes by signed ones. Weights are moved by 128, a change of their upper bit; a row's sums begin at -128 times the sum of its activations, which
/// makes up for it exactly. Only for Linux on x64: its calling convention leaves all vectors to the kernel.
/// </remarks>
internal static unsafe class ByteProducts
{
    /// <summary>Rows of a tile.</summary>
    public const int Rows = 8;

    /// <summary>Groups of eight outputs of a tile.</summary>
    public const int Groups = 2;

    private const int ExtendedFeatures = 7;
    private const int VnniBit = 11;
    private const int Fours = 4;
    private const int PrefetchBytes = 2048;

    // Vectors: outputs and sums of the rows, the weights in turns, and three more.
    private const int Outputs = 16, Sums = 24, Weights = 0, SignBits = 2, Scale = 3, Factor = 4;

    private static readonly delegate* unmanaged<EmittedTile*, void> Halves = Emit<HalfScales>(isHalf: true);
    private static readonly delegate* unmanaged<EmittedTile*, void> Singles = Emit<SingleScales>(isHalf: false);

    /// <summary>Whether this processor and this system run such kernels. Off with .NET's own setting for AVX-512, as DOTNET_EnableAVX512=0.</summary>
    public static bool IsSupported => Halves != null && Singles != null;

    /// <summary>The kernel for a layout of bytes; null for others and where there are none.</summary>
    public static delegate* unmanaged<EmittedTile*, void> For(QuantLayout layout) => layout switch
    {
        QuantLayout.Bytes32 => Halves,
        QuantLayout.Bytes256 => Singles,
        _ => null,
    };

    private static bool HasVnni => OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture == Architecture.X64
        && Avx512BW.IsSupported && (X86Base.CpuId(ExtendedFeatures, 0).Ecx >> VnniBit & 1) == 1;

    private static delegate* unmanaged<EmittedTile*, void> Emit<S>(bool isHalf)
        where S : struct, IQuantScales => HasVnni ? (delegate* unmanaged<EmittedTile*, void>)MachineCode.Place(Code<S>(isHalf)) : null;

    private static byte[] Code<S>(bool isHalf)
        where S : struct, IQuantScales
    {
        var code = new WideAssembler();
        Begin(code);
        var start = code.Length;
        for (var row = 0; row < Rows; row++) code.Broadcast(Sums + row, Row(Gpr.R9, row, sizeof(int)));
        for (var v = 0; v < QuantLayouts.Lanes; v++) Dot(code, v, S.Bytes);
        for (var line = 0; line < S.Bytes + ByteCodes.Bytes; line += 64)
        {
            code.Prefetch(new At(Gpr.Rax, PrefetchBytes + line));
            code.Prefetch(new At(Gpr.Rax, PrefetchBytes + line, Gpr.Rcx));
        }

        AddScaled(code, isHalf);
        code.Add(Gpr.Rax, S.Bytes + ByteCodes.Bytes);
        code.Add(Gpr.Rdx, Fours * QuantLayouts.BlockInputs);
        code.Add(Gpr.R8, Fours * sizeof(float));
        code.Add(Gpr.R9, Fours * sizeof(int));
        code.Loop(Gpr.R10, start);
        End(code);
        return code.ToArray();
    }

    /// <summary>Fields into registers, outputs so far into vectors.</summary>
    private static void Begin(WideAssembler code)
    {
        AtOutputs(code);
        for (var row = 0; row < Rows; row++)
        {
            code.Load(Outputs + row, new At(Gpr.Rax, 0));
            code.Add(Gpr.Rax, Gpr.Rcx);
        }

        Gpr[] fields = [Gpr.Rdx, Gpr.R8, Gpr.R9, Gpr.Rsi, Gpr.Rax, Gpr.Rcx, Gpr.R10];
        for (var i = 0; i < fields.Length; i++) code.Load(fields[i], Field(i));
        code.Broadcast(SignBits, Field(EmittedTile.SignBitsField));
    }

    /// <summary>Vector v of both groups times word v of each row.</summary>
    private static void Dot(WideAssembler code, int v, int scaleBytes)
    {
        var w = Weights + v % 2;
        code.LoadHalf(w, new At(Gpr.Rax, scaleBytes + 32 * v));
        code.InsertUpper(w, w, new At(Gpr.Rax, scaleBytes + 32 * v, Gpr.Rcx));
        code.Xor(w, w, SignBits);
        for (var row = 0; row < Rows; row++)
        {
            var offset = row % Fours * QuantLayouts.BlockInputs + 4 * v;
            // A block's activations are eight times as long as its scales.
            code.DotBytes(Sums + row, w, row < Fours ? new At(Gpr.Rdx, offset) : new At(Gpr.Rdx, offset, Gpr.Rsi, 8));
        }
    }

    /// <summary>Outputs += sums * (scales of weights * scale of the row), rounded as other kernels do.</summary>
    private static void AddScaled(WideAssembler code, bool isHalf)
    {
        if (isHalf)
        {
            code.WidenHalves(Scale, new At(Gpr.Rax, 0));
            code.WidenHalves(Factor, new At(Gpr.Rax, 0, Gpr.Rcx));
            code.InsertUpper(Scale, Scale, Factor);
        }
        else
        {
            code.LoadHalf(Scale, new At(Gpr.Rax, 0));
            code.InsertUpper(Scale, Scale, new At(Gpr.Rax, 0, Gpr.Rcx));
        }

        for (var row = 0; row < Rows; row++)
        {
            code.ToFloats(Sums + row, Sums + row);
            code.Multiply(Factor, Scale, Row(Gpr.R8, row, sizeof(float)));
            code.MultiplyAdd(Outputs + row, Sums + row, Factor);
        }
    }

    /// <summary>Rax is the first row of outputs, Rcx what is from one to the next.</summary>
    private static void AtOutputs(WideAssembler code)
    {
        code.Load(Gpr.Rax, Field(EmittedTile.OutputsField));
        code.Load(Gpr.Rcx, Field(EmittedTile.OutputsField + 1));
    }

    private static At Field(int index) => new(Gpr.Rdi, sizeof(long) * index);

    private static At Row(Gpr at, int row, int bytes) => row < Fours ? new At(at, row * bytes) : new At(at, row % Fours * bytes, Gpr.Rsi);

    private static void End(WideAssembler code)
    {
        AtOutputs(code);
        for (var row = 0; row < Rows; row++)
        {
            code.Store(Outputs + row, new At(Gpr.Rax, 0));
            code.Add(Gpr.Rax, Gpr.Rcx);
        }

        code.ClearUpper();
        code.Return();
    }
}
