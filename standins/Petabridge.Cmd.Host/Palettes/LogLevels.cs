using Akka.Event;

namespace Petabridge.Cmd.Host.Palettes;

/// <summary>Log levels as they are typed.</summary>
internal static class LogLevels
{
    public static readonly string[] Names = ["debug", "info", "warning", "error"];

    private static readonly LogLevel[] Levels = [LogLevel.DebugLevel, LogLevel.InfoLevel, LogLevel.WarningLevel, LogLevel.ErrorLevel];

    public static string NameOf(LogLevel level) => Array.IndexOf(Levels, level) is var index and >= 0 ? Names[index] : "off";

    public static bool TryParse(string name, out LogLevel level)
    {
        var index = Array.FindIndex(Names, each => each.Equals(name, StringComparison.OrdinalIgnoreCase));
        level = index >= 0 ? Levels[index] : default;
        return index >= 0;
    }
}
