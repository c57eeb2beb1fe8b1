using ActorInference.Actors.Kv;
using ActorInference.Gpu.Engine;

namespace ActorInference.Gpu.Ranks;

/// <summary>
/// Steps on their way from rank 0 to the others, as numbers in slots of a ring that all ranks read: a step that is longer than a slot goes on in
/// the next. A slot: numbers in it, whether it is the step's last, the numbers. A step: its sequences; of each the tokens, first position, pages and
/// logits counted, and whether tokens are chosen where the logits are; then the tokens, then the pages.
/// </summary>
internal sealed unsafe class StepWriter(RankGroup group, KvPageLayout layout, TimeSpan deadline)
{
    private const int Head = 2;

    private int* _slot;
    private int _used;
    private int _published;

    /// <summary>Tells the other ranks of a step.</summary>
    /// <exception cref="RankFailedException">The ring is full, and a rank does not go on reading.</exception>
    public void Write(ForwardBatch batch)
    {
        Open();
        Put(batch.Count);
        for (var i = 0; i < batch.Count; i++)
        {
            var tokens = batch.Tokens(i);
            var first = batch.FirstPosition(i);
            var pages = batch.Pages(i)[..layout.PagesFor(first + tokens.Length)];
            Put(tokens.Length);
            Put(first);
            Put(pages.Length);
            Put(batch.LogitCount(i));
            Put(batch.Choice(i) is null ? 0 : 1);
            Put(tokens);
            Put(pages);
        }

        Close(isLast: true);
    }

    private void Put(int number)
    {
        if (_used == RankMemory.SlotInts) Turn();
        _slot[_used++] = number;
    }

    private void Put(ReadOnlySpan<int> numbers)
    {
        while (!numbers.IsEmpty)
        {
            if (_used == RankMemory.SlotInts) Turn();
            var count = Math.Min(numbers.Length, RankMemory.SlotInts - _used);
            numbers[..count].CopyTo(new Span<int>(_slot + _used, count));
            _used += count;
            numbers = numbers[count..];
        }
    }

    private void Turn()
    {
        Close(isLast: false);
        Open();
    }

    /// <summary>Waits until all ranks have read what was in the slot before.</summary>
    private void Open()
    {
        for (var rank = 1; rank < group.Ranks; rank++)
        {
            if (group.TryAwait(group.Memory.Consumed(rank), _published - RankMemory.Slots + 1, deadline)) continue;
            var failure = new RankFailedException(rank, $"Rank {rank} has not read its next step within {deadline.TotalSeconds:0.#} s.");
            group.Fail(failure);
            throw failure;
        }

        _slot = group.Memory.Slot(_published);
        _used = Head;
    }

    private void Close(bool isLast)
    {
        _slot[0] = _used - Head;
        _slot[1] = isLast ? 1 : 0;
        Volatile.Write(ref *group.Memory.Published, ++_published);
        group.Signal();
    }
}

/// <summary>The other end of a <see cref="StepWriter"/>, at one rank.</summary>
internal sealed unsafe class StepReader(RankGroup group)
{
    private int[] _numbers = new int[RankMemory.SlotInts];
    private int _consumed;

    /// <summary>Whether the next step, or its beginning, is there.</summary>
    public bool HasNext => Volatile.Read(ref *group.Memory.Published) - _consumed > 0;

    /// <summary>Waits for the next step, for as long as there may be one.</summary>
    /// <param name="batch">Overwritten.</param>
    /// <exception cref="OperationCanceledException">There will be none.</exception>
    public void Read(ForwardBatch batch)
    {
        var count = 0;
        while (Take(ref count))
        {
        }

        Unpack(_numbers.AsSpan(0, count), batch);
    }

    /// <summary>Adds a slot's numbers to those that are here.</summary>
    /// <returns>Whether the step goes on.</returns>
    private bool Take(ref int count)
    {
        group.ThrowIfEnded();
        group.TryAwait(group.Memory.Published, _consumed + 1, deadline: null);
        var slot = group.Memory.Slot(_consumed);
        var (numbers, isLast) = (slot[0], slot[1] != 0);
        if (_numbers.Length < count + numbers) Array.Resize(ref _numbers, Math.Max(count + numbers, 2 * _numbers.Length));
        new ReadOnlySpan<int>(slot + 2, numbers).CopyTo(_numbers.AsSpan(count));
        count += numbers;
        Volatile.Write(ref *group.Memory.Consumed(group.Rank), ++_consumed);
        group.Signal();
        return !isLast;
    }

    private static void Unpack(ReadOnlySpan<int> numbers, ForwardBatch batch)
    {
        batch.Clear();
        var at = 1;
        for (var i = 0; i < numbers[0]; i++)
        {
            var (tokens, first, pages, logits, isChosen) = (numbers[at], numbers[at + 1], numbers[at + 2], numbers[at + 3], numbers[at + 4] != 0);
            at += 5;
            var index = batch.Add(numbers.Slice(at, tokens), first, numbers.Slice(at + tokens, pages), logits);
            if (isChosen) batch.LetChoose(index, default);
            at += tokens + pages;
        }
    }
}
