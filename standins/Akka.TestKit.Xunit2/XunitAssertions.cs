using Xunit;
using Xunit.Sdk;

namespace Akka.TestKit.Xunit2;

/// <summary>Fails tests by xunit's exceptions.</summary>
public class XunitAssertions : ITestKitAssertions
{
    public void Fail(string format = "", params object[] args) => Assert.Fail(Text(format, args));

    public void AssertTrue(bool condition, string format = "", params object[] args) => Assert.True(condition, Text(format, args));

    public void AssertFalse(bool condition, string format = "", params object[] args) => Assert.False(condition, Text(format, args));

    public void AssertEqual<T>(T expected, T actual, string format = "", params object[] args) =>
        WithText(() => Assert.Equal(expected, actual), Text(format, args));

    public void AssertEqual<T>(T expected, T actual, Func<T, T, bool> comparer, string format = "", params object[] args) =>
        WithText(() => Assert.Equal(expected, actual, comparer), Text(format, args));

    private static void WithText(Action assert, string text)
    {
        try
        {
            assert();
        }
        catch (XunitException e) when (text.Length > 0)
        {
            throw new XunitException($"{text}{Environment.NewLine}{e.Message}", e);
        }
    }

    private static string Text(string format, object[] args) => args is { Length: > 0 } ? string.Format(format, args) : format ?? "";
}
