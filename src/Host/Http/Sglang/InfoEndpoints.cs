using ActorInference.Actors.Generation;
using ActorInference.Host.Serving;
using ActorInference.Host.Text;

namespace ActorInference.Host.Http.Sglang;

/// <summary>What the server is, and whether it works.</summary>
public sealed class InfoEndpoints(ServedModel model, TextGeneration generation, ActiveRequests active, Readiness readiness)
{
    /// <summary>Weights do not change while a process serves them.</summary>
    public const string WeightVersion = "default";

    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(20);

    public Task RootAsync(HttpContext http) => http.Response.WriteAsync($"ActorInference {ProductVersion.Text} is running.\n", http.RequestAborted);

    /// <summary>200 as soon as workers of every role are there; 503 before, and once one is lost.</summary>
    public Task HealthAsync(HttpContext http)
    {
        if (!readiness.IsReady) throw new ApiException(ApiError.Unavailable("The server has no worker of some role yet."));
        return http.Response.WriteAsJsonAsync(new HealthAnswer("ok"), ApiJson.Readable.HealthAnswer, cancellationToken: http.RequestAborted);
    }

    /// <summary>200 once one token has gone through every role.</summary>
    public async Task HealthGenerateAsync(HttpContext http)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted);
        timeout.CancelAfter(HealthTimeout);
        var probe = new TextRequest(0, [model.Tokenizer.BosTokenId ?? 0], new SamplingOptions { MaxNewTokens = 1, Temperature = 0 });
        try
        {
            await foreach (var _ in generation.RunAsync(probe, timeout.Token)) { }
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested)
        {
            throw new ApiException(ApiError.Unavailable($"One token took more than {HealthTimeout.TotalSeconds:0} s."));
        }

        await http.Response.WriteAsJsonAsync(new HealthAnswer("ok"), ApiJson.Readable.HealthAnswer, cancellationToken: http.RequestAborted);
    }

    public Task ModelAsync(HttpContext http) => http.Response.WriteAsJsonAsync(
        new ModelInfo(model.Folder, model.Folder, true, model.Name, WeightVersion), ApiJson.Readable.ModelInfo, cancellationToken: http.RequestAborted);

    public Task ServerAsync(HttpContext http)
    {
        var info = new ServerInfo(
            model.Folder, model.Folder, model.Name, model.ContextTokens, model.PageSizeTokens, ProductVersion.Text,
            readiness.IsReady ? "ready" : "starting", [new SchedulerState(active.Count)]);
        return http.Response.WriteAsJsonAsync(info, ApiJson.Readable.ServerInfo, cancellationToken: http.RequestAborted);
    }
}

public sealed record HealthAnswer(string Status);

public sealed record ModelInfo(string ModelPath, string TokenizerPath, bool IsGeneration, string ServedModelName, string WeightVersion);

public sealed record ServerInfo(
    string ModelPath, string TokenizerPath, string ServedModelName, int ContextLength, int PageSize, string Version, string Status,
    IReadOnlyList<SchedulerState> InternalStates);

/// <param name="NumRunningReqs">Requests that have not been answered to the end.</param>
public sealed record SchedulerState(int NumRunningReqs);
