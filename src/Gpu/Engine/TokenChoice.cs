namespace ActorInference.Gpu.Engine;

/// <summary>How a runner is to choose a sequence's next token: what <see cref="Sampling.Sampler"/> would do without bias, penalties and masks.</summary>
/// <param name="Temperature">0 takes the largest logit.</param>
/// <param name="TopK">Candidates kept; 0 keeps all.</param>
/// <param name="TopP">Mass kept, in (0, 1].</param>
/// <param name="MinP">Candidates below this share of the best one are dropped.</param>
/// <param name="Seed">Of the stream of random numbers.</param>
/// <param name="Draw">Which of them; those after it are for the tokens after it.</param>
public readonly record struct TokenChoice(float Temperature, int TopK, float TopP, float MinP, ulong Seed, int Draw);
