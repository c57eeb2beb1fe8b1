using ActorInference.Cache.Tiers;

namespace ActorInference.Cache.Tests.Tiers;

public sealed class AnswerTimeTests
{
    private readonly AnswerTime _answers = new();

    [Fact]
    public void Nothing_is_known_at_first_and_the_first_answer_does_not_count()
    {
        Assert.Equal(TimeSpan.Zero, _answers.Usual);
        Observe(1000);
        Assert.Equal(TimeSpan.Zero, _answers.Usual);
        Observe(3);
        Assert.Equal(3, _answers.Usual.TotalMilliseconds, 3);
    }

    [Fact]
    public void It_is_what_nineteen_of_twenty_answers_do_not_exceed()
    {
        var random = new Random(5);
        for (var i = 0; i < 20_000; i++) Observe(random.NextDouble() * 10);

        var above = 0;
        for (var i = 0; i < 20_000; i++)
        {
            var answer = random.NextDouble() * 10;
            if (answer > _answers.Usual.TotalMilliseconds) above++;
            Observe(answer);
        }

        Assert.InRange(above / 20_000.0, 0.04, 0.06);
    }

    [Fact]
    public void A_few_that_do_not_come_at_all_move_it_little_and_a_slower_storage_is_learned()
    {
        for (var i = 0; i < 200; i++) Observe(3);
        for (var i = 0; i < 4; i++) Observe(2000);
        Assert.InRange(_answers.Usual.TotalMilliseconds, 3, 8);

        for (var i = 0; i < 50; i++) Observe(60);
        Assert.InRange(_answers.Usual.TotalMilliseconds, 50, 75);
    }

    private void Observe(double milliseconds) => _answers.Observe(TimeSpan.FromMilliseconds(milliseconds));
}
