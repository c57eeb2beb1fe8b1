namespace ActorInference.Gpu.Models;

/// <summary>A model without weights: a name and a configuration.</summary>
public sealed record ModelShape(string Name, ModelConfig Config)
{
    /// <summary>The byte tokens and the end-of-text token of the tokenizer that goes with random weights.</summary>
    public const int MinVocabSize = 257;

    /// <summary>Shapes of well-known models.</summary>
    public static IReadOnlyList<ModelShape> Known { get; } =
    [
        new("tinyllama-1.1b", Llama(layers: 22, hidden: 2048, heads: 32, kvHeads: 4, headDim: 64, ffn: 5632, vocab: 32000, context: 2048)),
        new("qwen2.5-0.5b", Qwen(ModelArchitecture.Qwen2, layers: 24, hidden: 896, heads: 14, kvHeads: 2, headDim: 64, ffn: 4864, context: 32768)),
        new("qwen3-0.6b", Qwen(ModelArchitecture.Qwen3, layers: 28, hidden: 1024, heads: 16, kvHeads: 8, headDim: 128, ffn: 3072, context: 40960)),
        new("llama-3.2-1b", Llama(layers: 16, hidden: 2048, heads: 32, kvHeads: 8, headDim: 64, ffn: 8192, vocab: 128256, context: 131072) with
        {
            Rope = new RopeParameters(500_000, RopeScaling.Llama3, 32, 1, 4, 8192),
            TieWordEmbeddings = true,
        }),
        new("llama-3-8b", Llama(layers: 32, hidden: 4096, heads: 32, kvHeads: 8, headDim: 128, ffn: 14336, vocab: 128256, context: 8192) with
        {
            Rope = new RopeParameters(500_000),
        }),
    ];

    /// <exception cref="ArgumentException">There is no such shape.</exception>
    public static ModelShape Find(string name) =>
        Known.FirstOrDefault(shape => shape.Name == name)
        ?? throw new ArgumentException($"shape is {name}; it must be one of {string.Join(", ", Known.Select(shape => shape.Name))} or custom.");

    /// <summary>A Llama of any size.</summary>
    /// <param name="vocab">Tokens, at least <see cref="MinVocabSize"/>.</param>
    /// <exception cref="ArgumentException">A number is out of range, or heads is no multiple of kvHeads, or headDim is odd.</exception>
    public static ModelShape Custom(int layers, int hidden, int heads, int kvHeads, int headDim, int ffn, int vocab, int context = 4096)
    {
        foreach (var (name, value) in new[] { (nameof(layers), layers), (nameof(hidden), hidden), (nameof(kvHeads), kvHeads), (nameof(ffn), ffn), (nameof(context), context) })
        {
            if (value < 1) throw new ArgumentException($"{name} is {value}; it must be at least 1.");
        }

        if (heads < 1 || heads % kvHeads != 0) throw new ArgumentException($"heads is {heads}; it must be a multiple of kvHeads, {kvHeads}.");
        if (headDim < 2 || headDim % 2 != 0) throw new ArgumentException($"headDim is {headDim}; it must be even.");
        if (vocab < MinVocabSize) throw new ArgumentException($"vocab is {vocab}; it must be at least {MinVocabSize}.");
        return new ModelShape("custom", Llama(layers, hidden, heads, kvHeads, headDim, ffn, vocab, context));
    }

    private static ModelConfig Llama(int layers, int hidden, int heads, int kvHeads, int headDim, int ffn, int vocab, int context) => new()
    {
        Architecture = ModelArchitecture.Llama,
        Layers = layers,
        HiddenSize = hidden,
        Heads = heads,
        KvHeads = kvHeads,
        HeadDim = headDim,
        IntermediateSize = ffn,
        VocabSize = vocab,
        MaxPositionEmbeddings = context,
        RmsNormEps = 1e-5f,
        Rope = new RopeParameters(10_000),
        TieWordEmbeddings = false,
    };

    private static ModelConfig Qwen(ModelArchitecture architecture, int layers, int hidden, int heads, int kvHeads, int headDim, int ffn, int context) =>
        Llama(layers, hidden, heads, kvHeads, headDim, ffn, vocab: 151936, context) with
        {
            Architecture = architecture,
            RmsNormEps = 1e-6f,
            Rope = new RopeParameters(1_000_000),
            TieWordEmbeddings = true,
            QkvBias = architecture == ModelArchitecture.Qwen2,
        };
}
