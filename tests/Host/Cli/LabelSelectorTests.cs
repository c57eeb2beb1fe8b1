using System.Collections.Immutable;
using ActorInference.Host.Groups;

namespace ActorInference.Host.Tests.Cli;

/// <summary>What <c>get -l</c> takes.</summary>
public sealed class LabelSelectorTests
{
    private static readonly ImmutableDictionary<string, string> Labels = ImmutableDictionary.CreateRange(new Dictionary<string, string> { ["app"] = "chat", ["a.b/c-d"] = "", ["zone"] = "b" });

    [Theory]
    [InlineData("app=chat", true)]
    [InlineData("app == chat", true)]
    [InlineData("app=", false)]
    [InlineData("a.b/c-d=", true)]
    [InlineData("app!=chat", false)]
    [InlineData("none!=chat", true)]
    [InlineData("zone in (a, b)", true)]
    [InlineData("zone in (a,c),app=chat", false)]
    [InlineData("zone notin (a,c),app=chat", true)]
    [InlineData("none notin (a)", true)]
    [InlineData("app,zone", true)]
    [InlineData("app,!zone", false)]
    [InlineData("! none , app", true)]
    [InlineData("in", false)]
    [InlineData("zone in (),app", false)]
    public void Labels_are_chosen_as_by_kubectl(string text, bool finds) => Assert.Equal(finds, LabelSelector.Parse(text)!.Finds(Labels));

    [Theory]
    [InlineData("")]
    [InlineData("app=chat,")]
    [InlineData("=chat")]
    [InlineData("app=a b")]
    [InlineData("zone in a")]
    [InlineData("zone in (a")]
    [InlineData("!app=chat")]
    [InlineData("app>1")]
    public void What_is_no_selector_is_none(string text) => Assert.Null(LabelSelector.Parse(text));
}
