using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using ActorInference.Actors.Generation;
using ActorInference.Actors.Ids;
using ActorInference.Host.Serving;
using ActorInference.Host.Tracing;
using ActorInference.Roles.Gateway;

namespace ActorInference.Host.Text;

/// <summary>Generations as text. All work on text is done by the caller's thread, none by actors. Thread-safe.</summary>
public sealed class TextGeneration(ITokenGenerator generator, ServedModel model)
{
    /// <summary>Updates of different choices that may wait for the reader, before generations wait for it.</summary>
    private const int MergeCapacity = 256;

    /// <summary>Runs one generation. There is an update a token, as soon as the token is there.</summary>
    /// <exception cref="GenerationFailedException">The cluster gave up.</exception>
    public async IAsyncEnumerable<TextUpdate> RunAsync(
        TextRequest request, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, request.Aborted);
        var assembler = new TextAssembler(request, model);
        using var span = RequestSpan.Current?.Begin(request);
        var generation = new GenerationRequest(RequestId.New(), request.PromptIds, request.Sampling)
        {
            CacheSalt = request.CacheSalt,
            Priority = request.Priority,
            Trace = span?.Context,
        };
        await using var updates = generator.GenerateAsync(generation, stop.Token).GetAsyncEnumerator(stop.Token);

        while (true)
        {
            var update = await NextAsync(updates, request, stop.Token, cancellationToken);
            if (update is GenerationFailed failed)
            {
                span?.Fail(failed);
                throw new GenerationFailedException(failed.Error, failed.Message);
            }

            if (update is GenerationFinished finished)
            {
                var last = assembler.End(finished);
                span?.Finish(last.Finish!.Reason);
                yield return last;
                yield break;
            }

            var token = (TokenGenerated)update;
            span?.Take(token);
            assembler.Add(token);
            while (assembler.TryTake(out var next))
            {
                if (next.Finish is { } finish) span?.Finish(finish.Reason);
                if (next.Finish is not null) await stop.CancelAsync();   // A stop string: the cluster does not know yet.
                yield return next;
                if (next.Finish is not null) yield break;
            }
        }
    }

    /// <summary>Runs several generations at once; updates come as they arrive, in order within a choice.</summary>
    /// <exception cref="GenerationFailedException">One of them failed; the others are cancelled.</exception>
    public IAsyncEnumerable<TextUpdate> RunAllAsync(IReadOnlyList<TextRequest> requests, CancellationToken cancellationToken = default) =>
        requests.Count == 1 ? RunAsync(requests[0], cancellationToken) : MergeAsync(requests, cancellationToken);

    private async IAsyncEnumerable<TextUpdate> MergeAsync(
        IReadOnlyList<TextRequest> requests, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var merged = Channel.CreateBounded<TextUpdate>(new BoundedChannelOptions(MergeCapacity) { SingleReader = true });
        var producers = Task.WhenAll(requests.Select(request => ProduceAsync(request, merged.Writer, stop)));
        var completion = producers.ContinueWith(
            done => merged.Writer.TryComplete(FirstCause(done)), CancellationToken.None,
            TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        try
        {
            await foreach (var update in merged.Reader.ReadAllAsync(cancellationToken)) yield return update;
        }
        finally
        {
            await stop.CancelAsync();
            await completion;
        }
    }

    private async Task ProduceAsync(TextRequest request, ChannelWriter<TextUpdate> merged, CancellationTokenSource stop)
    {
        try
        {
            await foreach (var update in RunAsync(request, stop.Token)) await merged.WriteAsync(update, stop.Token);
        }
        catch (Exception)
        {
            await stop.CancelAsync();
            throw;
        }
    }

    /// <summary>What made the first generation fail, rather than the cancellations that followed from it.</summary>
    private static Exception? FirstCause(Task producers) =>
        producers.Exception?.InnerExceptions.FirstOrDefault(cause => cause is not OperationCanceledException)
        ?? (producers.IsCanceled ? new OperationCanceledException() : producers.Exception?.InnerException);

    private static async ValueTask<GenerationUpdate> NextAsync(
        IAsyncEnumerator<GenerationUpdate> updates, TextRequest request, CancellationToken stop, CancellationToken cancellationToken)
    {
        try
        {
            if (!await updates.MoveNextAsync())
            {
                stop.ThrowIfCancellationRequested();
                throw new UnreachableException("A generation ended without saying how.");
            }

            return updates.Current;
        }
        catch (OperationCanceledException) when (request.Aborted.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            return new GenerationFinished(FinishReason.Aborted, null, 0);
        }
    }
}
