namespace Akka.TestKit;

public abstract partial class TestKitBase
{
    /// <summary>What is left of the block of <see cref="Within(TimeSpan, Action, TimeSpan?, CancellationToken)"/>; outside of one, the default for one expectation.</summary>
    public TimeSpan RemainingOrDefault => RemainingOr(Dilated(TestKitSettings.SingleExpectDefault));

    /// <exception cref="InvalidOperationException">Outside of a block of Within.</exception>
    public TimeSpan Remaining => _end is { } end ? end - Clock : throw new InvalidOperationException("Remaining may not be called outside of \"within\"");

    /// <summary>A time given, dilated; or else <see cref="RemainingOrDefault"/>.</summary>
    public TimeSpan RemainingOrDilated(TimeSpan? duration) => duration is not { } given ? RemainingOrDefault
        : given == Timeout.InfiniteTimeSpan ? throw new ArgumentException("The time cannot be infinite.", nameof(duration))
        : Dilated(given);

    /// <summary>Multiplied by <c>akka.test.timefactor</c>.</summary>
    public TimeSpan Dilated(TimeSpan duration) => duration == Timeout.InfiniteTimeSpan ? duration : duration * TestKitSettings.TestTimeFactor;

    public TimeSpan GetTimeoutOrDefault(TimeSpan? timeout) => timeout ?? RemainingOrDefault;

    /// <summary>Runs the block, whose expectations together may take as long as <paramref name="max"/>.</summary>
    /// <param name="epsilonValue">How much later it may end.</param>
    public void Within(TimeSpan max, Action action, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, action, null, epsilonValue, cancellationToken);

    /// <param name="min">How long the block must take at least.</param>
    public void Within(
        TimeSpan min, TimeSpan max, Action action, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        Within<object>(min, max, Run, hint, epsilonValue, cancellationToken);
        object Run()
        {
            action();
            return null;
        }
    }

    public T Within<T>(TimeSpan max, Func<T> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        Within(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public T Within<T>(
        TimeSpan min, TimeSpan max, Func<T> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var block = BeginBlock(min, max);
        T result;
        try
        {
            result = function();
        }
        finally
        {
            _end = block.OuterEnd;
        }

        EndBlock(block, min, hint, epsilonValue);
        return result;
    }

    public Task WithinAsync(TimeSpan max, Func<Task> actionAsync, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, actionAsync, null, epsilonValue, cancellationToken);

    public Task WithinAsync(
        TimeSpan min, TimeSpan max, Func<Task> actionAsync, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        return WithinAsync<object>(min, max, Run, hint, epsilonValue, cancellationToken);
        async Task<object> Run()
        {
            await actionAsync();
            return null;
        }
    }

    public Task<T> WithinAsync<T>(TimeSpan max, Func<Task<T>> function, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default) =>
        WithinAsync(TimeSpan.Zero, max, function, null, epsilonValue, cancellationToken);

    public async Task<T> WithinAsync<T>(
        TimeSpan min, TimeSpan max, Func<Task<T>> function, string hint = null, TimeSpan? epsilonValue = null, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var block = BeginBlock(min, max);
        T result;
        try
        {
            // Beyond the end the block is late whatever it does; what hangs must not hang the test.
            var longest = block.Max + (epsilonValue ?? TimeSpan.Zero) + Dilated(TestKitSettings.SingleExpectDefault);
            result = await function().WaitAsync(longest, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Failed($"Block took longer than {block.Max}. {hint}");
        }
        finally
        {
            _end = block.OuterEnd;
        }

        EndBlock(block, min, hint, epsilonValue);
        return result;
    }

    protected TimeSpan RemainingOr(TimeSpan duration) => _end is { } end ? end - Clock : duration;

    private Block BeginBlock(TimeSpan min, TimeSpan max)
    {
        var (start, outer) = (Clock, _end);
        var longest = Dilated(max);
        if (outer is { } end && end - start < longest) longest = end - start;
        if (longest < min) throw Failed($"Required min time {min} not possible, only {longest} left.");
        _lastWasNoMessage = false;
        _end = start + longest;
        return new Block(start, longest, outer);
    }

    private void EndBlock(Block block, TimeSpan min, string hint, TimeSpan? epsilon)
    {
        var elapsed = Clock - block.Start;
        if (elapsed < min) throw Failed($"Block took {elapsed}, should have at least been {min}. {hint}");
        if (!_lastWasNoMessage && elapsed > block.Max + (epsilon ?? TimeSpan.Zero))
            throw Failed($"Block took {elapsed}, exceeding {block.Max}. {hint}");
    }

    private readonly record struct Block(TimeSpan Start, TimeSpan Max, TimeSpan? OuterEnd);
}
